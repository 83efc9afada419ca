#include "proxy/backend_dial.h"

#include <sys/socket.h>

#include <utility>

#include "net/socket.h"
#include "proxy/limits.h"

namespace weir::proxy {

BackendDial::BackendDial(Lane& lane, TunnelSocket socket, std::string first, std::function<void(bool)> done)
    : lane_(lane),
      socket_(std::move(socket)),
      first_(std::move(first)),
      done_(std::move(done)),
      timeout_(lane.loop(), [this] { finish(false); }) {
  lane_.loop().watch(socket_.fd.get(), net::kWritable, *this);
  timeout_.arm(lane_.loop().now() + kConnectTimeout);
}

BackendDial::~BackendDial() { cancel(); }

void BackendDial::cancel() {
  timeout_.cancel();
  if (watched_) lane_.loop().unwatch(socket_.fd.get());
  watched_ = false;
}

TunnelSocket BackendDial::take() { return std::move(socket_); }

void BackendDial::on_ready(std::uint32_t) {
  const int fd = socket_.fd.get();
  if (net::connect_error(fd) != 0 || !say_first()) return finish(false);
  if (socket_.tls) {
    const net::TlsSession::Step step = socket_.tls->handshake();
    if (step == net::TlsSession::Step::failed) return finish(false);
    if (step == net::TlsSession::Step::again) {
      const bool waits = socket_.tls->unsent() > 0;
      return lane_.loop().change(fd, net::kReadable | (waits ? net::kWritable : net::kNothing));
    }
  }
  finish(true);
}

bool BackendDial::say_first() {
  if (first_.empty()) return true;
  const ssize_t sent = ::send(socket_.fd.get(), first_.data(), first_.size(), MSG_NOSIGNAL);
  const bool whole = sent == static_cast<ssize_t>(first_.size());
  first_.clear();
  return whole;
}

void BackendDial::finish(bool stands) {
  cancel();
  done_(stands);
}

}  // namespace weir::proxy
