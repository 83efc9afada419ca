#include "proxy/client_start.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "net/limits.h"
#include "net/proxy_protocol.h"
#include "net/socket.h"
#include "proxy/client_h1.h"
#include "proxy/client_handshake.h"
#include "proxy/limits.h"
#include "proxy/tcp_client.h"

namespace weir::proxy {
namespace {

constexpr unsigned char kHandshakeRecord = 22;  // RFC 8446 section 5.1

// `waiting`: bytes may lie ready that no event has told of, or the listener may have gone meanwhile.
void begin_plainly(Lane& lane, Entrance& entrance, ClientOrigin origin, net::Fd socket, bool waiting) {
  if (entrance.passes_bytes()) {
    auto client = std::make_unique<TcpClient>(lane, entrance, std::move(origin), std::move(socket));
    static_cast<TcpClient&>(lane.adopt(std::move(client))).take_over();
  } else {
    auto client = std::make_unique<ClientH1>(lane, entrance, std::move(origin), std::move(socket));
    auto& adopted = static_cast<ClientH1&>(lane.adopt(std::move(client)));
    if (waiting) adopted.take_over();
  }
}

void begin(Lane& lane, Entrance& entrance, ClientOrigin origin, net::Fd socket, bool waiting) {
  if (!entrance.tls) return begin_plainly(lane, entrance, std::move(origin), std::move(socket), waiting);
  if (lane.handshakes >= kMaxTlsHandshakes) return;
  if (entrance.permissive) {
    lane.adopt(std::make_unique<ClientFirstByte>(lane, entrance, std::move(origin), std::move(socket)));
  } else {
    lane.adopt(std::make_unique<ClientHandshake>(lane, entrance, std::move(origin), std::move(socket)));
  }
}

}  // namespace

void accept_client(Lane& lane, Entrance& entrance, net::Fd socket, const net::SocketAddress& peer) {
  net::set_no_delay(socket.get());
  ClientOrigin origin(entrance, peer);
  if (!entrance.proxy_protocol) return begin(lane, entrance, std::move(origin), std::move(socket), false);
  if (lane.handshakes >= kMaxTlsHandshakes) return;
  lane.adopt(std::make_unique<ClientGreeting>(lane, entrance, std::move(origin), std::move(socket)));
}

ClientPrelude::ClientPrelude(Lane& lane, Entrance& entrance, ClientOrigin origin, net::Fd socket, Duration patience)
    : ClientConnection(entrance, std::move(origin)),
      lane_(lane),
      fd_(std::move(socket)),
      timeout_(lane.loop(), [this] { close(); }) {
  ++lane_.handshakes;
  lane_.loop().watch(fd_.get(), net::kReadable, *this);
  timeout_.arm(lane_.loop().now() + patience);
}

ClientPrelude::~ClientPrelude() {
  --lane_.handshakes;
  if (fd_) lane_.loop().unwatch(fd_.get());
}

net::Fd ClientPrelude::let_go() {
  timeout_.cancel();
  lane_.loop().unwatch(fd_.get());
  return std::move(fd_);
}

void ClientPrelude::close() {
  if (!fd_) return;
  let_go();
  lane_.leave(*this);
}

ClientGreeting::ClientGreeting(Lane& lane, Entrance& entrance, ClientOrigin origin, net::Fd socket)
    : ClientPrelude(lane, entrance, std::move(origin), std::move(socket), kProxyHeaderTime) {}

// Looks before it takes: of what has come only the header's own bytes are taken out of the socket.
void ClientGreeting::on_ready(std::uint32_t) {
  const std::span<char> buffer = lane_.read_buffer().first(net::kMaxProxyHeader);
  const ssize_t seen = recv(fd_.get(), buffer.data(), buffer.size(), MSG_PEEK);
  if (seen < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (seen <= 0) return close();
  const std::size_t had = header_.size();
  header_.append(buffer.data(), static_cast<std::size_t>(seen));
  const net::ProxyHeader header = net::parse_proxy_header(header_);
  if (header.status == net::ProxyHeader::Status::malformed) return close();
  const bool done = header.status == net::ProxyHeader::Status::done;
  if (done) header_.resize(header.size);
  const std::size_t ours = header_.size() - had;
  if (recv(fd_.get(), buffer.data(), ours, 0) != static_cast<ssize_t>(ours)) return close();
  if (!done) return;
  if (header.has_addresses) {
    const std::uint64_t connection = origin_.connection;
    origin_ = ClientOrigin(entrance_, header.source, header.destination);
    origin_.connection = connection;
  }
  begin(lane_, entrance_, std::move(origin_), let_go(), true);
  lane_.leave(*this);
  lane_.flush();
}

ClientFirstByte::ClientFirstByte(Lane& lane, Entrance& entrance, ClientOrigin origin, net::Fd socket)
    : ClientPrelude(lane, entrance, std::move(origin), std::move(socket), kFirstByteTime) {}

void ClientFirstByte::on_ready(std::uint32_t) {
  unsigned char first = 0;
  const ssize_t seen = recv(fd_.get(), &first, 1, MSG_PEEK);
  if (seen < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (seen <= 0) return close();
  // The listener may have become a strict one meanwhile.
  if (first == kHandshakeRecord || !entrance_.permissive) {
    lane_.adopt(std::make_unique<ClientHandshake>(lane_, entrance_, std::move(origin_), let_go()));
  } else {
    origin_.speak_plainly(entrance_);
    begin_plainly(lane_, entrance_, std::move(origin_), let_go(), true);
  }
  lane_.leave(*this);
  lane_.flush();
}

}  // namespace weir::proxy
