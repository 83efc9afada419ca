#include "proxy/client_h1.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.h"
#include "http/h1_writer.h"
#include "proxy/client_h2.h"
#include "proxy/exchange.h"
#include "proxy/last_chunk.h"
#include "proxy/limits.h"
#include "proxy/tcp_facts.h"
#include "proxy/tunnel.h"

namespace weir::proxy {
namespace {

using http::H1Event;
using http::H1Framing;

constexpr std::string_view kH2PrefaceStart = "PRI";  // a method reserved for it (RFC 9113 section 3.4)
constexpr std::size_t kSmallAnswer = 512;

}  // namespace

ClientH1::ClientH1(Lane& lane, Entrance& entrance, ClientOrigin origin, net::Fd socket, TlsPointer tls)
    : ClientConnection(entrance, std::move(origin)),
      lane_(lane),
      fd_(std::move(socket)),
      tls_(std::move(tls)),
      out_(lane.chunks()),
      idle_timer_(lane.loop(), [this] { on_idle(); }) {
  out_.send_through(tls_.get());
  lane_.loop().watch(fd_.get(), net::kReadable, *this);
  push_idle();
}

ClientH1::~ClientH1() {
  lane_.untouch(*this);
  if (exchange_ != nullptr) {
    if (started_) exchange_->client_gone();
    lane_.give_exchange(exchange_);
  }
  if (fd_) lane_.loop().unwatch(fd_.get());
}

void ClientH1::push_idle() { idle_timer_.arm(lane_.loop().now() + entrance_.idle_timeout); }

void ClientH1::close() {
  if (!fd_) return;
  lane_.untouch(*this);
  if (tls_ && !broken_ && out_.empty()) tls_->close_notify();  // without it an answer counts as cut short
  lane_.loop().unwatch(fd_.get());
  fd_.reset();
  idle_timer_.cancel();
  out_.clear();
  if (Exchange* exchange = std::exchange(exchange_, nullptr)) {
    if (started_) exchange->client_gone();
    lane_.give_exchange(exchange);
  }
  lane_.leave(*this);
}

void ClientH1::finish_soon(Duration grace) {
  close_after_ = true;
  const bool waiting = exchange_ == nullptr && pending_.empty() && out_.empty() && state_ != State::lingering;
  if (!waiting) return;
  if (grace > Duration(0)) {
    idle_timer_.arm(lane_.loop().now() + grace);
  } else {
    close();
  }
}

void ClientH1::end() {
  close_after_ = true;
  if (exchange_ == nullptr || !started_ || response_done_) return close();
  if (!exchange_->give_up(FailureCause::drained)) close();
  lane_.flush();
}

void ClientH1::update_interest() {
  if (!fd_) return;
  lane_.loop().change(fd_.get(), (stop_reading_ ? 0u : net::kReadable) | (blocked_ ? net::kWritable : 0u));
}

void ClientH1::on_ready(std::uint32_t events) {
  if (events & (net::kError | net::kHangUp)) {
    close();  // both directions are gone: nobody reads what we would say
  } else {
    if (events & net::kWritable) flush();
    if (fd_ && (events & net::kReadable)) read();
  }
  lane_.flush();
}

void ClientH1::take_over() {
  read();
  if (fd_ && entrance_.closing) finish_soon(kFinishGrace);
}

void ClientH1::flush() {
  if (!fd_) return;
  if (!out_.empty() && !broken_) {
    const OutQueue::Sent sent = out_.send(fd_.get());
    broken_ = sent == OutQueue::Sent::broken;
    blocked_ = sent == OutQueue::Sent::blocked;
    update_interest();
  }
  if (broken_) return close();
  if (out_.size() <= kLowMark && started_ && exchange_ != nullptr) exchange_->client_writable();
  if (!fd_ || !out_.empty() || exchange_ != nullptr) return;
  if (state_ == State::lingering) {
    if (tls_) tls_->close_notify();
    shutdown(fd_.get(), SHUT_WR);
    if (half_closed_) close();
  } else if (close_after_ && response_done_) {
    close();
  }
}

void ClientH1::read() {
  // One exchange at a time, and no faster than its backend: what comes now waits in the kernel.
  if (state_ == State::response || paused_ || half_closed_) {
    if (!pending_.empty() || paused_ || half_closed_) {
      stop_reading_ = true;
      return update_interest();
    }
  }
  const std::span<char> buffer = lane_.read_buffer();
  const ssize_t size = receive_from(fd_.get(), tls_.get(), buffer);
  if (size > 0) {
    receive({buffer.data(), static_cast<std::size_t>(size)});
    if (!tls_ || !fd_ || !tls_->ended()) return;
    return end_of_input();
  }
  if (size == 0) return end_of_input();
  if (errno != EAGAIN && errno != EINTR) return close();
  if (!out_.empty()) lane_.touch(*this);  // TLS itself has something to say
}

void ClientH1::receive(std::string_view in) {
  if (state_ == State::lingering) return;
  const bool within_head = exchange_ != nullptr && !started_;
  if (!within_head) push_idle();  // a head has the idle timeout as a whole, however slowly it trickles in
  if (state_ == State::response) {
    pending_.append(in);
    return;
  }
  std::string whole;
  if (!pending_.empty()) {
    whole = std::exchange(pending_, {});
    whole.append(in);
    in = whole;
  }
  if (state_ == State::sniffing && sniff(in)) return;
  process(in);
}

// True: the bytes are dealt with.
bool ClientH1::sniff(std::string_view in) {
  const std::size_t size = std::min(in.size(), kH2PrefaceStart.size());
  if (in.substr(0, size) != kH2PrefaceStart.substr(0, size)) {
    state_ = State::request;
    return false;
  }
  if (size < kH2PrefaceStart.size()) {
    pending_.assign(in);
  } else {
    become_h2(in);
  }
  return true;
}

void ClientH1::become_h2(std::string_view in) {
  lane_.loop().unwatch(fd_.get());
  auto& heir = static_cast<ClientH2&>(
      lane_.adopt(std::make_unique<ClientH2>(lane_, entrance_, std::move(origin_), std::move(fd_), std::move(tls_))));
  idle_timer_.cancel();
  lane_.leave(*this);
  heir.receive(in);
}

void ClientH1::process(std::string_view in) {
  processing_ = true;
  while (fd_ && state_ == State::request && !paused_) {
    if (exchange_ == nullptr) {
      if (in.empty()) break;
      exchange_ = lane_.take_exchange();
      started_ = head_sent_ = response_done_ = continued_ = false;
    }
    const http::H1Step step = parser_.next(in, exchange_->request);
    in.remove_prefix(step.consumed);
    if (step.event == H1Event::body) {
      body_debt_ += step.bytes.size();
      exchange_->request_body(step.bytes);
      paused_ = body_debt_ > 0;
    } else if (!take_step(step)) {
      break;
    }
    const bool cut = response_done_ && close_after_ && state_ == State::request && exchange_ != nullptr;
    if (cut && !exchange_->request_ended()) next_request();
  }
  processing_ = false;
  if (fd_ && state_ != State::lingering) pending_.assign(in);
}

// False: nothing more can be done now.
bool ClientH1::take_step(const http::H1Step& step) {
  switch (step.event) {
    case H1Event::head: {
      started_ = true;
      const http::RequestHead& head = exchange_->request;
      head_request_ = head.method == http::Method::head;
      if (!head.keep_alive || entrance_.closing) close_after_ = true;
      exchange_->start(*this, entrance_, origin_, head.body == http::BodyKind::none);
      return true;
    }
    case H1Event::complete:
      state_ = State::response;
      if (!exchange_->request_ended()) exchange_->request_end(&parser_.trailers());
      if (response_done_) next_request();
      return fd_.valid();
    case H1Event::need_more:
      return false;
    case H1Event::error:
      refuse(step.status, step.reason);
      return false;
    default:
      return false;
  }
}

// The request is malformed: one answer, then nothing of this connection can be trusted any more.
void ClientH1::refuse(unsigned status, const char* reason) {
  const bool answering = started_ && exchange_ != nullptr && head_sent_ && !response_done_;
  if (answering) return close();
  const bool answered = started_ && head_sent_;
  if (exchange_ != nullptr) {
    if (started_) {
      exchange_->client_gone(static_cast<std::uint16_t>(status));
    } else {
      meter_refusal(entrance_, origin_, status, lane_.loop());
    }
    lane_.give_exchange(std::exchange(exchange_, nullptr));
  }
  if (!answered) {
    const std::string body = std::string(reason) + "\n";
    const std::span<char> room = out_.reserve(kSmallAnswer + body.size());
    out_.commit(http::write_simple_response(room, status, body, true));
  }
  state_ = State::lingering;
  idle_timer_.arm(lane_.loop().now() + kLingerTime);
  lane_.touch(*this);
}

void ClientH1::end_of_input() {
  // A client may close its sending half and still wait for the answer.
  if (exchange_ != nullptr && started_ && state_ == State::response) {
    half_closed_ = stop_reading_ = true;
    return update_interest();
  }
  if (!out_.empty() && exchange_ == nullptr) {
    half_closed_ = close_after_ = stop_reading_ = true;
    response_done_ = true;
    return update_interest();
  }
  close();
}

void ClientH1::on_idle() {
  const bool under_way = exchange_ != nullptr && started_ && !response_done_;
  if (under_way) return push_idle();  // the exchange has a patience of its own
  const bool leaving = !out_.empty() && state_ != State::lingering;
  if (leaving && std::exchange(progress_, progress()) != progress()) return push_idle();
  if (exchange_ != nullptr && !started_ && state_ == State::request) {
    refuse(408, "The request did not come in time.");
  } else {
    close();
  }
  lane_.flush();
}

std::uint64_t ClientH1::progress() const { return acknowledged_bytes(fd_.get()).value_or(0); }

void ClientH1::send_continue() {
  continued_ = true;
  out_.append(http::kContinue);
  lane_.touch(*this);
}

void ClientH1::send_interim(const http::ResponseHead& head) {
  if (exchange_->request.version == http::Version::http1_0) return;
  const http::H1WriteOptions options = http::framing_of(head, exchange_->request.method);
  const std::span<char> room = out_.reserve(http::head_size_bound(head, options));
  out_.commit(http::write_response_head(room, head, options));
  lane_.touch(*this);
}

void ClientH1::send_head(const http::ResponseHead& head, bool end) {
  write_head(head);
  if (end) finish_response();
}

void ClientH1::write_head(const http::ResponseHead& head) {
  const http::RequestHead& request = exchange_->request;
  http::H1WriteOptions options = http::framing_of(head, request.method);
  const bool old = request.version == http::Version::http1_0;
  if (old && options.framing == H1Framing::chunked) {
    options.framing = H1Framing::until_close;
    close_after_ = true;
  }
  // A client that waited for leave to send its body may send it or not: where its next request starts is unknown.
  if (request.expect_continue && !continued_ && !exchange_->request_ended()) close_after_ = true;
  if (entrance_.closing) close_after_ = true;
  chunked_ = options.framing == H1Framing::chunked;
  head_sent_ = true;
  options.close = close_after_;
  options.keep_alive = old && !close_after_;
  const std::span<char> room = out_.reserve(http::head_size_bound(head, options));
  out_.commit(http::write_response_head(room, head, options));
  lane_.touch(*this);
}

void ClientH1::send_body(std::string_view bytes) {
  if (head_request_ || bytes.empty() || broken_) return;
  if (chunked_) {
    const std::span<char> room = out_.reserve(http::kChunkPrefixMax);
    out_.commit(http::write_chunk_prefix(room.first<http::kChunkPrefixMax>(), bytes.size()));
  }
  if (bytes.size() > kCopyLimit && !blocked_) {
    const OutQueue::Sent sent = out_.send_with(fd_.get(), bytes);
    broken_ = sent == OutQueue::Sent::broken;
    blocked_ = sent == OutQueue::Sent::blocked;
    if (blocked_) update_interest();
  } else {
    out_.append(bytes);
  }
  if (chunked_) out_.append(http::kChunkEnd);
  lane_.touch(*this);
}

void ClientH1::send_end(const http::HeaderBlock* trailers) {
  if (chunked_ && !head_request_) {
    if (trailers == nullptr) {
      out_.append(http::kLastChunk);
    } else {
      const std::span<char> room = out_.reserve(last_chunk_bound(*trailers));
      out_.commit(http::write_last_chunk(room, *trailers));
    }
    lane_.touch(*this);
  }
  finish_response();
}

// The connection with everything that lies here becomes one side of a tunnel.
void ClientH1::send_switch(const http::ResponseHead& head, std::string_view protocol, TunnelPlace place,
                           TunnelSocket backend) {
  check(state_ == State::response && !processing_, "protocols are switched behind a whole request");
  const http::H1WriteOptions options{.upgrade = protocol};
  const std::span<char> room = out_.reserve(http::head_size_bound(head, options));
  out_.commit(http::write_response_head(room, head, options));
  lane_.untouch(*this);
  lane_.loop().unwatch(fd_.get());
  idle_timer_.cancel();
  lane_.give_exchange(std::exchange(exchange_, nullptr));
  TunnelSocket client{.fd = std::move(fd_),
                      .tls = std::move(tls_),
                      .out = std::move(out_),
                      .received = std::move(pending_),
                      .ended = half_closed_};
  auto& heir = static_cast<Tunnel&>(lane_.adopt(std::make_unique<Tunnel>(
      lane_, entrance_, std::move(origin_), std::move(place), std::move(client), std::move(backend))));
  lane_.leave(*this);
  heir.start();
}

void ClientH1::finish_response() {
  response_done_ = true;
  push_idle();
  if (!processing_) next_request();
}

// The response is complete: on to the next request, or to the end.
void ClientH1::next_request() {
  const bool whole = state_ == State::response || exchange_->request_ended();
  if (!whole) {  // the client is still sending: it shall get its answer before the connection goes
    if (started_) exchange_->client_gone();
    lane_.give_exchange(std::exchange(exchange_, nullptr));
    state_ = State::lingering;
    stop_reading_ = paused_ = false;
    update_interest();
    idle_timer_.arm(lane_.loop().now() + kLingerTime);
    return lane_.touch(*this);
  }
  if (state_ != State::response) return;  // its `complete` is still to be taken from the parser
  lane_.give_exchange(std::exchange(exchange_, nullptr));
  body_debt_ = 0;
  if (half_closed_ && pending_.empty() && !processing_) close_after_ = true;
  if (close_after_) return lane_.touch(*this);
  state_ = State::request;
  chunked_ = head_request_ = false;
  if (!processing_) resume();
}

void ClientH1::resume() {
  paused_ = false;
  stop_reading_ = half_closed_;
  update_interest();
  if (pending_.empty() && state_ == State::request && exchange_ == nullptr) return;
  const std::string in = std::exchange(pending_, {});
  process(in);
  if (!half_closed_ || !fd_ || state_ != State::request || paused_) return;
  // The client will send no more, and what came last is not a whole request.
  if (started_ && exchange_ != nullptr) return close();
  if (exchange_ != nullptr) lane_.give_exchange(std::exchange(exchange_, nullptr));
  close_after_ = response_done_ = true;
  lane_.touch(*this);
}

void ClientH1::body_taken(std::size_t size) {
  body_debt_ -= size;
  if (body_debt_ == 0 && paused_ && !processing_) resume();
}

void ClientH1::send_abort() {
  broken_ = true;  // a body that ends too early: closing is how HTTP/1.1 says so
  out_.send(fd_.get());
  lane_.touch(*this);
}

}  // namespace weir::proxy
