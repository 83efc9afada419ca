#include "route/action.h"

#include <algorithm>

#include "base/cidr.h"
#include "route/limits.h"

namespace weir::route {
namespace {

constexpr std::string_view kRedirectProtocols[] = {"#{protocol}", "http", "https"};
// In the order of RetryOn's bits.
constexpr std::string_view kRetryEvents[] = {
    "connection_failure", "reset",        "per_try_timeout", "server_error",
    "gateway_error",      "client_error", "cancelled",       "deadline_exceeded",
    "resource_exhausted", "internal",     "unavailable"};

Json pools_json(const std::vector<WeightedPool>& pools) {
  return array_of(pools,
                  [](const WeightedPool& w) { return Json::object().set("pool", w.pool).set("weight", w.weight); });
}

Json retry_json(const RetryPolicy& retry) {
  Json on = Json::array();
  for (std::size_t i = 0; i < std::size(kRetryEvents); ++i) {
    if (retry.on >> i & 1) on.push(Json(kRetryEvents[i]));
  }
  Json json = Json::object().set("on", std::move(on)).set("retries", retry.retries);
  return json.set("per_try_timeout_ms", retry.per_try_timeout.count());
}

Json forward_json(const Forward& forward) {
  if (forward == Forward{.pools = forward.pools}) return pools_json(forward.pools);
  Json json = Json::object().set("pools", pools_json(forward.pools));
  if (forward.stickiness) json.set("stickiness", to_json(*forward.stickiness));
  if (forward.retry != RetryPolicy{}) json.set("retry", retry_json(forward.retry));
  if (forward.timeouts != Timeouts{}) {
    json.set("timeouts", Json::object()
                             .set("request_ms", forward.timeouts.request.count())
                             .set("idle_ms", forward.timeouts.idle.count()));
  }
  return json;
}

std::vector<WeightedPool> read_pools(Members& m, std::string_view name, const Ids& pools, Faults& faults) {
  std::vector<WeightedPool> out;
  for (const auto& [item, path] : m.list(name)) {
    Members each(*item, path, faults);
    WeightedPool& to = out.emplace_back();
    to.pool = each.text("pool");
    to.weight = each.count_or("weight", 0, kMaxWeight, to.weight);
    if (!pools.contains(to.pool)) each.fault("pool", "there is no pool '" + to.pool + "'");
    each.finish();
  }
  return out;
}

RetryPolicy read_retry(const Json& json, std::string path, Faults& faults) {
  RetryPolicy retry;
  Members m(json, std::move(path), faults);
  for (const std::string& event : m.texts("on")) {
    const auto* found = std::ranges::find(kRetryEvents, event);
    if (found == std::end(kRetryEvents)) {
      m.fault("on", "'" + event + "' is not known");
    } else {
      retry.on |= 1u << (found - std::begin(kRetryEvents));
    }
  }
  retry.retries = m.count_or("retries", 0, kMaxRetries, retry.retries);
  retry.per_try_timeout = m.millis_or("per_try_timeout_ms", retry.per_try_timeout);
  m.finish();
  return retry;
}

Timeouts read_timeouts(const Json& json, std::string path, Faults& faults) {
  Timeouts timeouts;
  Members m(json, std::move(path), faults);
  timeouts.request = m.millis_or("request_ms", timeouts.request);
  timeouts.idle = m.millis_or("idle_ms", timeouts.idle);
  m.finish();
  return timeouts;
}

Json enter_json(const Enter& enter) {
  if (enter.source.empty()) return Json::object().set("enter", enter.listener);
  return Json::object().set("enter", Json::object().set("listener", enter.listener).set("source", enter.source));
}

Enter read_enter(Members& action, Faults& faults) {
  const Json& json = action.any("enter");
  if (!json.is_object()) return {.listener = action.text("enter"), .source = {}};
  Members m(json, action.path("enter"), faults);
  Enter enter{.listener = m.text("listener"), .source = m.text("source")};
  if (!Cidr::of_address(enter.source)) m.fault("source", "'" + enter.source + "' is no IP address");
  m.finish();
  return enter;
}

Forward read_forward(Members& action, const Ids& pools, Faults& faults) {
  Forward forward;
  const Json& json = action.any("forward");
  if (json.is_array()) {
    forward.pools = read_pools(action, "forward", pools, faults);
    return forward;
  }
  Members m(json, action.path("forward"), faults);
  forward.pools = read_pools(m, "pools", pools, faults);
  if (const Json& s = m.any("stickiness"); !s.is_null()) {
    forward.stickiness = read_stickiness(s, m.path("stickiness"), faults);
    if (!forward.stickiness->application_cookie.empty()) m.fault("stickiness", "between pools has a duration");
  }
  if (const Json& r = m.any("retry"); !r.is_null()) forward.retry = read_retry(r, m.path("retry"), faults);
  if (const Json& t = m.any("timeouts"); !t.is_null()) forward.timeouts = read_timeouts(t, m.path("timeouts"), faults);
  m.finish();
  return forward;
}

FixedResponse read_fixed(const Json& json, std::string path, Faults& faults) {
  FixedResponse fixed;
  Members m(json, std::move(path), faults);
  fixed.status = m.count_or("status", 200, 599, fixed.status);
  fixed.content_type = m.text_or("content_type", fixed.content_type);
  if (fixed.content_type.find_first_of("\r\n") != std::string::npos) m.fault("content_type", "has a line end");
  fixed.body = m.text_or("body", fixed.body);
  m.finish();
  return fixed;
}

// A part of a Location: neither ends a line nor splits it.
std::string location_part(Members& m, std::string_view name, const std::string& otherwise) {
  std::string text = m.text_or(name, otherwise);
  const auto bad = [](unsigned char c) { return c <= ' ' || c == 0x7f; };
  if (std::any_of(text.begin(), text.end(), bad)) m.fault(name, "has a space or a control character");
  return text;
}

Redirect read_redirect(const Json& json, std::string path, Faults& faults) {
  Redirect redirect;
  Members m(json, std::move(path), faults);
  redirect.status = m.count_or("status", 301, 302, redirect.status);
  redirect.protocol = location_part(m, "protocol", redirect.protocol);
  if (std::ranges::find(kRedirectProtocols, redirect.protocol) == std::end(kRedirectProtocols)) {
    m.fault("protocol", "is none of: #{protocol}, http, https");
  }
  redirect.host = location_part(m, "host", redirect.host);
  redirect.port = location_part(m, "port", redirect.port);
  redirect.path = location_part(m, "path", redirect.path);
  if (!redirect.path.starts_with('/')) m.fault("path", "does not begin with a slash");
  redirect.query = location_part(m, "query", redirect.query);
  m.finish();
  return redirect;
}

}  // namespace

Json to_json(const Action& action) {
  if (const auto* forward = std::get_if<Forward>(&action)) {
    return Json::object().set("forward", forward_json(*forward));
  }
  if (const auto* redirect = std::get_if<Redirect>(&action)) {
    Json inner = Json::object();
    inner.set("status", redirect->status).set("protocol", redirect->protocol).set("host", redirect->host);
    inner.set("port", redirect->port).set("path", redirect->path).set("query", redirect->query);
    return Json::object().set("redirect", std::move(inner));
  }
  if (const auto* enter = std::get_if<Enter>(&action)) return enter_json(*enter);
  const auto& fixed = std::get<FixedResponse>(action);
  Json inner = Json::object();
  inner.set("status", fixed.status).set("content_type", fixed.content_type).set("body", fixed.body);
  return Json::object().set("fixed_response", std::move(inner));
}

Action read_action(const Json& json, std::string path, const Ids& pools, Faults& faults) {
  Members m(json, path, faults);
  Action action = Forward{};
  const Json& forward = m.any("forward");
  const Json& fixed = m.any("fixed_response");
  const Json& redirect = m.any("redirect");
  const Json& enter = m.any("enter");
  if (!forward.is_null() + !fixed.is_null() + !redirect.is_null() + !enter.is_null() != 1) {
    faults.add(path, "is not exactly one of: forward, fixed_response, redirect, enter");
  }
  if (!forward.is_null()) action = read_forward(m, pools, faults);
  if (!fixed.is_null()) action = read_fixed(fixed, m.path("fixed_response"), faults);
  if (!redirect.is_null()) action = read_redirect(redirect, m.path("redirect"), faults);
  if (!enter.is_null()) action = read_enter(m, faults);
  m.finish();
  return action;
}

}  // namespace weir::route
