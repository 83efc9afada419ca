#include "main/sidecar_command.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "control/mesh_logs.h"
#include "control/mesh_member.h"
#include "main/gateway_relay.h"
#include "main/sidecar_log.h"
#include "net/loop.h"
#include "net/signal_watch.h"
#include "net/socket.h"
#include "proxy/admin_port.h"
#include "runtime/own_program.h"

namespace weir {

namespace {

constexpr int kCheckMillis = 2000;
constexpr std::size_t kRelayWords = 4;

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

Result<> begin_to_relay(GatewayRelay& relay, const std::vector<RelayedPort>& ports) {
  if (ports.empty()) return {};
  const bool own_network = !variable(runtime::kTaskAddressVariable, "").empty();
  return relay.start(TRY(relay_table(ports, own_network)));
}

int serve(const std::vector<RelayedPort>& ports) {
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
  std::unique_ptr<SidecarLog> log;
  if (const std::string pipe = variable(control::kAccessLogVariable, ""); !pipe.empty()) {
    auto opened = SidecarLog::open(loop, pipe);
    if (!opened) std::fprintf(stderr, "weir sidecar: no access log: %s\n", opened.error().message.c_str());
    if (opened) log = std::move(*opened);
  }
  GatewayRelay relay;
  bool stopping = false;
  net::SignalWatch signals(loop, {SIGTERM, SIGINT, SIGCHLD}, [&](int number) {
    if (number == SIGCHLD) return relay.reap() ? loop.stop() : void();
    stopping = true;
    relay.stop();
    if (!relay.running()) loop.stop();
  });
  if (const auto begun_to_relay = begin_to_relay(relay, ports); !begun_to_relay) {
    std::fprintf(stderr, "weir sidecar: %s\n", begun_to_relay.error().message.c_str());
    return 1;
  }
  fmt::print("weir sidecar for {}: its admin port is {}, the mesh is in Weir's proxy\n", resource(), address);
  std::fflush(stdout);
  loop.run();
  return stopping ? 0 : 1;  // without its relay it is no gateway
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
  std::vector<RelayedPort> ports;
  for (std::size_t at = 0; at < arguments.size(); at += kRelayWords) {
    const auto port = arguments[at] == "--relay" ? parse_relayed_port(arguments.subspan(at + 1))
                                                 : Result<RelayedPort>(fail("Usage", arguments[at] + " is not known"));
    if (!port) {
      std::fprintf(stderr, "weir sidecar: %s\nusage: weir sidecar [--check | [--relay PORT ADDRESS TWIN]...]\n",
                   port.error().message.c_str());
      return 2;
    }
    ports.push_back(*port);
  }
  return serve(ports);
}

}  // namespace weir
