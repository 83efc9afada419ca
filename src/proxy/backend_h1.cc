#include "proxy/backend_h1.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "base/check.h"
#include "http/h1_writer.h"
#include "http/upgrade.h"
#include "net/socket.h"
#include "proxy/exchange.h"
#include "proxy/last_chunk.h"
#include "proxy/limits.h"
#include "proxy/tcp_facts.h"

namespace weir::proxy {

using http::H1Event;

BackendH1::BackendH1(Lane& lane, BackendLink& link, net::Fd socket, TlsPointer tls)
    : lane_(lane),
      link_(link),
      fd_(std::move(socket)),
      tls_(std::move(tls)),
      out_(lane.chunks()),
      connect_timer_(lane.loop(), [this] {
        fail(FailureCause::connect_timeout);
        lane_.flush();
      }) {
  out_.send_through(tls_.get());
  lane_.loop().watch(fd_.get(), net::kWritable, *this);
  connect_timer_.arm(lane_.loop().now() + kConnectTimeout);
}

BackendH1::~BackendH1() {
  lane_.untouch(*this);
  if (fd_) mute();
}

// A hang-up is told whether one asks for it or not: while nobody may read, the descriptor is not watched at all.
void BackendH1::mute() {
  if (!muted_) lane_.loop().unwatch(fd_.get());
  muted_ = true;
}

void BackendH1::begin(Exchange& exchange) {
  exchange_ = &exchange;
  request_sent_ = chunked_ = false;
  sent_before_ = out_.total_sent();
  body_debt_ = 0;
}

bool BackendH1::send_head(const http::RequestHead& head, std::string_view forwarded, bool end) {
  http::H1WriteOptions options = http::framing_of(head);
  options.extra_fields = forwarded;
  options.upgrade = head.offer();
  chunked_ = options.framing == http::H1Framing::chunked;
  const std::span<char> room = out_.reserve(http::head_size_bound(head, options));
  out_.commit(http::write_request_head(room, head, options));
  parser_.expect(head.method);
  if (end) send_end(nullptr);
  lane_.touch(*this);
  return true;
}

void BackendH1::send_body(std::string_view bytes) {
  if (bytes.empty() || broken_) return;
  if (chunked_) {
    const std::span<char> room = out_.reserve(http::kChunkPrefixMax);
    out_.commit(http::write_chunk_prefix(room.first<http::kChunkPrefixMax>(), bytes.size()));
  }
  if (bytes.size() > kCopyLimit && !connecting_ && !blocked_ && !broken_) {
    const OutQueue::Sent sent = out_.send_with(fd_.get(), bytes);
    broken_ = sent == OutQueue::Sent::broken;
    blocked_ = sent == OutQueue::Sent::blocked;
  } else {
    out_.append(bytes);
  }
  if (chunked_) out_.append(http::kChunkEnd);
  lane_.touch(*this);
}

void BackendH1::send_end(const http::HeaderBlock* trailers) {
  request_sent_ = true;
  if (!chunked_) return;
  if (trailers == nullptr) {
    out_.append(http::kLastChunk);
  } else {
    const std::span<char> room = out_.reserve(last_chunk_bound(*trailers));
    out_.commit(http::write_last_chunk(room, *trailers));
  }
  lane_.touch(*this);
}

void BackendH1::body_taken(std::size_t size) {
  body_debt_ -= size;
  if (body_debt_ > 0 || !paused_) return;
  paused_ = false;
  stop_reading_ = false;
  if (muted_) lane_.loop().watch(fd_.get(), net::kReadable, *this);
  muted_ = false;
  update_interest();
  const std::string in = std::exchange(pending_, {});
  process(in);  // even of nothing: the body may have been whole, and its end is yet to be told
}

void BackendH1::cancel() {
  exchange_ = nullptr;
  close();
}

std::uint64_t BackendH1::progress() const { return acknowledged_bytes(fd_.get()).value_or(0); }

// A short rest of a response is cheaper than a new connection.
void BackendH1::discard() {
  const http::ResponseHead& head = exchange_->response;
  const bool bounded = head.body == http::BodyKind::chunked ||
                       (head.body == http::BodyKind::length && head.content_length <= kMaxDiscard);
  const bool worth_it = bounded && head.keep_alive && request_sent_ && !broken_ && out_.empty();
  exchange_ = nullptr;
  if (!worth_it) return close();
  discards_ = kMaxDiscard;
  connect_timer_.arm(lane_.loop().now() + kDiscardTime);
}

void BackendH1::read_away(std::string_view in) {
  http::ResponseHead unused;
  while (true) {
    const http::H1Step step = parser_.next(in, unused);
    in.remove_prefix(step.consumed);
    if (step.event == H1Event::need_more) return;
    if (step.event == H1Event::body && step.bytes.size() < discards_) {
      discards_ -= step.bytes.size();
      continue;
    }
    const bool over = step.event == H1Event::complete && in.empty();
    discards_ = 0;
    connect_timer_.cancel();
    reused_ = true;
    idle_since_ = lane_.loop().now();
    if (!over || !link_.keep(*this)) close();
    return;
  }
}

void BackendH1::close() {
  if (!fd_) return;
  if (exchange_ == nullptr) link_.left_idle(*this);
  lane_.untouch(*this);
  if (tls_ && !broken_) tls_->close_notify();
  mute();
  fd_.reset();
  connect_timer_.cancel();
  out_.clear();
  link_.closed(*this);
}

void BackendH1::update_interest() {
  if (!fd_ || connecting_ || muted_) return;
  const std::uint32_t events = (stop_reading_ ? 0u : net::kReadable) | (blocked_ ? net::kWritable : 0u);
  lane_.loop().change(fd_.get(), events);
}

void BackendH1::flush() {
  if (!fd_ || connecting_) return;
  if (!broken_ && !out_.empty()) {
    const OutQueue::Sent sent = out_.send(fd_.get());
    broken_ = sent == OutQueue::Sent::broken;
    blocked_ = sent == OutQueue::Sent::blocked;
    update_interest();
  }
  // Where sending fails an early response may lie ready to be read: the next read tells.
  if (broken_) out_.clear();
  if (exchange_ != nullptr && out_.size() <= kLowMark) exchange_->backend_writable();
}

void BackendH1::on_ready(std::uint32_t events) {
  if (connecting_) {
    connected();
  } else {
    if (events & net::kWritable) flush();
    if (fd_ && (events & (net::kReadable | net::kError | net::kHangUp))) {
      if (paused_ && (events & (net::kError | net::kHangUp))) mute();
      read();
    }
  }
  lane_.flush();
}

void BackendH1::connected() {
  const int error = net::connect_error(fd_.get());
  if (error != 0) return fail(FailureCause::refused);
  if (tls_) {
    const net::TlsSession::Step step = tls_->handshake();
    if (step == net::TlsSession::Step::failed) return fail(FailureCause::handshake);
    if (step == net::TlsSession::Step::again) {
      return lane_.loop().change(fd_.get(), net::kReadable | (tls_->unsent() > 0 ? net::kWritable : net::kNothing));
    }
    sent_before_ = out_.total_sent();  // the handshake is no part of the request
  }
  connecting_ = false;
  connect_timer_.cancel();
  update_interest();
  flush();
}

void BackendH1::read() {
  if (paused_) {  // level-triggered: only now is it worth telling the kernel
    stop_reading_ = true;
    return update_interest();
  }
  const std::span<char> buffer = lane_.read_buffer();
  const ssize_t size = receive_from(fd_.get(), tls_.get(), buffer);
  if (size > 0) {
    process({buffer.data(), static_cast<std::size_t>(size)});
    if (tls_ && fd_ && !paused_ && tls_->ended()) end_of_input();
    return;
  }
  if (size == 0) return end_of_input();
  if (errno != EAGAIN && errno != EINTR) return fail(FailureCause::closed);
  if (!out_.empty()) lane_.touch(*this);  // TLS itself has something to say
}

void BackendH1::process(std::string_view in) {
  if (discards_ > 0) return read_away(in);
  if (exchange_ == nullptr) return close();  // an idle connection has nothing to say
  while (true) {
    const http::H1Step step = parser_.next(in, exchange_->response);
    in.remove_prefix(step.consumed);
    switch (step.event) {
      case H1Event::need_more:
        return;
      case H1Event::head:
        if (!take_head(in)) return discards_ > 0 ? read_away(in) : void();
        break;
      case H1Event::body:
        take_body(step.bytes);
        if (exchange_ == nullptr) return;
        if (paused_) {
          pending_.assign(in);
          return;
        }
        break;
      case H1Event::complete:
        return complete(in);
      case H1Event::tunnel:
      case H1Event::error:
        return fail(FailureCause::malformed);
    }
  }
}

// False: the exchange is over, or has failed.
bool BackendH1::take_head(std::string_view& in) {
  http::ResponseHead& head = exchange_->response;
  if (head.body == http::BodyKind::tunnel) {
    if (http::accepts_offer(exchange_->request, head)) {
      switch_protocols(in);
    } else {
      fail(FailureCause::malformed);  // nobody asked for this protocol
    }
    return false;
  }
  if (head.informational()) {
    exchange_->response_interim();
    return exchange_ != nullptr;
  }
  const bool end =
      head.body == http::BodyKind::none || (head.body == http::BodyKind::length && head.content_length == 0);
  if (!end) {
    exchange_->response_head(false);
    return exchange_ != nullptr;
  }
  const http::H1Step step = parser_.next({}, head);
  check(step.event == H1Event::complete, "a message without body is complete with its head");
  complete(in);
  return false;
}

// The connection leaves with everything that lies here.
void BackendH1::switch_protocols(std::string_view rest) {
  Exchange& exchange = *std::exchange(exchange_, nullptr);
  lane_.untouch(*this);
  mute();
  const bool ended = tls_ && tls_->ended();
  TunnelSocket socket{.fd = std::move(fd_),
                      .tls = std::move(tls_),
                      .out = std::move(out_),
                      .received = std::string(rest),
                      .ended = ended};
  exchange.response_switch(std::move(socket));
  link_.switched(*this);
}

void BackendH1::take_body(std::string_view bytes) {
  body_debt_ += bytes.size();
  exchange_->response_body(bytes);
  if (exchange_ != nullptr && body_debt_ > 0) paused_ = true;
}

// The response is over. The connection goes back first, so that a request that follows at once can have it.
void BackendH1::complete(std::string_view rest) {
  Exchange& exchange = *std::exchange(exchange_, nullptr);
  const http::ResponseHead& head = exchange.response;
  const bool with_head =
      head.body == http::BodyKind::none || (head.body == http::BodyKind::length && head.content_length == 0);
  const bool reusable = head.keep_alive && request_sent_ && !broken_ && out_.empty() && rest.empty() &&
                        pending_.empty() && head.body != http::BodyKind::until_close;
  reused_ = true;
  idle_since_ = lane_.loop().now();
  const http::HeaderBlock* trailers = parser_.trailers().empty() ? nullptr : &parser_.trailers();
  if (with_head) {
    if (!reusable || !link_.keep(*this)) close();
    return exchange.response_head(true);
  }
  if (trailers != nullptr) {  // they lie in the parser: the exchange has them before the connection is used again
    exchange.response_end(trailers);
    if (!reusable || !link_.keep(*this)) close();
    return;
  }
  if (!reusable || !link_.keep(*this)) close();
  exchange.response_end(nullptr);
}

void BackendH1::end_of_input() {
  if (exchange_ == nullptr) return close();
  const http::H1Step step = parser_.end_of_input();
  if (step.event == H1Event::complete) return complete({});
  fail(step.event == H1Event::error ? FailureCause::malformed : FailureCause::closed);
}

void BackendH1::fail(FailureCause cause) {
  Exchange* exchange = std::exchange(exchange_, nullptr);
  const bool unprocessed = connecting_ || surely_unprocessed();
  if (connecting_) link_.connect_failed(cause);
  if (cause == FailureCause::malformed && parser_.idle()) cause = FailureCause::closed;
  const BackendFailure failure{.cause = cause, .unprocessed = unprocessed, .reused = reused_};
  if (exchange == nullptr) return close();
  close();
  exchange->backend_failed(failure);
}

bool BackendH1::surely_unprocessed() const {
  const auto acknowledged = acknowledged_bytes(fd_.get());
  return acknowledged && *acknowledged <= sent_before_;
}

}  // namespace weir::proxy
