#include "proxy/exchange.h"

#include <span>
#include <utility>

#include "base/check.h"
#include "http/upgrade.h"
#include "proxy/backend_link.h"
#include "proxy/client_connection.h"
#include "proxy/matcher.h"
#include "proxy/redirect.h"
#include "proxy/tunnel.h"

namespace weir::proxy {
namespace {

using http::HeaderId;
using http::Method;

constexpr std::string_view kPlain = "text/plain; charset=utf-8";
constexpr std::string_view kGrpcUnavailable = "14";

// RFC 9110 9.2.2.
bool idempotent(Method method) {
  return method == Method::get || method == Method::head || method == Method::put || method == Method::delete_ ||
         method == Method::options || method == Method::trace;
}

struct FailureAnswer {
  unsigned status;
  std::string_view sentence;
};

FailureAnswer answer_for(FailureCause cause) {
  switch (cause) {
    case FailureCause::none_in_service:
      return {503, "No backend is in service.\n"};
    case FailureCause::crowded:
      return {503, "Every backend has as much to do as it may.\n"};
    case FailureCause::refused:
      return {502, "The backend refused the connection.\n"};
    case FailureCause::connect_timeout:
      return {504, "The backend could not be reached in time.\n"};
    case FailureCause::handshake:
      return {502, "No TLS session with the backend could be agreed.\n"};
    case FailureCause::response_timeout:
      return {504, "The backend did not answer in time.\n"};
    case FailureCause::drained:
      return {504, "The backend was taken out of service before it answered.\n"};
    case FailureCause::closed:
      return {502, "The backend closed the connection before it had answered.\n"};
    case FailureCause::malformed:
      return {502, "The backend's answer was not understood.\n"};
  }
  return {502, ""};
}

}  // namespace

Exchange::Exchange(Lane& lane) : lane_(lane), silence_(lane.loop(), [this] { on_silence(); }) {}
Exchange::~Exchange() { check(backend_ == nullptr, "an exchange is destroyed without a backend"); }

void Exchange::reset() {
  check(backend_ == nullptr && !in_line_, "an exchange ends without a backend");
  silence_.cancel();
  phase_ = Phase::idle;
  request_ended_ = has_request_trailers_ = false;
  replayable_ = true;
  attempts_ = 0;
  client_ = nullptr;
  pool_ = nullptr;
  forwarded_ = {};
  if (replay_.capacity() > kKeptCapacity) {
    std::string().swap(replay_);
  } else {
    replay_.clear();
  }
  request_debt_ = response_debt_ = 0;
}

void Exchange::start(ClientStream& client, const Entrance& entrance, const ClientOrigin& origin, bool end) {
  client_ = &client;
  phase_ = Phase::waiting;
  request_ended_ = end;
  if (request.method == Method::connect) return answer(405, kPlain, "CONNECT is not served here.\n");
  if (entrance.listener == nullptr) return answer(503, kPlain, "This listener has gone.\n");
  LiveRule* rule = entrance.listener->find({.host = host_of(request.authority()),
                                            .path = request.path(),
                                            .query = request.query(),
                                            .method = request.method_name(),
                                            .source = origin.address,
                                            .fields = &request.fields});
  if (rule == nullptr) return answer(404, kPlain, "No rule matches.\n");
  if (rule->fixed != nullptr) return answer(rule->fixed->status, rule->fixed->content_type, rule->fixed->body);
  if (rule->redirect != nullptr) return redirect(*rule->redirect, entrance);
  pool_ = rule->choice.next();
  if (pool_ == nullptr) return answer(503, kPlain, "Every pool has weight zero.\n");
  // Who came in while the listener spoke HTTP, and still asks.
  if (pool_->spec().protocol == route::PoolProtocol::tcp) return answer(503, kPlain, "This listener has gone.\n");
  ++pool_->counters.requests;
  forward(entrance, origin);
}

void Exchange::forward(const Entrance& entrance, const ClientOrigin& origin) {
  if (request.upgrade && pool_->spec().protocol == route::PoolProtocol::http1) http::keep_offer(request);
  http::strip_hop_by_hop(request.fields);
  if (request.expect_continue) {
    request.fields.remove(HeaderId::expect);
    client_->send_continue();
  }
  if (request.authority().empty()) request.set_authority(entrance.place);
  add_forwarded(entrance, origin);
  patience_ = entrance.idle_timeout;
  watch_silence();
  attempt(FailureCause::refused);
}

void Exchange::add_forwarded(const Entrance& entrance, const ClientOrigin& origin) {
  http::HeaderBlock& fields = request.fields;
  const bool http1 = pool_->spec().protocol == route::PoolProtocol::http1;
  if (entrance.asks_certificates()) origin.tell_certificate(fields);
  if (http1) fields.remove(HeaderId::te);
  const bool fresh = !fields.has(HeaderId::x_forwarded_for) && !fields.has(HeaderId::x_forwarded_proto) &&
                     !fields.has(HeaderId::x_forwarded_port);
  if (http1 && fresh) {
    forwarded_ = origin.lines;
    return;
  }
  std::string chain;
  for (const http::HeaderField field : fields) {
    if (field.id == HeaderId::x_forwarded_for) chain.append(field.value).append(", ");
  }
  chain += origin.address;
  fields.set(HeaderId::x_forwarded_for, chain);
  fields.set(HeaderId::x_forwarded_proto, entrance.scheme());
  fields.set(HeaderId::x_forwarded_port, entrance.port);
}

// Sends the request to the next backend; where there is none, answers: `cause` says why the last one failed.
void Exchange::attempt(FailureCause cause) {
  if (pool_->waiting > 0 && !in_line_) return wait(cause);  // behind those that came before
  while (attempts_ < kMaxAttempts) {
    LiveBackend* backend = pool_->pick(lane_.loop().now(), lane_.random(), {tried_.data(), attempts_});
    if (backend == nullptr && pool_->crowded()) return wait(cause);
    if (backend == nullptr) break;
    if (!pool_->begin(*backend)) continue;
    tried_[attempts_++] = backend;
    backend_ = lane_.link(*backend).open(*this);
    if (backend_ != nullptr) stop_waiting();
    if (backend_ != nullptr && send_request(*backend_)) return;
    const bool opened = backend_ != nullptr;
    detach_backend();
    if (!opened && !pool_->may_take(*backend, lane_.loop().now())) --attempts_;  // another worker has the last place
  }
  stop_waiting();
  answer_failure(attempts_ == 0 ? FailureCause::none_in_service : cause);
}

void Exchange::wait(FailureCause cause) {
  if (in_line_) return;
  last_failure_ = cause;
  in_line_ = lane_.lines().join(*this, *pool_);
  if (!in_line_) answer_failure(FailureCause::crowded);
}

void Exchange::stop_waiting() {
  if (std::exchange(in_line_, false)) lane_.lines().leave(*this, *pool_);
}

bool Exchange::try_again() {
  attempt(last_failure_);
  return !in_line_;
}

// What comes while nobody can take it is kept; the client is told to go on when it has been passed on.
void Exchange::hold(std::string_view body) {
  check(replay_.size() + body.size() <= kWaitingBody, "a client that is not told to go on stops");
  replay_.append(body);
  request_debt_ += body.size();
}

bool Exchange::send_request(BackendStream& backend) {
  const bool end = request_ended_ && replay_.empty() && !has_request_trailers_;
  if (!backend.send_head(request, forwarded_, end)) return false;
  if (!replay_.empty()) backend.send_body(replay_);
  if (request_ended_ && !end) backend.send_end(has_request_trailers_ ? &request_trailers_ : nullptr);
  settle_request_debt();
  return true;
}

void Exchange::request_body(std::string_view bytes) {
  if (in_line_) return hold(bytes);
  if (backend_ == nullptr) {  // answered already: what else comes is dropped
    client_->body_taken(bytes.size());
    return;
  }
  watch_silence();
  if (phase_ == Phase::waiting && replayable_) {
    replayable_ = replay_.size() + bytes.size() <= kReplayLimit;
    if (replayable_) {
      replay_.append(bytes);
    } else {
      std::string().swap(replay_);
    }
  }
  backend_->send_body(bytes);
  request_debt_ += bytes.size();
  if (backend_->unsent() <= kHighMark) settle_request_debt();
}

void Exchange::settle_request_debt() {
  if (request_debt_ == 0 || (backend_ != nullptr && backend_->unsent() > kHighMark)) return;
  client_->body_taken(std::exchange(request_debt_, 0));
}

void Exchange::request_end(http::HeaderBlock* trailers) {
  request_ended_ = true;
  if (trailers != nullptr && !trailers->empty()) {
    std::swap(request_trailers_, *trailers);
    has_request_trailers_ = true;
  }
  if (backend_ != nullptr) backend_->send_end(has_request_trailers_ ? &request_trailers_ : nullptr);
}

void Exchange::backend_writable() { settle_request_debt(); }

void Exchange::client_writable() {
  if (backend_ != nullptr && response_debt_ > 0) backend_->body_taken(std::exchange(response_debt_, 0));
}

void Exchange::client_gone() {
  phase_ = Phase::over;
  stop_waiting();
  if (backend_ == nullptr) return;
  BackendStream* backend = backend_;
  detach_backend();
  backend->cancel();
}

void Exchange::detach_backend() {
  LiveBackend& backend = *current();
  backend_ = nullptr;
  pool_->end(backend);
  if (!backend.serving() && backend.active == 0 && lane_.drained) lane_.drained();
}

// What the answer says of its backend, once it is complete.
void Exchange::note_answer(const http::HeaderBlock* trailers) {
  if (!pool_->spec().outlier) return;
  pool_->note(*current(), outcome_of(response, trailers, grpc()), lane_.loop().now());
}

void Exchange::note_failure() { pool_->note(*current(), Outcome::failed, lane_.loop().now()); }

void Exchange::response_interim() {
  watch_silence();
  if (response.status == 100) return;  // we have said so ourselves
  http::strip_hop_by_hop(response.fields);
  client_->send_interim(response);
}

void Exchange::response_head(bool end) {
  phase_ = end ? Phase::over : Phase::responding;
  replay_.clear();
  count(response.status);
  if (end) note_answer(nullptr);
  http::strip_hop_by_hop(response.fields);
  if (end) {
    silence_.cancel();
    detach_backend();
  } else {
    watch_silence();
  }
  client_->send_head(response, end);
}

void Exchange::response_switch(TunnelSocket backend) {
  phase_ = Phase::over;
  silence_.cancel();
  note_answer(nullptr);
  backend_ = nullptr;  // the tunnel takes the exchange's place on the backend
  const std::string protocol(response.fields.get(HeaderId::upgrade));
  http::strip_hop_by_hop(response.fields);
  client_->send_switch(response, protocol, {*pool_, *current(), patience_}, std::move(backend));
}

void Exchange::response_body(std::string_view bytes) {
  watch_silence();
  client_->send_body(bytes);
  response_debt_ += bytes.size();
  if (client_->unsent() <= kHighMark) client_writable();
}

void Exchange::response_end(const http::HeaderBlock* trailers) {
  phase_ = Phase::over;
  silence_.cancel();
  note_answer(trailers);
  detach_backend();
  client_->send_end(trailers);
}

bool Exchange::may_retry(const BackendFailure& failure) const {
  if (phase_ != Phase::waiting || !replayable_ || attempts_ >= kMaxAttempts) return false;
  // The reset of a reused connection is most likely that of an idle one, but nobody can know: a request whose
  // repetition could do harm is repeated only where the backend certainly saw nothing of it.
  return failure.unprocessed || (failure.reused && failure.cause == FailureCause::closed && idempotent(request.method));
}

void Exchange::backend_failed(const BackendFailure& failure) {
  const bool retry = may_retry(failure);
  // An idle connection that is closed while a request is on its way is nobody's fault.
  if (!failure.reused || failure.cause != FailureCause::closed) note_failure();
  detach_backend();
  if (retry) {
    attempt(failure.cause);
  } else {
    answer_failure(failure.cause);
  }
}

void Exchange::answer_failure(FailureCause cause) {
  ++pool_->counters.failed;
  const auto [status, sentence] = answer_for(cause);
  if (phase_ == Phase::responding) {
    phase_ = Phase::over;
    silence_.cancel();
    return client_->send_abort();
  }
  count(status);
  if (grpc()) return answer_grpc(sentence.substr(0, sentence.size() - 1));
  answer(status, kPlain, sentence);
}

void Exchange::answer(unsigned status, std::string_view content_type, std::string_view body,
                      std::string_view location) {
  phase_ = Phase::over;
  silence_.cancel();
  response.clear();
  response.status = static_cast<std::uint16_t>(status);
  if (!content_type.empty()) response.fields.add(HeaderId::content_type, content_type);
  if (!location.empty()) response.fields.add(HeaderId::location, location);
  response.content_length = body.size();
  response.body = body.empty() ? http::BodyKind::none : http::BodyKind::length;
  response.fields.add(HeaderId::content_length, std::to_string(body.size()));
  const bool end = body.empty() || request.method == Method::head;
  client_->send_head(response, end);
  if (end) return;
  client_->send_body(body);
  client_->send_end(nullptr);
}

void Exchange::redirect(const route::Redirect& to, const Entrance& entrance) {
  const std::string_view authority = request.authority().empty() ? entrance.place : request.authority();
  const std::string location = location_of(to, {.protocol = entrance.scheme(),
                                                .host = host_of(authority),
                                                .port = entrance.port,
                                                .path = request.path(),
                                                .query = request.query()});
  answer(to.status, {}, {}, location);
}

// gRPC over HTTP/2, "Trailers-Only": the status in the one and only header block.
void Exchange::answer_grpc(std::string_view message) {
  phase_ = Phase::over;
  silence_.cancel();
  response.clear();
  response.status = 200;
  response.fields.add(HeaderId::content_type, "application/grpc");
  response.fields.add(HeaderId::grpc_status, kGrpcUnavailable);
  response.fields.add(HeaderId::grpc_message, message);
  client_->send_head(response, true);
}

bool Exchange::grpc() const { return request.fields.get(HeaderId::content_type).starts_with("application/grpc"); }

void Exchange::count(unsigned status) {
  route::PoolCounters& counters = pool_->counters;
  switch (status / 100) {
    case 2:
      ++counters.status_2xx;
      break;
    case 3:
      ++counters.status_3xx;
      break;
    case 4:
      ++counters.status_4xx;
      break;
    default:
      ++counters.status_5xx;
      break;
  }
}

void Exchange::on_silence() {
  give_up(FailureCause::response_timeout);
  lane_.flush();
}

bool Exchange::give_up(FailureCause cause) {
  if (in_line_) {
    stop_waiting();
    answer_failure(cause == FailureCause::response_timeout ? FailureCause::crowded : cause);
    return true;
  }
  if (backend_ == nullptr) return false;
  BackendStream* backend = backend_;
  if (cause == FailureCause::response_timeout) note_failure();
  detach_backend();
  backend->cancel();
  answer_failure(cause);
  return true;
}

}  // namespace weir::proxy
