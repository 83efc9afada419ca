#include "main/gateway_relay.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>

#include "net/socket_address.h"

namespace weir {

namespace {

// Both ends of a connection have limits of their own, and shorter ones.
constexpr route::milliseconds kIdle{24LL * 3600 * 1000};

Result<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) {
    return fail("Usage", fmt::format("'{}' is no port", text));
  }
  return port;
}

// In the child, between fork and exec: only calls that are safe there.
[[noreturn]] void become(char* const* argv) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setpgid(0, 0);  // what the task is told as a group, this one is told by its parent
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execv("/proc/self/exe", argv);
  ::_exit(127);
}

}  // namespace

Result<RelayedPort> parse_relayed_port(std::span<const std::string> words) {
  if (words.size() < 3) return fail("Usage", "--relay takes a port and two addresses");
  RelayedPort relayed{.port = TRY(parse_port(words[0])), .at_host = words[1], .at_twin = words[2]};
  for (const auto& address : {relayed.at_host, relayed.at_twin}) TRY(net::SocketAddress::parse(address));
  return relayed;
}

Result<route::RouteTable> relay_table(std::span<const RelayedPort> ports, bool own_network) {
  route::RouteTable table{.version = 1, .listeners = {}, .pools = {}};
  for (const auto& each : ports) {
    const std::string id = "port-" + std::to_string(each.port);
    const auto to = TRY(net::SocketAddress::parse(own_network ? each.at_twin : each.at_host));
    const char* const mapped = own_network ? nullptr : std::getenv(fmt::format("PORT_{}", each.port).c_str());
    route::Pool pool{.id = id, .protocol = route::PoolProtocol::tcp};
    pool.health.protocol = route::HealthProtocol::none;
    pool.backends = {{"gateway", to.host(), to.port(), route::BackendState::serving}};
    route::Listener listener{.id = id, .address = own_network ? "0.0.0.0" : "127.0.0.1"};
    listener.port = mapped ? TRY(parse_port(mapped)) : each.port;
    listener.protocol = route::ListenerProtocol::tcp;
    listener.idle_timeout = kIdle;
    listener.rules = {{"all", {}, route::Forward{{{id, 1}}}}};
    table.listeners.push_back(std::move(listener));
    table.pools.push_back(std::move(pool));
  }
  return table;
}

// The table is no file that somebody would have to remove: it goes with those who have it open.
Result<> GatewayRelay::start(const route::RouteTable& table) {
  table_ = net::Fd(::memfd_create("relay-table", 0));
  const std::string text = route::to_json(table).dump();
  if (!table_ || ::write(table_.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return fail_errno("cannot write the table of the relay", errno);
  }
  std::string words[] = {"weir", "proxy", "--workers", "1", "--table", fmt::format("/proc/self/fd/{}", table_.get())};
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) return fail_errno("cannot fork", errno);
  if (pid == 0) become(argv.data());
  pid_ = pid;
  return {};
}

void GatewayRelay::stop() {
  if (running()) ::kill(pid_, SIGTERM);
}

bool GatewayRelay::reap() {
  int status = 0;
  if (!running() || ::waitpid(pid_, &status, WNOHANG) != pid_) return false;
  pid_ = 0;
  return true;
}

}  // namespace weir
