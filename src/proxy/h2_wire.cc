#include "proxy/h2_wire.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "proxy/limits.h"
#include "proxy/tcp_facts.h"

namespace weir::proxy {

using Then = http::H2BodyPart::Then;

void H2Outgoing::append(std::string_view bytes) {
  if (taken_ == bytes_.size()) {
    bytes_.clear();
    taken_ = 0;
  } else if (taken_ > kHighMark) {
    bytes_.erase(0, taken_);
    taken_ = 0;
  }
  bytes_.append(bytes);
}

void H2Outgoing::end(const http::HeaderBlock* trailers) {
  ended_ = true;
  if (trailers == nullptr || trailers->empty()) return;
  has_trailers_ = true;
  trailers_.clear();
  for (const http::HeaderField field : *trailers) trailers_.add(field.name, field.value);
}

http::H2BodyPart H2Outgoing::next(std::size_t max) {
  const std::string_view piece = std::string_view(bytes_).substr(taken_, max);
  taken_ += piece.size();
  total_taken_ += piece.size();
  if (!ended_ || taken_ < bytes_.size()) return {piece, Then::more};
  return {piece, has_trailers_ ? Then::trailers : Then::end};
}

void H2Outgoing::reset() {
  if (bytes_.capacity() > kKeptCapacity) {
    std::string().swap(bytes_);
  } else {
    bytes_.clear();
  }
  taken_ = 0;
  ended_ = has_trailers_ = false;
}

H2Wire::H2Wire(Lane& lane, net::Fd socket, TlsPointer tls, http::H2Session::Side side)
    : lane_(lane), fd_(std::move(socket)), tls_(std::move(tls)), session_(side, *this), out_(lane.chunks()) {
  out_.send_through(tls_.get());
}

H2Wire::~H2Wire() = default;

std::uint64_t H2Wire::progress_of(http::StreamId stream, const H2Outgoing& out) const {
  const bool window = open() && session_.send_window(stream) > 0;
  return out.total_taken() + (window ? acknowledged_bytes(fd_.get()).value_or(0) : 0);
}

void H2Wire::close_socket() {
  if (!fd_) return;
  if (tls_) tls_->close_notify();
  lane_.loop().unwatch(fd_.get());
  fd_.reset();
  out_.clear();
}

void H2Wire::end_sending() {
  said_all_ = true;
  if (tls_) tls_->close_notify();
  if (!tls_ || tls_->unsent() == 0) shutdown(fd_.get(), SHUT_WR);  // otherwise it ends when the socket is closed
  lane_.loop().change(fd_.get(), net::kReadable);
}

void H2Wire::wire_ready(std::uint32_t events) {
  if (events & net::kWritable) wake();
  if (events & (net::kReadable | net::kError | net::kHangUp)) read();
}

void H2Wire::read() {
  const std::span<char> buffer = lane_.read_buffer();
  const ssize_t size = receive_from(fd_.get(), tls_.get(), buffer);
  if (size > 0) return feed({buffer.data(), static_cast<std::size_t>(size)});
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
    if (!out_.empty()) wake();  // TLS itself has something to say
    return;
  }
  wire_broken();
}

void H2Wire::feed(std::string_view bytes) {
  if (dead_ || said_all_) return;
  dead_ = !session_.feed(bytes).has_value();
  wake();
}

void H2Wire::at_turn_end() {
  if (!fd_ || !connected_ || said_all_) return;
  using Sent = OutQueue::Sent;
  Sent sent = out_.send(fd_.get());
  while (sent == Sent::all) {
    const std::span<char> buffer = lane_.write_buffer();
    const std::size_t size = session_.drain(buffer);
    if (size == 0) break;
    sent = out_.send_with(fd_.get(), {buffer.data(), size});
    if (size < buffer.size()) break;
  }
  if (sent == Sent::broken) return wire_broken();
  lane_.loop().change(fd_.get(), net::kReadable | (sent == Sent::blocked ? net::kWritable : net::kNothing));
  wire_drained();
  if (!fd_ || sent == Sent::blocked) return;
  if (dead_) return wire_broken();
  if (session_.finished()) wire_finished();
}

}  // namespace weir::proxy
