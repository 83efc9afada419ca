#include "proxy/backend_link.h"

#include <algorithm>
#include <utility>

#include "base/result.h"
#include "net/socket.h"
#include "proxy/backend_h1.h"
#include "proxy/backend_h2.h"
#include "proxy/limits.h"
#include "proxy/tunnel.h"

namespace weir::proxy {
namespace {

template <class Connection>
std::unique_ptr<Connection> extract(std::vector<std::unique_ptr<Connection>>& from, Connection& connection) {
  const auto found = std::ranges::find(from, &connection, &std::unique_ptr<Connection>::get);
  std::unique_ptr<Connection> owned = std::move(*found);
  *found = std::move(from.back());
  from.pop_back();
  return owned;
}

}  // namespace

BackendLink::BackendLink(Lane& lane, LiveBackend& backend)
    : lane_(lane), backend_(backend), address_(MUST(net::SocketAddress::ip(backend.spec.address, backend.spec.port))) {}

BackendLink::~BackendLink() {
  if (leaving_since_) lane_.drains().remove(*this);
  backend_.load->connections -= static_cast<std::uint32_t>(h1_.size() + h2_.size() + tunnels_.size());
}

// New connections follow the newest table; those under the old rules take nothing new.
void BackendLink::renew_tls() {
  clients_generation_ = lane_.clients_generation();
  const bool wanted = backend_.pool->spec().tls.has_value();
  const auto found = lane_.pool_clients().find(backend_.pool->id());
  const bool known = wanted && found != lane_.pool_clients().end();
  const auto before = std::exchange(tls_, known ? found->second : nullptr);
  unusable_ = wanted && !tls_;
  if (tls_ != before || unusable_) close_unused();
}

TlsPointer BackendLink::session(int fd) const {
  return tls_ ? net::TlsClient::connect(tls_, fd, backend_.spec.address) : nullptr;
}

BackendStream* BackendLink::open(Exchange& exchange) {
  if (clients_generation_ != lane_.clients_generation()) renew_tls();
  if (unusable_) return nullptr;
  return backend_.pool->spec().protocol == route::PoolProtocol::http1 ? open_h1(exchange) : open_h2(exchange);
}

// A connection that is being opened, within the limit of all workers; none where that is reached, or at an error.
net::Fd BackendLink::new_socket() {
  if (!SharedLoad::take(backend_.load->connections, backend_.pool->spec().limits.connections)) return {};
  backend_.tally.count(Count::connections);
  auto socket = net::connect_stream(address_);
  if (socket) return std::move(*socket);
  connect_failed(FailureCause::refused);
  backend_.tally.count(Count::connections_closed);
  backend_.load->connections.fetch_sub(1);
  return {};
}

void BackendLink::connect_failed(FailureCause cause) {
  using enum FailureCause;
  if (cause == refused || cause == connect_timeout || cause == handshake) {
    backend_.tally.count(Count::connections_failed);
  }
}

BackendStream* BackendLink::open_h1(Exchange& exchange) {
  if (!idle_.empty()) {
    BackendH1* connection = idle_.back();
    idle_.pop_back();
    connection->begin(exchange);
    return connection;
  }
  net::Fd socket = new_socket();
  if (!socket) return nullptr;
  const int fd = socket.get();
  h1_.push_back(std::make_unique<BackendH1>(lane_, *this, std::move(socket), session(fd)));
  h1_.back()->begin(exchange);
  return h1_.back().get();
}

BackendStream* BackendLink::open_h2(Exchange& exchange) {
  for (const auto& connection : h2_) {
    if (BackendStream* stream = connection->begin(exchange)) return stream;
  }
  if (h2_.size() >= kMaxSessions) return nullptr;
  net::Fd socket = new_socket();
  if (!socket) return nullptr;
  const int fd = socket.get();
  h2_.push_back(std::make_unique<BackendH2>(lane_, *this, std::move(socket), session(fd)));
  return h2_.back()->begin(exchange);
}

std::optional<TunnelSocket> BackendLink::connect() {
  if (clients_generation_ != lane_.clients_generation()) renew_tls();
  if (unusable_) return std::nullopt;
  net::Fd socket = new_socket();
  if (!socket) return std::nullopt;
  const int fd = socket.get();
  return TunnelSocket{.fd = std::move(socket), .tls = session(fd), .out = OutQueue(lane_.chunks())};
}

void BackendLink::joined(Tunnel& tunnel) {
  tunnel.link_slot_ = tunnels_.size();
  tunnels_.push_back(&tunnel);
}

void BackendLink::left(Tunnel& tunnel) {
  tunnels_[tunnel.link_slot_] = tunnels_.back();
  tunnels_[tunnel.link_slot_]->link_slot_ = tunnel.link_slot_;
  tunnels_.pop_back();
  free_place();
}

bool BackendLink::keep(BackendH1& connection) {
  if (!backend_.serving() || idle_.size() >= kMaxIdleConnections || owes_room()) return false;
  idle_.push_back(&connection);
  backend_.pool->tell_room();
  return true;
}

void BackendLink::left_idle(BackendH1& connection) { std::erase(idle_, &connection); }

void BackendLink::closed(BackendH1& connection) {
  lane_.bury(extract(h1_, connection));
  free_place();
}

void BackendLink::switched(BackendH1& connection) { lane_.bury(extract(h1_, connection)); }

void BackendLink::closed(BackendH2& connection) {
  lane_.bury(extract(h2_, connection));
  free_place();
}

void BackendLink::free_place() {
  backend_.tally.count(Count::connections_closed);
  backend_.load->connections.fetch_sub(1);
  backend_.pool->tell_room();
}

// Others wait for the place of a connection that is done, or there are more than may be.
bool BackendLink::owes_room() const {
  const unsigned limit = backend_.pool->spec().limits.connections;
  if (limit == 0) return false;
  return backend_.load->connections.load() > limit || lane_.lines().owes_room(*backend_.pool);
}

bool BackendLink::passes_on(Instant since, bool idle) {
  const unsigned limit = backend_.pool->spec().limits.connections;
  if (limit == 0 || backend_.load->connections.load() < limit) return false;
  if (!idle) {
    if (lane_.loop().now() - since < kSharedTenure) return false;
    if (std::ranges::any_of(h2_, [](const auto& connection) { return connection->closing(); })) return false;
  }
  return lane_.lines().pass_turn(*backend_.pool);
}

void BackendLink::give_way(std::size_t wanted) {
  while (wanted > 0 && !idle_.empty()) {
    idle_.front()->close();
    --wanted;
  }
  if (wanted == 0 || std::ranges::any_of(h2_, [](const auto& connection) { return connection->closing(); })) return;
  if (!h2_.empty()) h2_.back()->close_when_idle();
}

bool BackendLink::has_room() const {
  return !idle_.empty() || std::ranges::any_of(h2_, [](const auto& connection) { return connection->takes(); });
}

void BackendLink::backend_changed() {
  if (!backend_.serving()) close_unused();
  watch_drain();
}

void BackendLink::watch_drain() {
  const bool leaves = !backend_.listed || backend_.spec.state == route::BackendState::draining;
  if (leaves == leaving_since_.has_value()) return;
  if (leaves) {
    leaving_since_ = lane_.loop().now();
    lane_.drains().add(*this);
  } else {
    lane_.drains().remove(*this);
    leaving_since_.reset();
  }
}

void BackendLink::end_all() {
  std::vector<BackendH1*> busy;
  for (const auto& connection : h1_) busy.push_back(connection.get());
  for (BackendH1* connection : busy) connection->end();
  std::vector<BackendH2*> sessions;
  for (const auto& connection : h2_) sessions.push_back(connection.get());
  for (BackendH2* connection : sessions) connection->end();
  for (Tunnel* tunnel : std::vector<Tunnel*>(tunnels_)) tunnel->end();
  lane_.flush();
}

void BackendLink::close_unused() {
  for (BackendH1* connection : std::vector<BackendH1*>(idle_)) connection->close();
  std::vector<BackendH2*> sessions;
  for (const auto& connection : h2_) sessions.push_back(connection.get());
  for (BackendH2* connection : sessions) connection->close_when_idle();
}

void BackendLink::sweep(Instant now) {
  std::vector<BackendH1*> old;
  for (BackendH1* connection : idle_) {
    if (now - connection->idle_since() >= kBackendIdleTime) old.push_back(connection);
  }
  for (BackendH1* connection : old) connection->close();
}

}  // namespace weir::proxy
