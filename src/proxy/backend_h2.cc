#include "proxy/backend_h2.h"

#include <algorithm>
#include <utility>

#include "net/socket.h"
#include "proxy/exchange.h"
#include "proxy/limits.h"
#include "proxy/tcp_facts.h"

namespace weir::proxy {

using http::H2Code;
using http::StreamId;

struct BackendH2::Stream final : BackendStream {
  explicit Stream(BackendH2& owner) : connection(owner) {}

  BackendH2& connection;
  std::size_t slot = 0;
  StreamId id = 0;
  Exchange* exchange = nullptr;  // null once it is over
  H2Outgoing out;
  http::HeaderBlock trailers;
  bool request_sent = false;
  bool relieved = false;
  std::uint64_t sent_before = 0;

  bool send_head(const http::RequestHead& head, std::string_view, bool end) override {
    const auto opened =
        connection.session().submit_request(head, end ? http::H2Body::none : http::H2Body::follows, this);
    if (!opened) {
      connection.release(*this);
      return false;
    }
    id = *opened;
    request_sent = end;
    sent_before = connection.total_sent();
    connection.wake();
    return true;
  }
  void send_body(std::string_view bytes) override {
    out.append(bytes);
    resume();
  }
  void send_end(const http::HeaderBlock* request_trailers) override {
    request_sent = true;
    out.end(request_trailers);
    resume();
  }
  void resume() {
    connection.session().resume(id);
    connection.wake();
  }
  std::size_t unsent() const override { return out.unsent(); }
  std::uint64_t progress() const override { return connection.progress_of(id, out); }
  void body_taken(std::size_t size) override {
    connection.session().consume(id, size);
    connection.wake();
  }
  void cancel() override {
    exchange = nullptr;
    connection.session().reset(id, H2Code::cancel);
    connection.wake();
  }
};

BackendH2::BackendH2(Lane& lane, BackendLink& link, net::Fd socket, TlsPointer tls)
    : H2Wire(lane, std::move(socket), std::move(tls), http::H2Session::Side::client),
      link_(link),
      connect_timer_(lane.loop(),
                     [this] {
                       close(FailureCause::connect_timeout);
                       lane_.flush();
                     }),
      since_(lane.loop().now()) {
  set_connected(false);
  lane.loop().watch(fd(), net::kWritable, *this);
  connect_timer_.arm(lane.loop().now() + kConnectTimeout);
}

BackendH2::~BackendH2() { close_socket(); }

BackendStream* BackendH2::begin(Exchange& exchange) {
  if (!takes()) return nullptr;
  if (free_.empty()) free_.push_back(std::make_unique<Stream>(*this));
  Stream& stream = *free_.back();
  stream.slot = streams_.size();
  streams_.push_back(std::move(free_.back()));
  free_.pop_back();
  stream.exchange = &exchange;
  return &stream;
}

void BackendH2::close_when_idle() {
  closing_ = true;
  if (streams_.empty()) close(FailureCause::closed);
}

void BackendH2::end() {
  std::vector<Stream*> late;
  for (const auto& stream : streams_) {
    if (stream->exchange != nullptr && stream->id != 0) late.push_back(stream.get());
  }
  std::vector<Exchange*> failed;
  for (Stream* stream : late) {
    failed.push_back(detach(*stream));
    stream->cancel();
  }
  for (Exchange* exchange : failed) exchange->backend_failed({.cause = FailureCause::drained});
  close_when_idle();
}

void BackendH2::release(Stream& stream) {
  const std::size_t slot = stream.slot;
  stream.exchange = nullptr;
  stream.out.reset();
  stream.trailers.clear();
  stream.request_sent = false;
  if (stream.relieved) std::erase(relieved_, &stream);
  stream.relieved = false;
  free_.push_back(std::move(streams_[slot]));
  if (slot + 1 != streams_.size()) {
    streams_[slot] = std::move(streams_.back());
    streams_[slot]->slot = slot;
  }
  streams_.pop_back();
}

void BackendH2::on_ready(std::uint32_t events) {
  if (connecting_) {
    connected();
  } else {
    wire_ready(events);
  }
  lane_.flush();
}

void BackendH2::connected() {
  if (net::connect_error(fd()) != 0) return close(FailureCause::refused);
  if (tls() != nullptr) {
    const net::TlsSession::Step step = tls()->handshake();
    if (step == net::TlsSession::Step::failed) return close(FailureCause::handshake);
    if (step == net::TlsSession::Step::again) {
      return lane_.loop().change(fd(), net::kReadable | (tls()->unsent() > 0 ? net::kWritable : net::kNothing));
    }
    for (const auto& stream : streams_) stream->sent_before = total_sent();  // the handshake is no part of a request
  }
  connecting_ = false;
  connect_timer_.cancel();
  set_connected(true);
  lane_.loop().change(fd(), net::kReadable);
  wake();
  if (tls() != nullptr) wire_ready(net::kReadable);  // what came with the handshake's end lies in the session
}

void BackendH2::on_settings() {
  if (std::exchange(heard_, true)) return;
  for (const auto& stream : streams_) stream->sent_before = total_sent();
}

Exchange* BackendH2::detach(Stream& stream) { return std::exchange(stream.exchange, nullptr); }

void BackendH2::on_response(StreamId id, void* user, http::ResponseHead& head, bool end) {
  Stream& stream = *static_cast<Stream*>(user);
  if (stream.exchange == nullptr) return;
  std::swap(stream.exchange->response, head);
  if (stream.exchange->response.informational()) return stream.exchange->response_interim();
  if (!end) return stream.exchange->response_head(false);
  if (!stream.request_sent) session().reset(id, H2Code::no_error);
  detach(stream)->response_head(true);
}

void BackendH2::on_data(StreamId id, void* user, std::string_view bytes) {
  Stream& stream = *static_cast<Stream*>(user);
  if (stream.exchange == nullptr) return session().consume(id, bytes.size());
  stream.exchange->response_body(bytes);
}

void BackendH2::on_trailers(StreamId, void* user, http::HeaderBlock& trailers) {
  std::swap(static_cast<Stream*>(user)->trailers, trailers);
}

void BackendH2::on_end(StreamId id, void* user) {
  Stream& stream = *static_cast<Stream*>(user);
  if (stream.exchange == nullptr) return;
  if (!stream.request_sent) session().reset(id, H2Code::no_error);
  detach(stream)->response_end(stream.trailers.empty() ? nullptr : &stream.trailers);
}

void BackendH2::on_closed(StreamId, void* user, H2Code code) {
  Stream& stream = *static_cast<Stream*>(user);
  Exchange* exchange = detach(stream);
  release(stream);
  if (exchange != nullptr) {
    exchange->backend_failed({.cause = FailureCause::closed, .unprocessed = code == H2Code::refused_stream});
  }
  if (!closing_ && link_.passes_on(since_, streams_.empty())) closing_ = true;
  if (closing_ && streams_.empty()) wake();
}

http::H2BodyPart BackendH2::next_body(StreamId id, void* user, std::size_t max) {
  Stream& stream = *static_cast<Stream*>(user);
  const http::H2BodyPart part = stream.out.next(max);
  if (part.then == http::H2BodyPart::Then::trailers) (void)session().submit_trailers(id, stream.out.trailers());
  if (stream.exchange != nullptr && !stream.relieved && stream.out.unsent() <= kLowMark) {
    stream.relieved = true;
    relieved_.push_back(&stream);
  }
  return part;
}

void BackendH2::wire_drained() {
  while (!relieved_.empty()) {
    Stream& stream = *relieved_.back();
    relieved_.pop_back();
    stream.relieved = false;
    if (stream.exchange != nullptr) stream.exchange->backend_writable();
  }
  if (closing_ && streams_.empty()) close(FailureCause::closed);
}

void BackendH2::wire_broken() { close(FailureCause::closed); }

void BackendH2::close(FailureCause cause) {
  if (!open()) return;
  closing_ = true;
  if (connecting_) link_.connect_failed(cause);
  const auto acknowledged = acknowledged_bytes(fd());
  connect_timer_.cancel();
  close_socket();
  std::vector<std::pair<Exchange*, BackendFailure>> failed;
  while (!streams_.empty()) {
    Stream& stream = *streams_.back();
    const bool unprocessed = !heard_ || (acknowledged && *acknowledged <= stream.sent_before);
    if (Exchange* exchange = detach(stream)) {
      failed.push_back({exchange, {.cause = cause, .unprocessed = unprocessed}});
    }
    release(stream);
  }
  for (auto& [exchange, failure] : failed) exchange->backend_failed(failure);
  link_.closed(*this);
}

}  // namespace weir::proxy
