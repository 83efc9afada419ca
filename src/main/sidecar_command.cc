#include "main/sidecar_command.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "base/clock.h"
#include "base/json.h"
#include "control/mesh_member.h"
#include "net/loop.h"
#include "net/signal_watch.h"
#include "net/socket.h"
#include "proxy/admin_port.h"

namespace weir {

namespace {

constexpr int kCheckMillis = 2000;

std::string variable(const std::string& name, const std::string& otherwise) {
  const char* const value = std::getenv(name.c_str());
  return value && *value ? value : otherwise;
}

// On the host's network Envoy's port cannot be everybody's: the runtime maps it to a free one.
std::string admin_address() {
  const std::string port = std::to_string(control::kEnvoyAdminPort);
  return "127.0.0.1:" + variable("PORT_" + port, port);
}

std::string resource() {
  for (const char* name : control::kMemberVariables) {
    if (std::string value = variable(name, ""); !value.empty()) return value;
  }
  return "";
}

proxy::AdminAnswer answer(std::string_view path, std::int64_t uptime) {
  if (path == "/ready") return {200, "LIVE\n"};
  if (path == "/stats") return {200, fmt::format("server.live: 1\nserver.uptime: {}\n", uptime)};
  if (path != "/server_info") return {404, "Here are /server_info, /ready and /stats.\n"};
  return {200,
          fmt::format("{{\n \"version\": \"weir\",\n \"state\": \"LIVE\",\n \"uptime_current_epoch\": \"{}s\",\n"
                      " \"node\": {{\n  \"id\": {}\n }}\n}}\n",
                      uptime, Json(resource()).dump()),
          "application/json"};
}

int serve() {
  const SystemClock clock;
  net::Loop loop(clock);
  const Instant begun = loop.now();
  const std::string address = admin_address();
  const auto port = proxy::AdminPort::open(loop, address, [&](std::string_view path) {
    return answer(path, std::chrono::duration_cast<std::chrono::seconds>(loop.now() - begun).count());
  });
  if (!port) {
    std::fprintf(stderr, "weir sidecar: %s\n", port.error().message.c_str());
    return 1;
  }
  net::SignalWatch signals(loop, {SIGTERM, SIGINT}, [&](int) { loop.stop(); });
  fmt::print("weir sidecar for {}: its admin port is {}, the mesh is in Weir's proxy\n", resource(), address);
  std::fflush(stdout);
  loop.run();
  return 0;
}

bool await(int fd, short event) {
  pollfd one{fd, event, 0};
  return ::poll(&one, 1, kCheckMillis) == 1;
}

// What it says at /ready begins with LIVE.
bool lives() {
  const auto address = net::SocketAddress::parse(admin_address());
  auto socket = address ? net::connect_stream(*address) : std::unexpected(address.error());
  if (!socket || !await(socket->get(), POLLOUT) || net::connect_error(socket->get()) != 0) return false;
  constexpr std::string_view request = "GET /ready HTTP/1.1\r\nhost: localhost\r\n\r\n";
  if (::send(socket->get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return false;
  std::string reply;
  char buffer[1024];
  while (await(socket->get(), POLLIN)) {
    const ssize_t size = ::recv(socket->get(), buffer, sizeof buffer, 0);
    if (size <= 0) break;
    reply.append(buffer, static_cast<std::size_t>(size));
  }
  return reply.starts_with("HTTP/1.1 200 ") && reply.find("\r\n\r\nLIVE\n") != std::string::npos;
}

}  // namespace

int sidecar_command(std::span<const std::string> arguments) {
  if (arguments.size() == 1 && arguments[0] == "--check") return lives() ? 0 : 1;
  if (arguments.empty()) return serve();
  std::fputs("usage: weir sidecar [--check]\n", stderr);
  return 2;
}

}  // namespace weir
