#include "proxy/client_handshake.h"

#include <utility>

#include "proxy/client_h1.h"
#include "proxy/client_h2.h"
#include "proxy/flow_record.h"
#include "proxy/limits.h"
#include "proxy/tcp_client.h"

namespace weir::proxy {

ClientHandshake::ClientHandshake(Lane& lane, Entrance& entrance, ClientOrigin origin, net::Fd socket)
    : ClientConnection(entrance, std::move(origin)),
      lane_(lane),
      fd_(std::move(socket)),
      tls_(net::TlsServer::accept(entrance.tls, fd_.get())),
      timeout_(lane.loop(), [this] { close(); }),
      began_(lane.loop().now()) {
  ++lane_.handshakes;
  lane_.loop().watch(fd_.get(), net::kReadable, *this);
  timeout_.arm(began_ + kTlsHandshakeTime);
}

ClientHandshake::~ClientHandshake() {
  --lane_.handshakes;
  if (fd_) lane_.loop().unwatch(fd_.get());
}

void ClientHandshake::on_ready(std::uint32_t events) {
  using Step = net::TlsSession::Step;
  const Step step = events & (net::kError | net::kHangUp) ? Step::failed : tls_->handshake();
  if (step == Step::failed) return close();
  if (step == Step::done) {
    hand_over();
    return lane_.flush();
  }
  lane_.loop().change(fd_.get(), net::kReadable | (tls_->unsent() > 0 ? net::kWritable : net::kNothing));
}

void ClientHandshake::hand_over() {
  timeout_.cancel();
  if (entrance_.tells_certificates) {
    const bool verified = entrance_.tls->options().ask == net::AskClient::trusted_certificate;
    origin_.take_certificate(tls_->peer_certificate(), verified);
  }
  if (entrance_.log) note_handshake(lane_.loop().now() - began_);
  if (entrance_.passes_bytes()) {
    become<TcpClient>();
  } else if (tls_->http2()) {
    become<ClientH2>();
  } else {
    become<ClientH1>();
  }
}

void ClientHandshake::note_handshake(Duration time) {
  origin_.handshake = std::make_unique<ClientOrigin::Handshake>(
      ClientOrigin::Handshake{tls_->protocol(), tls_->cipher(), tls_->server_name(), {}, tls_->resumed(), time});
  if (entrance_.listener == nullptr || !entrance_.listener->spec->tls) return;
  const auto& certificates = entrance_.listener->spec->tls->certificates;
  const std::size_t shown = entrance_.tls->shown(*tls_);
  if (shown < certificates.size()) origin_.handshake->certificate = certificates[shown].certificate;
}

template <class Client>
void ClientHandshake::become() {
  lane_.loop().unwatch(fd_.get());
  auto& heir = static_cast<Client&>(
      lane_.adopt(std::make_unique<Client>(lane_, entrance_, std::move(origin_), std::move(fd_), std::move(tls_))));
  lane_.leave(*this);
  heir.take_over();
}

void ClientHandshake::close() {
  if (!fd_) return;
  entrance_.tally->count(Count::tls_failures);
  if (entrance_.log && entrance_.passes_bytes()) {  // ALB's log is of requests, NLB's of connections
    note_handshake(Duration(-1));
    log_flow(entrance_, origin_, {.error = name_of(FailureCause::handshake), .time = lane_.loop().now() - began_},
             lane_.loop());
  }
  lane_.loop().unwatch(fd_.get());
  fd_.reset();
  timeout_.cancel();
  lane_.leave(*this);
}

}  // namespace weir::proxy
