#include "proxy/client_h2.h"

#include <algorithm>
#include <utility>

#include "proxy/exchange.h"
#include "proxy/limits.h"
#include "proxy/tcp_facts.h"

namespace weir::proxy {

using http::H2Code;
using http::StreamId;

namespace {
constexpr std::uint64_t kGoawayPing = 0x77656972;  // what the PING behind the first GOAWAY of a graceful end says
}

struct ClientH2::Stream final : ClientStream {
  explicit Stream(ClientH2& owner) : connection(owner) {}

  ClientH2& connection;
  std::size_t slot = 0;
  StreamId id = 0;
  Exchange* exchange = nullptr;  // null once it is over
  H2Outgoing out;
  bool relieved = false;
  bool refuses_rest = false;

  void send_continue() override {
    http::ResponseHead head;
    head.status = 100;
    send_interim(head);
  }
  void send_interim(const http::ResponseHead& head) override {
    (void)connection.session().submit_response(id, head, http::H2Body::follows);
    connection.wake();
  }
  void send_head(const http::ResponseHead& head, bool end) override {
    const auto sent = connection.session().submit_response(id, head, end ? http::H2Body::none : http::H2Body::follows);
    if (!sent) connection.session().reset(id, H2Code::internal_error);
    connection.wake();
    if (end) connection.finish_exchange(*this);
  }
  void send_body(std::string_view bytes) override {
    out.append(bytes);
    resume();
  }
  void send_end(const http::HeaderBlock* trailers) override {
    out.end(trailers);
    resume();
    connection.finish_exchange(*this);
  }
  void send_abort() override {
    connection.session().reset(id, H2Code::internal_error);
    connection.wake();
    connection.finish_exchange(*this);
  }
  void resume() {
    connection.session().resume(id);
    connection.wake();
  }
  bool speaks_http2() const override { return true; }
  void refuse_rest() override {
    refuses_rest = true;
    connection.refusing_.push_back(this);
  }
  std::size_t unsent() const override { return out.unsent(); }
  std::uint64_t progress() const override { return connection.progress_of(id, out); }
  void body_taken(std::size_t size) override {
    connection.session().consume(id, size);
    connection.wake();
  }
};

ClientH2::ClientH2(Lane& lane, Entrance& entrance, ClientOrigin origin, net::Fd socket, TlsPointer tls)
    : ClientConnection(entrance, std::move(origin)),
      H2Wire(lane, std::move(socket), std::move(tls), http::H2Session::Side::server),
      timer_(lane.loop(), [this] { on_timer(); }) {
  lane.loop().watch(fd(), net::kReadable, *this);
  timer_.arm(lane.loop().now() + entrance.idle_timeout);
  wake();
}

ClientH2::~ClientH2() {
  while (!streams_.empty()) release(*streams_.back());
  close_socket();
}

void ClientH2::receive(std::string_view in) {
  feed(in);
  if (entrance_.closing) finish_soon({});
}

void ClientH2::take_over() {
  wire_ready(net::kReadable);
  if (entrance_.closing) finish_soon({});
}

void ClientH2::on_ready(std::uint32_t events) {
  wire_ready(events);
  lane_.flush();
}

void ClientH2::finish_soon(Duration) {
  if (finishing_ || !open()) return;
  finishing_ = true;
  session().shutdown_notice();
  ping_due_ = true;
  timer_.arm(lane_.loop().now() + kGoawayDelay);
  wake();
}

// The client has seen the first GOAWAY: what it opened before has come, and it opens nothing more (RFC 9113 6.8).
void ClientH2::on_pong(std::uint64_t payload) {
  if (payload != kGoawayPing || !finishing_ || ended_ || !timer_.armed()) return;
  timer_.cancel();
  on_timer();
}

void ClientH2::end() {
  if (!open()) return;
  if (lingering_) return close();
  std::vector<Stream*> late;
  for (const auto& stream : streams_) {
    if (stream->exchange != nullptr) late.push_back(stream.get());
  }
  for (Stream* stream : late) {
    if (!stream->exchange->give_up(FailureCause::drained)) session().reset(stream->id, H2Code::cancel);
  }
  finishing_ = ended_ = true;
  session().goaway(H2Code::no_error);
  timer_.arm(lane_.loop().now() + kLingerTime);
  wake();
  lane_.flush();
}

void ClientH2::on_timer() {
  if (ended_) return close();
  if (lingering_) return watch_lingering();
  if (!finishing_ && !streams_.empty()) {
    timer_.arm(lane_.loop().now() + entrance_.idle_timeout);
    return;
  }
  finishing_ = true;
  session().goaway(H2Code::no_error);
  wake();
}

void* ClientH2::on_request(StreamId id, http::RequestHead& head, bool end) {
  if (free_.empty()) free_.push_back(std::make_unique<Stream>(*this));
  Stream& stream = *free_.back();
  stream.slot = streams_.size();
  streams_.push_back(std::move(free_.back()));
  free_.pop_back();
  stream.id = id;
  stream.exchange = lane_.take_exchange();
  std::swap(stream.exchange->request, head);
  if (!finishing_) timer_.arm(lane_.loop().now() + entrance_.idle_timeout);
  session().set_user(id, &stream);  // an answer may end the stream before this returns
  stream.exchange->start(stream, entrance_, origin_, end);
  return &stream;
}

// What is no request counts as one that was refused, as over HTTP/1.1; one too many is asked again elsewhere.
void ClientH2::on_refused(StreamId, H2Code code) {
  if (code == H2Code::refused_stream) return entrance_.tally->count(Count::refused_too_many);
  const bool large = code == H2Code::enhance_your_calm;
  entrance_.tally->count(large ? Count::refused_too_large : Count::refused_malformed);
  meter_refusal(entrance_, origin_, large ? 431 : 400, lane_.loop());
}

void ClientH2::on_data(StreamId id, void* user, std::string_view bytes) {
  Stream& stream = *static_cast<Stream*>(user);
  if (stream.exchange == nullptr) return session().consume(id, bytes.size());
  stream.exchange->request_body(bytes);
}

void ClientH2::on_trailers(StreamId, void* user, http::HeaderBlock& trailers) {
  Stream& stream = *static_cast<Stream*>(user);
  if (stream.exchange != nullptr) stream.exchange->request_end(&trailers);
}

void ClientH2::on_end(StreamId, void* user) {
  Stream& stream = *static_cast<Stream*>(user);
  if (stream.exchange != nullptr && !stream.exchange->request_ended()) stream.exchange->request_end(nullptr);
}

void ClientH2::on_closed(StreamId, void* user, H2Code) { release(*static_cast<Stream*>(user)); }

http::H2BodyPart ClientH2::next_body(StreamId id, void* user, std::size_t max) {
  Stream& stream = *static_cast<Stream*>(user);
  const http::H2BodyPart part = stream.out.next(max);
  if (part.then == http::H2BodyPart::Then::trailers) (void)session().submit_trailers(id, stream.out.trailers());
  if (stream.exchange != nullptr && !stream.relieved && stream.out.unsent() <= kLowMark) {
    stream.relieved = true;
    relieved_.push_back(&stream);
  }
  return part;
}

void ClientH2::finish_exchange(Stream& stream) {
  Exchange* exchange = std::exchange(stream.exchange, nullptr);
  if (exchange == nullptr) return;
  lane_.give_exchange(exchange);
}

void ClientH2::release(Stream& stream) {
  if (Exchange* exchange = std::exchange(stream.exchange, nullptr)) {
    exchange->client_gone();
    lane_.give_exchange(exchange);
  }
  stream.out.reset();
  if (stream.relieved) std::erase(relieved_, &stream);
  stream.relieved = false;
  if (stream.refuses_rest) std::erase(refusing_, &stream);
  stream.refuses_rest = false;
  const std::size_t slot = stream.slot;
  free_.push_back(std::move(streams_[slot]));
  if (slot + 1 != streams_.size()) {
    streams_[slot] = std::move(streams_.back());
    streams_[slot]->slot = slot;
  }
  streams_.pop_back();
}

void ClientH2::wire_drained() {
  while (!relieved_.empty()) {
    Stream& stream = *relieved_.back();
    relieved_.pop_back();
    stream.relieved = false;
    if (stream.exchange != nullptr) stream.exchange->client_writable();
  }
  if (!refusing_.empty()) end_refused();
  if (finishing_) go_on_finishing();
}

void ClientH2::go_on_finishing() {
  if (session().wants_write()) return;
  if (std::exchange(ping_due_, false)) {  // not with the GOAWAY that it is to follow: a PING overtakes other frames
    session().ping(kGoawayPing);
    wake();
  } else if (streams_.empty() && !timer_.armed() && queued() == 0) {
    linger();
  }
}

void ClientH2::wire_finished() {
  if (finishing_ && session().fault() == H2Code::no_error) return linger();
  close();
}

// Everything is said, but the client may still read it, and speak meanwhile: a socket that is closed then resets.
void ClientH2::linger() {
  if (std::exchange(lingering_, true)) return;
  end_sending();
  taken_at_ = lane_.loop().now();
  watch_lingering();
}

// As long as the client takes what lies in the kernel, and a little longer.
void ClientH2::watch_lingering() {
  const Instant now = lane_.loop().now();
  const std::uint64_t taken = acknowledged_bytes(fd()).value_or(0);
  if (std::exchange(taken_, taken) != taken) taken_at_ = now;
  const Duration patience = taken >= total_sent() ? Duration(kLingerTime) : entrance_.idle_timeout;
  if (now - taken_at_ >= patience) return close();
  timer_.arm(now + kLingerTime);
}

// Requests whose answer has left and whose rest is not wanted (RFC 9113 section 8.1).
void ClientH2::end_refused() {
  for (std::size_t i = refusing_.size(); i > 0; --i) {
    Stream& stream = *refusing_[i - 1];
    if (stream.exchange != nullptr || stream.out.unsent() > 0 || session().wants_write()) continue;
    stream.refuses_rest = false;
    refusing_.erase(refusing_.begin() + static_cast<std::ptrdiff_t>(i - 1));
    session().reset(stream.id, H2Code::no_error);
  }
  if (session().wants_write()) wake();
}

void ClientH2::wire_broken() { close(); }

void ClientH2::close() {
  if (!open()) return;
  if (session().fault() != H2Code::no_error) entrance_.tally->count(Count::protocol_faults);
  timer_.cancel();
  while (!streams_.empty()) release(*streams_.back());
  close_socket();
  lane_.leave(*this);
}

}  // namespace weir::proxy
