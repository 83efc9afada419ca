#include "proxy/tcp_client.h"

#include <utility>

#include "net/proxy_protocol.h"
#include "net/socket.h"
#include "proxy/backend_link.h"
#include "proxy/tunnel.h"

namespace weir::proxy {

TcpClient::TcpClient(Lane& lane, Entrance& entrance, ClientOrigin origin, net::Fd socket, TlsPointer tls)
    : ClientConnection(entrance, std::move(origin)),
      lane_(lane),
      fd_(std::move(socket)),
      tls_(std::move(tls)),
      waiting_(lane.loop(), [this] { waited_too_long(); }) {
  lane_.loop().watch(fd_.get(), net::kNothing, *this);  // its going is told all the same
}

TcpClient::~TcpClient() {
  stop_waiting();
  if (record_) record_->end(origin_);
  if (holds_backend_) leave_backend();
  if (fd_) lane_.loop().unwatch(fd_.get());
}

void TcpClient::on_ready(std::uint32_t) {
  record_->client_left();
  close();
}

void TcpClient::take_over() {
  record_ = std::make_unique<FlowRecord>(lane_.loop(), entrance_);
  LiveRule* rule = entrance_.listener == nullptr
                       ? nullptr
                       : entrance_.listener->find({.host = {}, .path = {}, .source = origin_.address});
  if (rule != nullptr) record_->matched(*rule);
  LivePool* pool = rule == nullptr ? nullptr : rule->choice.next();
  // A listener that spoke bytes until just now has pools of another kind.
  if (pool == nullptr || pool->spec().protocol != route::PoolProtocol::tcp) return fail(FailureCause::none_in_service);
  pool_ = pool;
  const auto* forward = std::get_if<route::Forward>(&rule->spec->action);
  const bool own = forward != nullptr && forward->timeouts.idle.count() > 0;
  patience_ = own ? Duration(forward->timeouts.idle) : entrance_.idle_timeout;
  record_->chose(*pool_);
  attempt();
}

void TcpClient::attempt() {
  if (pool_->waiting > 0 && !in_line_) return wait();  // behind those that came before
  while (attempts_ < kMaxAttempts) {
    LiveBackend* backend = pool_->pick(lane_.loop().now(), lane_.random(), {tried_.data(), attempts_});
    if (backend == nullptr && pool_->crowded()) return wait();
    if (backend == nullptr) break;
    if (!pool_->begin(*backend)) continue;
    tried_[attempts_++] = backend;
    auto socket = lane_.link(*backend).connect();
    if (socket) return dial(std::move(*socket));
    end_backend();
    if (!pool_->may_take(*backend, lane_.loop().now())) --attempts_;  // another worker has the last place
  }
  fail(attempts_ == 0 ? FailureCause::none_in_service : FailureCause::refused);
}

void TcpClient::dial(TunnelSocket socket) {
  stop_waiting();
  record_->tried(*tried_[attempts_ - 1]);
  holds_backend_ = true;
  dial_ = std::make_unique<BackendDial>(lane_, std::move(socket), first_bytes(), [this](bool ok) { dialed(ok); });
}

void TcpClient::wait() {
  if (in_line_) return;
  in_line_ = lane_.lines().join(*this, *pool_);
  if (!in_line_) return fail(FailureCause::crowded);
  waiting_.arm(lane_.loop().now() + patience_);
}

void TcpClient::stop_waiting() {
  waiting_.cancel();
  if (std::exchange(in_line_, false)) lane_.lines().leave(*this, *pool_);
}

bool TcpClient::try_again() {
  attempt();
  return !in_line_;
}

void TcpClient::waited_too_long() {
  fail(FailureCause::crowded);
  lane_.flush();
}

void TcpClient::fail(FailureCause cause) {
  record_->failed(cause);
  close();
}

std::string TcpClient::first_bytes() const {
  if (!pool_->spec().send_proxy_protocol) return {};
  const bool told = origin_.place.family() != AF_UNSPEC;
  std::array<char, net::kProxyHeaderSize> header;
  const std::size_t size =
      net::write_proxy_header(header, origin_.peer, told ? origin_.place : net::SocketAddress::local(fd_.get()));
  return {header.data(), size};
}

void TcpClient::dialed(bool stands) {
  std::unique_ptr<BackendDial> dial = std::move(dial_);
  pool_->note(*tried_[attempts_ - 1], stands ? Outcome::answered : Outcome::failed, lane_.loop().now());
  if (stands) {
    become_tunnel(dial->take());
  } else {
    tried_[attempts_ - 1]->tally.count(Count::failed_refused);
    lane_.link(*tried_[attempts_ - 1]).connect_failed(FailureCause::refused);
    leave_backend();
    attempt();
  }
  lane_.bury(std::move(dial));
  lane_.flush();
}

void TcpClient::leave_backend() {
  holds_backend_ = false;
  lane_.link(*tried_[attempts_ - 1]).dial_failed();
  end_backend();
}

void TcpClient::end_backend() {
  LiveBackend& backend = *tried_[attempts_ - 1];
  pool_->end(backend);
  if (!backend.serving() && backend.active == 0 && lane_.drained) lane_.drained();
}

void TcpClient::become_tunnel(TunnelSocket backend) {
  lane_.loop().unwatch(fd_.get());
  TunnelSocket client{.fd = std::move(fd_), .tls = std::move(tls_), .out = OutQueue(lane_.chunks())};
  holds_backend_ = false;  // the tunnel ends it
  TunnelPlace place{*pool_, *tried_[attempts_ - 1], patience_, std::move(record_)};
  auto& heir = static_cast<Tunnel&>(lane_.adopt(std::make_unique<Tunnel>(
      lane_, entrance_, std::move(origin_), std::move(place), std::move(client), std::move(backend))));
  lane_.leave(*this);
  heir.start();
}

void TcpClient::close() {
  if (!fd_) return;
  stop_waiting();
  if (record_) std::exchange(record_, nullptr)->end(origin_);
  if (holds_backend_) leave_backend();
  if (dial_) {
    dial_->cancel();
    lane_.bury(std::move(dial_));
  }
  lane_.loop().unwatch(fd_.get());
  net::reset_on_close(fd_.get());
  fd_.reset();
  lane_.leave(*this);
}

}  // namespace weir::proxy
