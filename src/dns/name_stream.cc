#include "dns/name_stream.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "dns/limits.h"

namespace weir::dns {

NameStream::NameStream(net::Loop& loop, net::Fd socket, NameStreamCalls calls)
    : loop_(loop), socket_(std::move(socket)), calls_(std::move(calls)), patience_(loop, [this] { calls_.ended(); }) {
  loop_.watch(socket_.get(), net::kReadable, *this);
  patience_.arm(loop_.now() + kStreamPatience);
}

NameStream::~NameStream() { loop_.unwatch(socket_.get()); }

void NameStream::say(std::string reply) {
  if (outstanding_ > 0) --outstanding_;
  if (reply.empty()) {
    failed_ = true;
  } else {
    add(reply);
  }
  if (!parsing_) loop_.at_turn_end(*this);
}

void NameStream::add(const std::string& reply) {
  out_ += static_cast<char>(reply.size() >> 8);
  out_ += static_cast<char>(reply.size() & 0xFF);
  out_ += reply;
}

void NameStream::on_ready(std::uint32_t events) {
  if (events & (net::kHangUp | net::kError)) failed_ = true;  // in both directions: nobody is there to be answered
  if (!failed_ && (events & net::kReadable) && !receive()) failed_ = true;
  loop_.at_turn_end(*this);
}

// Parses what has come, writes what there is to say; here, so that it may be destroyed.
void NameStream::at_turn_end() {
  while (parse() && !failed_ && send_out() && out_.empty()) continue;
  if (failed_ || !send_out()) return calls_.ended();
  if (peer_done_ && outstanding_ == 0 && out_.empty()) return calls_.ended();
  settle();
}

bool NameStream::receive() {
  static thread_local std::array<char, 16 << 10> buffer;
  const ssize_t count = recv(socket_.get(), buffer.data(), buffer.size(), 0);
  if (count < 0) return errno == EAGAIN || errno == EINTR;
  if (count == 0) peer_done_ = true;
  in_.append(buffer.data(), static_cast<std::size_t>(count));
  return true;
}

// Whether there was something whole, and room for its answer.
bool NameStream::parse() {
  std::size_t at = 0;
  parsing_ = true;
  while (!failed_ && in_.size() - at >= 2 && outstanding_ < kMostPipelined && out_.size() < kMostUnsent) {
    const std::size_t size =
        static_cast<std::size_t>(static_cast<std::uint8_t>(in_[at])) << 8 | static_cast<std::uint8_t>(in_[at + 1]);
    if (in_.size() - at - 2 < size) break;
    ++outstanding_;
    calls_.ask(std::string_view(in_).substr(at + 2, size));
    at += 2 + size;
    patience_.arm(loop_.now() + kStreamPatience);
  }
  parsing_ = false;
  in_.erase(0, at);
  return at > 0;
}

bool NameStream::send_out() {
  while (!out_.empty()) {
    const ssize_t sent = send(socket_.get(), out_.data(), out_.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return errno == EAGAIN;
    out_.erase(0, static_cast<std::size_t>(sent));
  }
  return true;
}

// Reads on where there is room for answers, and where nothing whole lies unread.
void NameStream::settle() {
  std::uint32_t events = net::kNothing;
  if (!peer_done_ && outstanding_ < kMostPipelined && out_.size() < kMostUnsent) events |= net::kReadable;
  if (!out_.empty()) events |= net::kWritable;
  loop_.change(socket_.get(), events);
}

}  // namespace weir::dns
