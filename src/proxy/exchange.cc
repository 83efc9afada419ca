#include "proxy/exchange.h"

#include <utility>

#include "base/check.h"
#include "proxy/grpc.h"
#include "proxy/retry.h"
#include "proxy/tunnel.h"

namespace weir::proxy {

Exchange::Exchange(Lane& lane)
    : lane_(lane),
      silence_(lane.loop(), [this] { on_silence(); }),
      deadline_(lane.loop(), [this] { time_out(FailureCause::request_timeout); }),
      try_timer_(lane.loop(), [this] { on_try_timer(); }) {}

Exchange::~Exchange() { check(backend_ == nullptr, "an exchange is destroyed without a backend"); }

void Exchange::reset() {
  check(backend_ == nullptr && !in_line_, "an exchange ends without a backend");
  check(phase_ == Phase::idle || phase_ == Phase::over, "an exchange ends once it is over");
  phase_ = Phase::idle;
  request_ended_ = has_request_trailers_ = false;
  replayable_ = true;
  sticks_ = named_ = false;
  attempts_ = retries_ = 0;
  cause_ = FailureCause::none_in_service;
  retry_ = {};
  client_ = nullptr;
  pool_ = gate_ = nullptr;
  forwarded_ = {};
  rule_cookie_.clear();
  if (replay_.capacity() > kKeptCapacity) {
    std::string().swap(replay_);
  } else {
    replay_.clear();
  }
  progress_ = 0;
  request_debt_ = response_debt_ = 0;
  record_.clear();
}

bool Exchange::send_request(BackendStream& backend) {
  const bool end = request_ended_ && replay_.empty() && !has_request_trailers_;
  if (!backend.send_head(request, forwarded_, end)) return false;
  if (!replay_.empty()) backend.send_body(replay_);
  if (replay_.size() > kReplayLimit) {  // more than that was held back only until there was a backend
    replayable_ = false;
    replay_ = std::string();
  }
  if (request_ended_ && !end) backend.send_end(has_request_trailers_ ? &request_trailers_ : nullptr);
  settle_request_debt();
  return true;
}

void Exchange::keep_for_replay(std::string_view bytes) {
  if (!replayable_) return;
  replayable_ = replay_.size() + bytes.size() <= kReplayLimit || backend_ == nullptr;
  if (replayable_) {
    check(replay_.size() + bytes.size() <= kWaitingBody, "a client that is not told to go on stops");
    replay_.append(bytes);
  } else {
    std::string().swap(replay_);
  }
}

void Exchange::request_body(std::string_view bytes) {
  record_.bytes_in += bytes.size();
  if (phase_ == Phase::over) return client_->body_taken(bytes.size());  // answered already: what else comes is dropped
  request_debt_ += bytes.size();
  if (record_.bytes_in > max_body_) return decline_body();
  if (!in_line_) watch_silence();
  if (phase_ == Phase::waiting) keep_for_replay(bytes);
  if (backend_ == nullptr) return;  // send_request goes on with it
  backend_->send_body(bytes);
  settle_request_debt();
}

void Exchange::settle_request_debt() {
  if (request_debt_ == 0 || backend_ == nullptr || backend_->unsent() > kHighMark) return;
  client_->body_taken(std::exchange(request_debt_, 0));
}

void Exchange::request_end(http::HeaderBlock* trailers) {
  request_ended_ = true;
  if (trailers != nullptr && !trailers->empty()) {
    std::swap(request_trailers_, *trailers);
    has_request_trailers_ = true;
  }
  if (backend_ == nullptr) return;
  if (phase_ == Phase::waiting) meter_.sent_request(lane_.loop().now());
  backend_->send_end(has_request_trailers_ ? &request_trailers_ : nullptr);
}

void Exchange::backend_writable() { settle_request_debt(); }

void Exchange::client_writable() {
  if (backend_ != nullptr && response_debt_ > 0) backend_->body_taken(std::exchange(response_debt_, 0));
}

void Exchange::client_gone(std::uint16_t status) {
  if (phase_ == Phase::waiting || phase_ == Phase::responding) {
    record_.status = status;
    conclude(Ending::client_gone);
  }
  drop_backend();
}

void Exchange::detach_backend() {
  LiveBackend& backend = *current();
  backend_ = nullptr;
  pool_->end(backend);
  if (!backend.serving() && backend.active == 0 && lane_.drained) lane_.drained();
}

void Exchange::drop_backend() {
  if (backend_ == nullptr) return;
  BackendStream* backend = backend_;
  detach_backend();
  backend->cancel();
}

// What the answer says of its backend, once it is complete.
void Exchange::note_answer(const http::HeaderBlock* trailers) {
  if (!pool_->spec().outlier) return;
  pool_->note(*current(), outcome_of(response, trailers, is_grpc(request.fields)), lane_.loop().now());
}

void Exchange::note_failure() { pool_->note(*current(), Outcome::failed, lane_.loop().now()); }

void Exchange::response_interim() {
  watch_silence();
  if (response.status == 100) return;  // we have said so ourselves
  http::strip_hop_by_hop(response.fields);
  client_->send_interim(response);
}

void Exchange::response_head(bool end) {
  try_timer_.cancel();
  meter_.responded(*current(), response.status, lane_.loop().now());
  if (retry_.on != 0 && retry_response(end)) return;
  replay_.clear();
  record_.status = response.status;
  if (end) note_answer(nullptr);
  http::strip_hop_by_hop(response.fields);
  if (sticks_) add_cookies();
  if (pool_->spec().envoy_headers) add_envoy_headers();
  if (end) {
    detach_backend();
    conclude(Ending::answered);
  } else {
    phase_ = Phase::responding;
    watch_silence();
  }
  client_->send_head(response, end);
}

void Exchange::response_switch(TunnelSocket backend) {
  record_.status = response.status;
  meter_.responded(*current(), response.status, lane_.loop().now());
  note_answer(nullptr);
  backend_ = nullptr;  // the tunnel takes the exchange's place on the backend
  const std::string protocol(response.fields.get(http::HeaderId::upgrade));
  http::strip_hop_by_hop(response.fields);
  if (sticks_) add_cookies();
  if (pool_->spec().envoy_headers) add_envoy_headers();
  settle(Ending::answered);
  auto record = meter_.end_in_tunnel(record_, request, response, lane_.loop());
  client_->send_switch(response, protocol, {*pool_, *current(), patience_, std::move(record)}, std::move(backend));
}

void Exchange::response_body(std::string_view bytes) {
  watch_silence();
  record_.bytes_out += bytes.size();
  client_->send_body(bytes);
  response_debt_ += bytes.size();
  if (client_->unsent() <= kHighMark) client_writable();
}

void Exchange::response_end(const http::HeaderBlock* trailers) {
  note_answer(trailers);
  detach_backend();
  conclude(Ending::answered);
  client_->send_end(trailers);
}

void Exchange::backend_failed(const BackendFailure& failure) {
  try_timer_.cancel();
  // An idle connection that is closed while a request is on its way is nobody's fault.
  if (!failure.reused || failure.cause != FailureCause::closed) note_failure();
  meter_.try_failed(*current(), failure.cause);
  detach_backend();
  cause_ = failure.cause;
  if (phase_ == Phase::waiting) {
    if (safe_to_repeat(failure) && attempt(Choice::untried_only)) return;
    if (retry_later(retry_events(cause_))) return;
  }
  fail(cause_);
}

// Once for each exchange, before the client is told the last of it: the record is complete.
void Exchange::conclude(Ending ending) {
  settle(ending);
  meter_.end(record_, request, response, lane_.loop());
}

void Exchange::settle(Ending ending) {
  phase_ = Phase::over;
  silence_.cancel();
  deadline_.cancel();
  try_timer_.cancel();
  waits_to_retry_ = false;
  if (record_.ending == Ending::under_way) record_.ending = ending;
  if (attempts_ > 0) record_.backend = current();
  if (pool_ == nullptr) return;
  stop_waiting();
  leave_gate();
  give_back_retry();
  pool_->budget.end_request();
}

// Bytes that are on their way to a slow reader are no silence, though nobody says anything new meanwhile.
void Exchange::on_silence() {
  const bool to_client = client_->unsent() > 0, to_backend = backend_ != nullptr && backend_->unsent() > 0;
  if (to_client || to_backend) {
    const std::uint64_t now = client_->progress() + (backend_ != nullptr ? backend_->progress() : 0);
    if (std::exchange(progress_, now) != now) return watch_silence();
  }
  const bool clients_turn = !request_ended_ && phase_ == Phase::waiting && !to_backend && !waits_to_retry_ && !in_line_;
  time_out(clients_turn ? FailureCause::client_silent : FailureCause::response_timeout);
}

bool Exchange::give_up(FailureCause cause) {
  if (phase_ != Phase::waiting && phase_ != Phase::responding) return false;
  if (backend_ != nullptr && cause == FailureCause::response_timeout) note_failure();
  if (backend_ != nullptr) meter_.try_failed(*current(), cause);
  drop_backend();
  fail(in_line_ && cause == FailureCause::response_timeout ? FailureCause::crowded : cause);
  return true;
}

void Exchange::time_out(FailureCause cause) {
  (void)give_up(cause);
  lane_.flush();
}

}  // namespace weir::proxy
