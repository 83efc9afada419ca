#include "wire/connection.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <limits>
#include <span>
#include <utility>

#include "base/check.h"
#include "base/http_date.h"
#include "wire/api_server.h"

namespace weir::wire {
namespace {

constexpr std::string_view kRoutes = "/_weir/";
constexpr std::size_t kNeverAsked = std::numeric_limits<std::size_t>::max();

}  // namespace

// --- ResponseStream ---------------------------------------------------------------------------------------------

ResponseStream::~ResponseStream() {
  if (connection_) std::exchange(connection_, nullptr)->abandon();
}

void ResponseStream::reply(Reply whole) {
  if (connection_) std::exchange(connection_, nullptr)->send_reply(whole);
}

void ResponseStream::start(Reply head) {
  if (connection_) connection_->start_stream(head);
}

void ResponseStream::write(std::string_view bytes) {
  if (connection_) connection_->write_stream(bytes);
}

void ResponseStream::finish() {
  if (connection_) std::exchange(connection_, nullptr)->finish_stream();
}

std::size_t ResponseStream::waiting() const { return connection_ ? connection_->out_.size() - connection_->sent_ : 0; }

void ResponseStream::lost() {
  connection_ = nullptr;
  if (on_closed_) std::exchange(on_closed_, nullptr)();
}

// --- Connection: reading ----------------------------------------------------------------------------------------

Connection::Connection(ApiServer& server, net::Fd socket)
    : server_(server),
      socket_(std::move(socket)),
      timer_(server.loop_, [this] { on_timeout(); }),
      waiting_since_(server.loop_.now()) {
  watched_ = net::kReadable;
  server_.loop_.watch(socket_.get(), watched_, *this);
  timer_.arm(server_.loop_.now() + server_.options_.idle_timeout);
}

Connection::~Connection() {
  release_body();
  if (stream_) std::exchange(stream_, nullptr)->lost();
  if (socket_) server_.loop_.unwatch(socket_.get());
}

void Connection::on_ready(std::uint32_t events) {
  if (state_ == State::closed) return;
  if (events & (net::kError | net::kHangUp)) return close();
  if (events & net::kWritable) {
    flush();
    if (state_ == State::reading && !in_.empty()) parse();
  }
  if (state_ != State::closed && (events & net::kReadable)) receive();
  if (state_ != State::closed) settle();
}

void Connection::on_timeout() {
  if (state_ == State::closed) return;
  if (state_ == State::reading && half_read_) {
    refuse(route_error(408, "The request did not arrive in time"));
    if (state_ != State::closed) settle();
    return;
  }
  close();
}

void Connection::receive() {
  std::array<char, kReadSize> buffer;
  const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
  if (got < 0) {
    if (errno != EAGAIN && errno != EINTR) close();
    return;
  }
  if (got == 0) {
    peer_done_ = true;
    // A client that stops sending may still wait for its answer, but one that follows a stream has gone.
    if (state_ == State::answering && !streaming_) return;
    return sent_ < out_.size() && !streaming_ ? linger() : close();
  }
  if (state_ == State::lingering) return;
  if (!half_read_ && state_ == State::reading) {
    half_read_ = true;
    waiting_since_ = server_.loop_.now();
    timer_.arm(waiting_since_ + server_.options_.head_timeout);
  }
  in_.append(buffer.data(), static_cast<std::size_t>(got));
  parse();
}

void Connection::parse() {
  if (parsing_) return;
  parsing_ = true;
  std::string_view rest = in_;
  while (state_ == State::reading && out_.size() - sent_ < kMaxUnsent) {
    const http::H1Step step = parser_.next(rest, head_);
    rest.remove_prefix(step.consumed);
    if (!take(step)) break;
  }
  const bool more = state_ == State::reading || state_ == State::answering;
  in_.erase(0, more ? in_.size() - rest.size() : std::string::npos);
  parsing_ = false;
}

bool Connection::take(const http::H1Step& step) {
  switch (step.event) {
    case http::H1Event::need_more:
      if (parser_.idle()) half_read_ = false;
      return false;
    case http::H1Event::head:
      on_head();
      return true;
    case http::H1Event::body:
      on_body(step.bytes);
      return true;
    case http::H1Event::complete:
      on_complete();
      return true;
    case http::H1Event::tunnel:
    case http::H1Event::error:
      refuse(route_error(step.status == 0 ? 400 : step.status, step.reason));
      return false;
  }
  return false;
}

bool Connection::body_fits(std::uint64_t size) const {
  return size <= (route_ ? route_->max_body : server_.options_.max_body);
}

void Connection::choose_route() {
  route_ = nullptr;
  if (!head_.path().starts_with(kRoutes)) return;
  bool other_method = false;
  route_ = find_route(server_.routes_, head_.method_name(), head_.path(), &other_method);
  if (route_) return;
  refuse(other_method ? route_error(405, "The path has no such method") : route_error(404, "There is no such path"));
}

// With keys, a body is taken to disk only for a head whose signature is right, digest of the body included; whether the
// body keeps to that digest is seen at its end.
bool Connection::admit_upload() {
  const std::string claimed(head_.fields.find("x-amz-content-sha256").value_or(""));
  if (route_->access == Access::signed_only) {
    if (auto admitted = server_.facade_.admit(head_, claimed); !admitted) {
      refuse(route_error(403, admitted.error().message));
      return false;
    }
    if (!claimed.empty() && claimed != sign::kUnsignedPayload) digest_.emplace();
  }
  auto file = SpooledFile::create(server_.options_.spool_directory);
  if (!file) {
    server_.log_.error(file.error().message);
    refuse(route_error(500, "The upload cannot be kept"));
    return false;
  }
  file_ = std::move(*file);
  return true;
}

void Connection::on_head() {
  half_read_ = true;
  body_.clear();
  file_.reset();
  digest_.reset();
  body_size_ = 0;
  close_after_ = !head_.keep_alive;
  choose_route();
  if (state_ != State::reading) return;
  if (head_.body == http::BodyKind::length && !body_fits(head_.content_length)) {
    return refuse_body();
  }
  if (route_ && route_->body == Body::spooled && !admit_upload()) return;
  if (head_.expect_continue && head_.body != http::BodyKind::none) {
    out_ += http::kContinue;
    flush();
  }
  if (state_ == State::reading) timer_.arm(server_.loop_.now() + server_.options_.body_timeout);
}

void Connection::on_body(std::string_view bytes) {
  body_size_ += bytes.size();
  if (!body_fits(body_size_)) return refuse_body();
  timer_.arm(server_.loop_.now() + server_.options_.body_timeout);
  if (!file_) {
    held_ += bytes.size();
    server_.bodies_ += bytes.size();
    if (server_.bodies_ > server_.options_.max_bodies) {
      return refuse(route_error(503, "Too many bodies are being received"));
    }
    body_ += bytes;
    return;
  }
  if (digest_) digest_->add(bytes);
  if (auto written = file_->write(bytes); !written) {
    server_.log_.error(written.error().message);
    refuse(route_error(written.error().code == "Full" ? 507 : 500, "The upload cannot be kept"));
  }
}

void Connection::on_complete() {
  state_ = State::answering;
  half_read_ = false;
  release_body();
  timer_.cancel();
  if (route_) return handle_route();
  const Reply reply = server_.facade_.handle(head_, body_);
  body_ = {};
  send_reply(reply);
}

void Connection::handle_route() {
  if (digest_ && sign::hex(digest_->finish()) != head_.fields.find("x-amz-content-sha256").value_or("")) {
    return send_reply(route_error(403, "The body is not the one that was signed"));
  }
  if (!file_ && route_->access == Access::signed_only) {
    if (auto admitted = server_.facade_.admit(head_, sign::hex(sign::sha256(body_))); !admitted) {
      return send_reply(route_error(403, admitted.error().message));
    }
  }
  auto stream = std::make_shared<ResponseStream>(*this);
  stream_ = stream.get();
  RouteRequest request{.head = head_,
                       .rest = head_.path().substr(route_->prefix.size()),
                       .body = std::move(body_),
                       .file = file_ ? std::move(*file_) : SpooledFile()};
  body_ = {};
  file_.reset();
  route_->handle(std::move(request), std::move(stream));
}

// --- Connection: answering --------------------------------------------------------------------------------------

void Connection::refuse_body() {
  refuse(route_ ? route_error(413, "The body is larger than this path allows") : server_.facade_.refuse_body(head_));
}

void Connection::release_body() { server_.bodies_ -= std::exchange(held_, 0); }

void Connection::write_head(const Reply& reply, http::H1WriteOptions options) {
  http::ResponseHead head;
  head.status = reply.status;
  for (const auto& [name, value] : reply.fields) head.fields.add(name, value);
  head.fields.add(http::HeaderId::date, to_http_date(server_.loop_.wall()));
  options.close = close_after_;
  options.keep_alive = !close_after_ && head_.version == http::Version::http1_0;
  const std::size_t before = out_.size();
  out_.resize(before + http::head_size_bound(head, options));
  const std::size_t written = http::write_response_head(std::span(out_).subspan(before), head, options);
  check(written > 0, "a head fits into its bound");
  out_.resize(before + written);
}

void Connection::send_reply(const Reply& reply) {
  stream_ = nullptr;
  write_head(reply, {.framing = http::H1Framing::length, .length = reply.body.size()});
  if (head_.method != http::Method::head) out_ += reply.body;
  answered();
}

void Connection::start_stream(const Reply& reply) {
  check(!streaming_, "an answer starts once");
  streaming_ = true;
  chunked_ = head_.version == http::Version::http1_1;
  close_after_ = close_after_ || !chunked_;
  write_head(reply, {.framing = chunked_ ? http::H1Framing::chunked : http::H1Framing::until_close});
  if (!reply.body.empty()) return write_stream(reply.body);
  flush();
  if (state_ != State::closed) settle();
}

void Connection::write_stream(std::string_view bytes) {
  check(streaming_, "an answer is started before it goes on");
  if (bytes.empty() || head_.method == http::Method::head) return;
  if (chunked_) {
    std::array<char, http::kChunkPrefixMax> prefix;
    const std::size_t size = http::write_chunk_prefix(prefix, bytes.size());
    out_.append(prefix.data(), size);
  }
  out_ += bytes;
  if (chunked_) out_ += http::kChunkEnd;
  flush();
  if (state_ == State::closed) return;
  if (out_.size() - sent_ > kMaxWaitingOutput) return close();
  settle();
}

void Connection::finish_stream() {
  stream_ = nullptr;
  if (chunked_ && head_.method != http::Method::head) out_ += http::kLastChunk;
  answered();
}

// The handler let go of its stream: what was begun cannot be completed.
void Connection::abandon() {
  stream_ = nullptr;
  if (state_ != State::answering) return;
  if (streaming_) return close();
  close_after_ = true;
  send_reply(route_error(500, "The request was not answered"));
}

void Connection::refuse(const Reply& reply) {
  close_after_ = true;
  send_reply(reply);
}

void Connection::answered() {
  streaming_ = false;
  chunked_ = false;
  state_ = State::reading;
  half_read_ = false;
  flush();
  if (state_ == State::closed) return;
  if (close_after_ || peer_done_) return linger();
  if (sent_ < out_.size()) {
    waiting_since_ = server_.loop_.now();
    timer_.arm(waiting_since_ + server_.options_.write_timeout);
    untaken_ = kNeverAsked;
  }
  parse();  // nothing where this answer was given from within it
  if (state_ != State::closed) settle();
}

void Connection::flush() {
  while (sent_ < out_.size()) {
    const ssize_t sent = ::send(socket_.get(), out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) break;
    if (sent < 0) return close();
    sent_ += static_cast<std::size_t>(sent);
    if (sent_ < out_.size()) timer_.arm(server_.loop_.now() + server_.options_.write_timeout);
  }
  if (sent_ < out_.size()) return;
  out_.clear();
  sent_ = 0;
  if (state_ == State::answering) timer_.cancel();
  if (state_ == State::reading && !half_read_) {
    waiting_since_ = server_.loop_.now();
    timer_.arm(waiting_since_ + server_.options_.idle_timeout);
  }
  if (state_ == State::lingering) {
    ::shutdown(socket_.get(), SHUT_WR);
    timer_.arm(server_.loop_.now() + kLingerTimeout);
    if (peer_done_) close();
  }
}

// The kernel takes much at once and then nothing for long: what counts is what has arrived at the client's.
void Connection::note_progress() {
  int on_its_way = 0;
  if (sent_ == out_.size() || ::ioctl(socket_.get(), SIOCOUTQ, &on_its_way) != 0) return;
  const std::size_t untaken = out_.size() - sent_ + static_cast<std::size_t>(on_its_way);
  if (untaken < std::exchange(untaken_, untaken)) waiting_since_ = server_.loop_.now();
}

void Connection::linger() {
  state_ = State::lingering;
  release_body();
  body_ = {};
  in_.clear();
  flush();
  if (state_ != State::closed) settle();
}

void Connection::settle() {
  std::uint32_t wanted = 0;
  if (!peer_done_ && in_.size() < kMaxWaitingInput) wanted |= net::kReadable;
  if (sent_ < out_.size()) wanted |= net::kWritable;
  if (wanted == watched_) return;
  watched_ = wanted;
  server_.loop_.change(socket_.get(), wanted);
}

void Connection::close() {
  if (state_ == State::closed) return;
  state_ = State::closed;
  timer_.cancel();
  release_body();
  server_.loop_.unwatch(socket_.get());
  socket_.reset();
  if (stream_) std::exchange(stream_, nullptr)->lost();
  server_.retire(*this);
}

}  // namespace weir::wire
