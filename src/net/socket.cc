#include "net/socket.h"

#include <netinet/tcp.h>

#include <cerrno>

#include "net/limits.h"

namespace weir::net {
namespace {

Result<Fd> open_stream(const SocketAddress& address) {
  Fd fd(socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno("cannot open a socket", errno);
  return fd;
}

}  // namespace

Result<Fd> listen_stream(const SocketAddress& address, ListenOptions options) {
  Fd fd = TRY(open_stream(address));
  const int on = 1;
  if (address.family() != AF_UNIX) {
    setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address.family() == AF_INET6) setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (options.reuse_port) setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  }
  if (bind(fd.get(), address.data(), address.size()) != 0 || listen(fd.get(), kListenBacklog) != 0) {
    return fail_errno("cannot listen on " + address.text(), errno);
  }
  return fd;
}

Result<Fd> connect_stream(const SocketAddress& address) {
  Fd fd = TRY(open_stream(address));
  if (address.family() != AF_UNIX) set_no_delay(fd.get());
  if (connect(fd.get(), address.data(), address.size()) != 0 && errno != EINPROGRESS) {
    return fail_errno("cannot connect to " + address.text(), errno);
  }
  return fd;
}

int connect_error(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

std::optional<Fd> accept_stream(int listening, SocketAddress* peer) {
  socklen_t size = SocketAddress::capacity();
  const int fd = peer != nullptr ? accept4(listening, peer->data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC)
                                 : accept4(listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return std::nullopt;
  if (peer != nullptr) peer->set_size(size);
  return Fd(fd);
}

void set_no_delay(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void reset_on_close(int fd) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace weir::net
