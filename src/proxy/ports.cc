#include "proxy/ports.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

#include "net/socket.h"
#include "proxy/limits.h"
#include "proxy/tls_files.h"

namespace weir::proxy {
namespace {

// Sockets that share a port do so with any process of the same user: without this, a second proxy would silently
// take half of the connections of the first.
Result<void> check_free(const net::SocketAddress& address) {
  const net::Fd probe(socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(probe.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(probe.get(), address.data(), address.size()) != 0) {
    return fail_errno("cannot listen on " + address.text(), errno);
  }
  return {};
}

}  // namespace

Ports::Ports(net::Loop& loop, Log& log, std::vector<std::unique_ptr<Worker>>& workers, std::function<void()> changed)
    : loop_(loop),
      log_(log),
      workers_(workers),
      changed_(std::move(changed)),
      retry_(loop, [this] { retry(); }),
      rotation_(loop, [this] { rotate_tickets(); }) {
  inherit({std::make_shared<const net::TicketKeys>(net::TicketKeys::fresh()), kTicketKeyTime});
}

void Ports::inherit(Tickets tickets) {
  tickets_ = std::move(tickets.keys);
  rotation_.arm(loop_.now() + std::clamp<Duration>(tickets.left, Duration(0), kTicketKeyTime));
}

// Connections that are under way go on with the keys that they began with.
void Ports::rotate_tickets() {
  inherit({std::make_shared<const net::TicketKeys>(tickets_->rotated()), kTicketKeyTime});
  for (auto& [place, port] : ports_) {
    if (!port.tls) continue;
    net::TlsServerOptions options = port.tls->options();
    options.tickets = tickets_;
    port.tls = MUST(net::TlsServer::create(std::move(options)));
    for (const auto& worker : workers_) worker->set_tls(place, port.tls);
  }
}

void Ports::close_others(const route::RouteTable& table) {
  std::set<std::string> wanted;
  for (const route::Listener& listener : table.listeners) wanted.insert(place_of(listener));
  std::erase_if(ports_, [&](const auto& entry) {
    if (wanted.contains(entry.first)) return false;
    if (entry.second.listening) close(entry.first);
    return true;
  });
  renew_certificates(table);
}

void Ports::close(const std::string& place) {
  for (const auto& worker : workers_) worker->close(place);
}

// A listener whose new certificates cannot be used keeps the old ones, and says so in its status.
void Ports::renew_certificates(const route::RouteTable& table) {
  std::set<std::string> seen;
  for (const route::Listener& listener : table.listeners) {
    const std::string place = place_of(listener);
    const auto found = ports_.find(place);
    if (!seen.insert(place).second || found == ports_.end() || !found->second.listening) continue;
    Port& port = found->second;
    if (listener.tls.has_value() != (port.tls != nullptr)) {  // from cleartext to TLS or back: with the same sockets
      close(place);
      port = {.sockets = std::move(port.sockets)};
      continue;
    }
    if (!listener.tls) continue;
    auto tls = load_tls_server(listener, tickets_, port.tls);
    if (!tls && tls.error().message != port.error) {
      log_.warning("listener " + listener.id + " keeps its certificates: " + tls.error().message);
    }
    port.error = tls ? "" : tls.error().message;
    if (!tls || *tls == port.tls) continue;
    port.tls = std::move(*tls);
    for (const auto& worker : workers_) worker->set_tls(place, port.tls);
  }
}

// A file is stamped before it is read: one that changes meanwhile is read again.
void Ports::look_at_files(const route::RouteTable& table) {
  net::FileStamps stamps;
  const auto look = [&](const std::string& path) {
    if (!path.empty() && !stamps.contains(path)) stamps[path] = net::stamp_of(path);
  };
  for (const route::Listener& listener : table.listeners) {
    if (!listener.tls || !listener.tls->as_envoy) continue;
    look(listener.tls->client_ca);
    for (const route::Certificate& each : listener.tls->certificates) {
      look(each.certificate);
      look(each.key);
    }
  }
  if (stamps == stamps_) return;
  stamps_ = std::move(stamps);
  renew_certificates(table);
}

void Ports::open_missing(const route::RouteTable& table) {
  wanted_ = table.listeners;
  std::set<std::string> seen;
  bool failing = false;
  for (const route::Listener& listener : wanted_) {
    const std::string place = place_of(listener);
    Port& port = ports_[place];
    if (!seen.insert(place).second) continue;  // the first listener in the table has the address
    port.listener = listener.id;
    if (port.listening) continue;
    const auto opened = open(place, listener, port);
    port.listening = opened.has_value();
    const std::string error = opened ? "" : opened.error().message;
    if (!opened && error != port.error) log_.warning("listener " + listener.id + ": " + error);
    port.error = error;
    failing |= !port.listening;
  }
  inherited_.clear();
  if (failing) retry_.arm(loop_.now() + kBindRetry);
}

Result<void> Ports::open(const std::string& place, const route::Listener& listener, Port& port) {
  const net::SocketAddress address = TRY(net::SocketAddress::ip(listener.address, listener.port));
  std::vector<SharedFd> sockets = TRY(sockets_for(place, address, port));
  port.tls = listener.tls ? TRY(load_tls_server(listener, tickets_, nullptr)) : nullptr;
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    workers_[i % workers_.size()]->open(place, std::to_string(listener.port), sockets[i], port.tls);
  }
  port.sockets = std::move(sockets);
  return {};
}

// Those that the place has had, all of them, since connections may wait in any; and as many more as there are workers.
Result<std::vector<SharedFd>> Ports::sockets_for(const std::string& place, const net::SocketAddress& address,
                                                 Port& port) {
  std::vector<SharedFd> sockets = std::exchange(port.sockets, {});
  if (auto left = inherited_.extract(place)) sockets = std::move(left.mapped());
  if (sockets.empty()) TRY(check_free(address));
  while (sockets.size() < workers_.size()) {
    sockets.push_back(std::make_shared<const net::Fd>(TRY(net::listen_stream(address, {.reuse_port = true}))));
  }
  return sockets;
}

Ports::Sockets Ports::sockets() const {
  Sockets all;
  for (const auto& [place, port] : ports_) {
    if (port.listening) all.emplace(place, port.sockets);
  }
  return all;
}

void Ports::leave() {
  retry_.cancel();
  ports_.clear();
  wanted_.clear();
}

void Ports::retry() {
  const auto before = ports_;
  route::RouteTable table;
  table.listeners = wanted_;
  open_missing(table);
  for (const auto& [place, port] : ports_) {
    const auto known = before.find(place);
    if (known != before.end() && known->second.listening == port.listening && known->second.error == port.error) {
      continue;
    }
    return changed_();
  }
}

route::ListenerStatus Ports::status(const route::Listener& listener) const {
  const auto found = ports_.find(place_of(listener));
  if (found == ports_.end()) return {listener.id, false, "not opened yet"};
  if (found->second.listener != listener.id) {
    return {listener.id, false, "the listener " + found->second.listener + " has the same address"};
  }
  return {listener.id, found->second.listening, found->second.error};
}

}  // namespace weir::proxy
