#include "dns/datagram.h"

#include <cerrno>

#include "dns/limits.h"
#include "net/socket.h"

namespace weir::dns {

namespace {

Result<net::Fd> open_datagram(const net::SocketAddress& address) {
  net::Fd fd(socket(address.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno("cannot open a socket", errno);
  return fd;
}

}  // namespace

Result<net::Fd> bind_datagram(const net::SocketAddress& address, Sharing sharing) {
  net::Fd fd = TRY(open_datagram(address));
  const int on = 1;
  if (sharing == Sharing::with_a_successor) setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &kUnreadDatagrams, sizeof kUnreadDatagrams);
  if (bind(fd.get(), address.data(), address.size()) != 0) return fail_errno("cannot bind " + address.text(), errno);
  return fd;
}

Result<net::Fd> connect_datagram(const net::SocketAddress& address) {
  net::Fd fd = TRY(open_datagram(address));
  if (connect(fd.get(), address.data(), address.size()) != 0) {
    return fail_errno("cannot send to " + address.text(), errno);
  }
  return fd;
}

Result<NameSockets> listen_for_names(const net::SocketAddress& address, Sharing sharing) {
  for (std::size_t left = address.port() == 0 ? kMostPortTries : 1;; --left) {
    NameSockets made;
    made.streams = TRY(net::listen_stream(address, {.reuse_port = sharing == Sharing::with_a_successor}));
    made.address = net::SocketAddress::local(made.streams.get());
    auto datagrams = bind_datagram(made.address, sharing);
    if (!datagrams && left > 1) continue;  // the port that the kernel chose for streams is not free for datagrams
    made.datagrams = TRY(std::move(datagrams));
    return made;
  }
}

}  // namespace weir::dns
