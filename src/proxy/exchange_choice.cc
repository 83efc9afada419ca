// Who gets the request of an Exchange: its rule, its pool, its backend, and the next backend where that one failed.
#include <span>
#include <utility>

#include "http/limits.h"
#include "http/upgrade.h"
#include "proxy/backend_link.h"
#include "proxy/client_connection.h"
#include "proxy/cookies.h"
#include "proxy/exchange.h"
#include "proxy/forwarded.h"
#include "proxy/matcher.h"
#include "proxy/retry.h"
#include "proxy/rewrite.h"

namespace weir::proxy {
namespace {

using http::HeaderId;
using http::Method;

// RFC 9110 9.2.2.
bool idempotent(Method method) {
  return method == Method::get || method == Method::head || method == Method::put || method == Method::delete_ ||
         method == Method::options || method == Method::trace;
}

}  // namespace

void Exchange::start(ClientStream& client, const Entrance& entrance, const ClientOrigin& origin, bool end) {
  client_ = &client;
  phase_ = Phase::waiting;
  request_ended_ = end;
  meter_.begin(entrance, origin, request, lane_.loop().now());
  if (!admits(entrance)) return;
  LiveRule* rule = find_rule(*entrance.listener, origin.address);
  if (rule != nullptr && rule->changes) rule = pass_on(*rule, entrance.log != nullptr);
  if (rule == nullptr) return decline(404, "No rule matches.\n");
  meter_.matched(*rule);
  if (entrance.listener->spec->access_log) record_.rule = rule->spec->id;
  if (rule->fixed != nullptr) return answer(rule->fixed->status, rule->fixed->content_type, rule->fixed->body);
  if (rule->redirect != nullptr) return redirect(*rule->redirect, entrance, origin);
  const auto& to = std::get<route::Forward>(rule->spec->action);
  LivePool* pool = choose_pool(*rule, to);
  if (pool == nullptr) return decline(503, "Every pool has weight zero.\n");
  // Who came in while the listener spoke HTTP, and still asks.
  if (pool->spec().protocol == route::PoolProtocol::tcp) return decline(503, "This listener has gone.\n");
  pool_ = pool;
  pool_->budget.begin_request();
  meter_.chose(*pool);
  heed(to, entrance);
  if (entrance.listener->spec->pool_limits) gate_ = lane_.gates().of(*entrance.listener->spec, *pool);
  forward(entrance, origin);
}

// False: the request is not taken, and has been told so.
bool Exchange::admits(const Entrance& entrance) {
  const auto declined = [this](unsigned status, std::string_view sentence) {
    decline(status, sentence);
    return false;
  };
  max_body_ = ~std::uint64_t{0};
  if (request.oversized) return declined(431, "The request's head is larger than this proxy takes.\n");
  if (request.target_text.size > http::kMaxStartLine) return declined(414, "The target is longer than the limit.\n");
  if (request.method == Method::connect) return declined(405, "CONNECT is not served here.\n");
  if (entrance.listener == nullptr) return declined(503, "This listener has gone.\n");
  const std::uint64_t most = entrance.listener->spec->max_request_body;
  if (most == 0) return true;
  max_body_ = most;
  if (request.body != http::BodyKind::length || request.content_length <= most) return true;
  decline_body();
  return false;
}

LiveRule* Exchange::find_rule(const LiveListener& listener, std::string_view source) {
  return listener.find({.host = host_of(request.authority()),
                        .path = request.path(),
                        .query = request.query(),
                        .method = request.method_name(),
                        .source = source,
                        .fields = &request.fields});
}

// Makes the request what `rule` makes of it. The rule that decides then: itself, or of the listener that is entered;
// null: none. Whoever comes through another listener has the source that its rule says.
LiveRule* Exchange::pass_on(LiveRule& rule, bool logged) {
  if (logged) record_.asked = {.target = request.target_text, .authority = request.authority_text};
  if (rule.spec->rewrite) apply(*rule.spec->rewrite, request);
  if (rule.enter == nullptr) return &rule;
  LiveRule* const next = rule.entered != nullptr ? find_rule(*rule.entered, rule.enter->source) : nullptr;
  if (next != nullptr && next->spec->rewrite) apply(*next->spec->rewrite, request);
  return next;
}

// By the client's cookie where it names one of the rule's pools that can serve, otherwise by weight. As with ALB a
// cookie goes before weights, even a weight of zero.
LivePool* Exchange::choose_pool(LiveRule& rule, const route::Forward& forward) {
  if (!forward.stickiness) return rule.choice.next();
  const route::Stickiness& wanted = *forward.stickiness;
  LivePool* pool = nullptr;
  any_cookie(request.fields, wanted.cookie, [&](std::string_view value) {
    const auto token = parse_token(value);
    if (token) pool = rule.choice.find(*token, lane_.loop().now());
    return pool != nullptr;
  });
  const bool renewed = pool == nullptr || wanted.duration > milliseconds(0);
  if (pool == nullptr) pool = rule.choice.next();
  if (pool == nullptr || !renewed) return pool;
  sticks_ = true;
  rule_cookie_ = sticky_cookie(wanted.cookie, token_of(pool->id()), wanted.duration, lane_.loop().wall());
  return pool;
}

void Exchange::heed(const route::Forward& forward, const Entrance& entrance) {
  retry_ = forward.retry;
  const auto [whole, idle] = forward.timeouts;
  patience_ = idle > milliseconds(0) ? Duration(idle) : entrance.idle_timeout;
  if (whole > milliseconds(0)) deadline_.arm(lane_.loop().now() + whole);
}

void Exchange::forward(const Entrance& entrance, const ClientOrigin& origin) {
  const route::PoolProtocol protocol = pool_->spec().protocol;
  if (request.upgrade && protocol == route::PoolProtocol::http1) http::keep_offer(request);
  http::strip_hop_by_hop(request.fields);
  if (protocol == route::PoolProtocol::http1) request.fields.remove(HeaderId::te);
  if (request.expect_continue) {
    request.fields.remove(HeaderId::expect);
    client_->send_continue();
  }
  if (request.authority().empty()) request.set_authority(entrance.place);
  forwarded_ = tell_origin(request.fields, entrance, origin, protocol);
  if (entrance.listener->spec->trace) {
    const std::string before(request.fields.get(HeaderId::x_amzn_trace_id));
    request.fields.set(HeaderId::x_amzn_trace_id, continued_trace(before, lane_.loop().wall(), lane_.random()));
  }
  sticks_ = sticks_ || pool_->spec().stickiness.has_value();
  watch_silence();
  if (!attempt(Choice::untried_only)) fail(cause_);
}

// Null: none is left.
LiveBackend* Exchange::choose_backend(Choice choice) {
  const Instant now = lane_.loop().now();
  if (attempts_ == 0 && pool_->spec().stickiness) {
    LiveBackend* named = nullptr;
    any_cookie(request.fields, pool_->spec().stickiness->cookie, [&](std::string_view value) {
      const auto token = parse_token(value);
      if (token) named = pool_->take_by_token(*token, now);
      return named != nullptr;
    });
    named_ = named != nullptr;
    if (named_) return named;
  }
  LiveBackend* untried = pool_->pick(now, lane_.random(), {tried_.data(), attempts_});
  if (untried != nullptr || choice == Choice::untried_only || attempts_ == 0) return untried;
  LiveBackend* const last = current();
  LiveBackend* other = pool_->pick(now, lane_.random(), {&last, 1});
  return other != nullptr ? other : pool_->pick(now, lane_.random());
}

// Sends the request to the next backend, or lets it wait for one with room. False: there is none.
bool Exchange::attempt(Choice choice) {
  if (gate_ != nullptr && !pass_gate()) return wait(choice);
  if (pool_->waiting > 0 && !in_line_) return wait(choice);  // behind those that came before
  while (attempts_ < kMaxAttempts + retries_) {
    LiveBackend* backend = choose_backend(choice);
    if (backend == nullptr && pool_->crowded()) return wait(choice);
    if (backend == nullptr) break;
    if (!pool_->begin(*backend)) continue;
    tried_[attempts_++] = backend;
    backend_ = lane_.link(*backend).open(*this);
    if (backend_ != nullptr) {
      stop_waiting();
      meter_.tried(*backend, lane_.loop().now());
    }
    if (backend_ != nullptr && retry_.per_try_timeout > milliseconds(0)) {
      try_timer_.arm(lane_.loop().now() + retry_.per_try_timeout);
    }
    if (backend_ != nullptr && send_request(*backend_)) return true;
    const bool opened = backend_ != nullptr;
    try_timer_.cancel();
    detach_backend();
    cause_ = FailureCause::refused;
    if (!opened && !pool_->may_take(*backend, lane_.loop().now())) --attempts_;  // another worker has the last place
  }
  stop_waiting();
  if (attempts_ == 0) cause_ = FailureCause::none_in_service;
  return false;
}

// False: as many as may are past it, or wait before this one.
bool Exchange::pass_gate() {
  if (seat_ != nullptr) return true;
  if (gate_->waiting > 0 && !in_line_) return false;
  LiveBackend* seat = gate_->pick(lane_.loop().now(), lane_.random());
  if (seat == nullptr || !gate_->begin(*seat)) return false;
  stop_waiting();
  seat_ = seat;
  return true;
}

void Exchange::leave_gate() {
  if (LiveBackend* seat = std::exchange(seat_, nullptr)) gate_->end(*seat);
  gate_ = nullptr;
}

// Always true: where nobody may wait any more, the client has been told.
bool Exchange::wait(Choice choice) {
  if (in_line_) return true;
  choice_ = choice;
  in_line_ = lane_.lines().join(*this, full());
  if (!in_line_) fail(FailureCause::crowded);
  return true;
}

void Exchange::stop_waiting() {
  if (std::exchange(in_line_, false)) lane_.lines().leave(*this, full());
}

bool Exchange::try_again() {
  const LivePool* const before = &full();
  if (!attempt(choice_)) fail(cause_);
  return !in_line_ || &full() != before;
}

bool Exchange::safe_to_repeat(const BackendFailure& failure) const {
  if (!replayable_) return false;
  // The reset of a reused connection is most likely that of an idle one, but nobody can know: a request whose
  // repetition could do harm is repeated only where the backend certainly saw nothing of it.
  return failure.unprocessed || (failure.reused && failure.cause == FailureCause::closed && idempotent(request.method));
}

// A retry by policy, after a back-off. False: the policy has none for what happened.
bool Exchange::retry_later(std::uint32_t events) {
  if ((retry_.on & events) == 0 || retries_ >= retry_.retries || !replayable_) return false;
  give_back_retry();
  if (!pool_->budget.take(pool_->spec().retry_budget_percent)) return false;
  has_retry_ = waits_to_retry_ = true;
  ++retries_;
  try_timer_.arm(lane_.loop().now() + back_off(retries_, lane_.random()));
  return true;
}

void Exchange::give_back_retry() {
  if (std::exchange(has_retry_, false)) pool_->budget.give_back();
}

// True: the response is dropped, and the request goes out again.
bool Exchange::retry_response(bool end) {
  if (!retry_later(retry_events(response))) return false;
  note_answer(nullptr);
  meter_.dropped_response();
  cause_ = FailureCause::none_in_service;
  BackendStream* backend = backend_;
  detach_backend();
  if (!end) backend->discard();
  return true;
}

void Exchange::on_try_timer() {
  if (std::exchange(waits_to_retry_, false)) {
    if (!attempt(Choice::any)) fail(cause_);
  } else {
    note_failure();
    meter_.try_failed(*current(), FailureCause::try_timeout);
    drop_backend();
    cause_ = FailureCause::try_timeout;
    if (!retry_later(retry_events(cause_))) fail(cause_);
  }
  lane_.flush();
}

void Exchange::add_cookies() {
  if (!rule_cookie_.empty()) response.fields.add(HeaderId::set_cookie, rule_cookie_);
  const auto& wanted = pool_->spec().stickiness;
  if (!wanted) return;
  const std::uint64_t token = token_of(pool_->id(), current()->spec.id);
  if (!wanted->application_cookie.empty()) {
    const auto cookie = following_cookie(wanted->cookie, token, wanted->application_cookie, response.fields);
    if (cookie) response.fields.add(HeaderId::set_cookie, *cookie);
  } else if (wanted->duration > milliseconds(0) || !named_ || attempts_ > 1) {
    const std::string cookie = sticky_cookie(wanted->cookie, token, wanted->duration, lane_.loop().wall());
    response.fields.add(HeaderId::set_cookie, cookie);
  }
}

void Exchange::add_envoy_headers() {
  const auto millis = std::chrono::duration_cast<milliseconds>(meter_.service_time()).count();
  response.fields.set(HeaderId::server, "envoy");
  response.fields.remove("x-envoy-upstream-service-time");
  response.fields.add("x-envoy-upstream-service-time", std::to_string(millis));
}

}  // namespace weir::proxy
