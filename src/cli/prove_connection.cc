#include "cli/prove_connection.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "net/socket.h"

namespace weir::cli {
namespace {

std::string refusal(int error_number) {
  return error_number == ECONNREFUSED ? "connect refused"
                                      : std::string("connect failed: ") + std::strerror(error_number);
}

}  // namespace

std::string cause_of_loss(int error_number, bool answer_begun) {
  const std::string what = error_number == 0 || error_number == EPIPE ? "closed"
                           : error_number == ECONNRESET               ? "reset"
                                                                      : std::strerror(error_number);
  return what + (answer_begun ? " in the answer" : " before an answer");
}

ProveConnection::~ProveConnection() {
  if (fd_) loop_.unwatch(fd_.get());
}

void ProveConnection::open(const net::SocketAddress& address) {
  auto fd = net::connect_stream(address);
  if (!fd) {
    const bool refused = fd.error().message.find(std::strerror(ECONNREFUSED)) != std::string::npos;
    close(refused ? refusal(ECONNREFUSED) : "connect failed: " + fd.error().message);
    return;
  }
  fd_ = std::move(*fd);
  loop_.watch(fd_.get(), net::kWritable, *this);
}

void ProveConnection::on_ready(std::uint32_t events) {
  if (phase_ == Phase::opening) {
    finish_connecting();
    return;
  }
  if (events & net::kWritable) flush();
  if (fd_ && events & (net::kReadable | net::kError | net::kHangUp)) read();
}

void ProveConnection::finish_connecting() {
  if (const int error = net::connect_error(fd_.get()); error != 0) {
    close(refusal(error));
    return;
  }
  phase_ = Phase::open;
  loop_.change(fd_.get(), net::kReadable);
  connected();
  if (phase_ == Phase::open) calls_.on_free();
}

void ProveConnection::read() {
  static thread_local std::vector<char> buffer(kProvePiece);
  const ssize_t size = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (size > 0) {
    received({buffer.data(), static_cast<std::size_t>(size)});
    return;
  }
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  const int error = size == 0 ? 0 : errno;
  leave();  // nothing that is reported now may come back here
  ended(error);
  close();
}

void ProveConnection::send(std::string_view bytes) {
  if (!fd_) return;
  if (unsent_.empty()) {
    const ssize_t size = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    // A broken connection shows when it is read; what the server said before it broke is not lost that way.
    bytes.remove_prefix(size > 0 ? static_cast<std::size_t>(size) : 0);
    if (bytes.empty() || (size < 0 && errno != EAGAIN)) return;
  }
  unsent_ += bytes;
  loop_.change(fd_.get(), net::kReadable | net::kWritable);
}

void ProveConnection::flush() {
  const ssize_t size = ::send(fd_.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  const bool broken = size < 0 && errno != EAGAIN;
  unsent_.erase(0, broken ? unsent_.size() : static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  if (unsent_.empty()) loop_.change(fd_.get(), net::kReadable);
}

bool ProveConnection::closed_by_peer() const {
  char byte;
  const ssize_t size = ::recv(fd_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR);
}

void ProveConnection::close(std::string refused) {
  if (phase_ == Phase::gone) return;
  phase_ = Phase::gone;
  if (fd_) loop_.unwatch(fd_.get());
  fd_.reset();
  calls_.on_gone(*this, std::move(refused));
}

}  // namespace weir::cli
