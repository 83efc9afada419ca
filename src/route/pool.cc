#include "route/pool.h"

#include <algorithm>

#include "route/limits.h"

namespace weir::route {
namespace {

constexpr std::string_view kPoolProtocols[] = {"http1", "http2", "grpc", "tcp"};
constexpr std::string_view kBackendStates[] = {"checking", "serving", "draining", "entering"};
constexpr std::string_view kHealthProtocols[] = {"http", "grpc", "none", "https", "tcp"};
constexpr std::string_view kAlgorithms[] = {"round_robin", "least_outstanding", "weighted_random", "power_of_two"};

Json backend_json(const Backend& b) {
  Json json = Json::object();
  json.set("id", b.id).set("address", b.address).set("port", static_cast<int>(b.port));
  if (b.weight != 1) json.set("weight", b.weight);
  json.set("state", word_json(kBackendStates, b.state));
  return json;
}

Json health_json(const HealthCheck& h) {
  Json json = Json::object();
  json.set("protocol", word_json(kHealthProtocols, h.protocol)).set("path", h.path).set("matcher", h.matcher);
  if (!h.host.empty()) json.set("host", h.host);
  if (h.serving) json.set("serving", true);
  json.set("port", static_cast<int>(h.port)).set("interval_ms", h.interval.count());
  json.set("timeout_ms", h.timeout.count()).set("healthy_threshold", h.healthy_threshold);
  json.set("unhealthy_threshold", h.unhealthy_threshold);
  return json;
}

Json outlier_json(const OutlierDetection& o) {
  Json json = Json::object();
  json.set("consecutive_5xx", o.consecutive_5xx).set("consecutive_failures", o.consecutive_failures);
  json.set("ejection_ms", o.ejection.count()).set("longest_ejection_ms", o.longest_ejection.count());
  return json.set("max_ejected_percent", o.max_ejected_percent);
}

Backend read_backend(Members& m, Ids& ids) {
  Backend b;
  b.id = m.identity(ids);
  b.address = m.ip_literal("address");
  b.port = static_cast<std::uint16_t>(m.number("port", 1, 65535));
  b.state = m.word_or("state", kBackendStates, b.state);
  b.weight = m.count_or("weight", 1, kMaxWeight, b.weight);
  m.finish();
  return b;
}

// A text that becomes part of a header field.
std::string field_text(Members& m, std::string_view name) {
  std::string text = m.text_or(name, "");
  const auto bad = [](unsigned char c) { return c <= ' ' || c >= 0x7f; };
  if (std::ranges::any_of(text, bad)) m.fault(name, "has a space or a control character");
  return text;
}

HealthCheck read_health(const Json& json, std::string path, Faults& faults) {
  HealthCheck h;
  if (json.is_null()) return h;
  Members m(json, std::move(path), faults);
  h.protocol = m.word_or("protocol", kHealthProtocols, h.protocol);
  h.path = m.text_or("path", h.path);
  h.host = field_text(m, "host");
  h.matcher = m.text_or("matcher", h.matcher);
  h.serving = m.flag_or("serving", false);
  if (h.serving && h.protocol != HealthProtocol::grpc) m.fault("serving", "is of checks by gRPC only");
  h.port = static_cast<std::uint16_t>(m.number_or("port", 0, 65535, 0));
  h.interval = milliseconds(m.number_or("interval_ms", 1, kMaxMillis, h.interval.count()));
  h.timeout = milliseconds(m.number_or("timeout_ms", 1, kMaxMillis, h.timeout.count()));
  h.healthy_threshold = m.count_or("healthy_threshold", 1, kMaxThreshold, h.healthy_threshold);
  h.unhealthy_threshold = m.count_or("unhealthy_threshold", 1, kMaxThreshold, h.unhealthy_threshold);
  m.finish();
  return h;
}

OutlierDetection read_outlier(const Json& json, std::string path, Faults& faults) {
  OutlierDetection o;
  Members m(json, std::move(path), faults);
  o.consecutive_5xx = m.count_or("consecutive_5xx", 0, kMaxThreshold, o.consecutive_5xx);
  o.consecutive_failures = m.count_or("consecutive_failures", 0, kMaxThreshold, o.consecutive_failures);
  o.ejection = m.millis_or("ejection_ms", o.ejection);
  o.longest_ejection = m.millis_or("longest_ejection_ms", o.longest_ejection);
  o.max_ejected_percent = m.count_or("max_ejected_percent", 0, 100, o.max_ejected_percent);
  m.finish();
  return o;
}

FailOpen read_fail_open(const Json& json, std::string path, Faults& faults) {
  FailOpen f;
  if (json.is_null()) return f;
  Members m(json, std::move(path), faults);
  f.count = m.count_or("count", 0, kMaxLimit, f.count);
  f.percent = m.count_or("percent", 0, 100, f.percent);
  m.finish();
  return f;
}

// RFC 9110 5.6.2: what a cookie's name consists of.
bool is_token(const std::string& text) {
  const auto ok = [](unsigned char c) {
    return std::isalnum(c) || std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
  };
  return std::ranges::all_of(text, ok) && text.size() <= kMaxCookieName;
}

}  // namespace

Json to_json(const PoolLimits& limits) {
  Json json = Json::object();
  json.set("connections", limits.connections).set("requests", limits.requests);
  if (limits.pending) json.set("pending", *limits.pending);
  return json;
}

PoolLimits read_pool_limits(const Json& json, std::string path, Faults& faults) {
  PoolLimits limits;
  if (json.is_null()) return limits;
  Members m(json, std::move(path), faults);
  limits.connections = m.count_or("connections", 0, kMaxLimit, 0);
  limits.requests = m.count_or("requests", 0, kMaxLimit, 0);
  if (!m.any("pending").is_null()) limits.pending = m.count_or("pending", 0, kMaxLimit, 0);
  m.finish();
  return limits;
}

Json to_json(const Stickiness& s) {
  Json json = Json::object().set("cookie", s.cookie);
  if (!s.application_cookie.empty()) return json.set("application_cookie", s.application_cookie);
  return json.set("duration_ms", s.duration.count());
}

Stickiness read_stickiness(const Json& json, std::string path, Faults& faults) {
  Stickiness s;
  Members m(json, std::move(path), faults);
  s.cookie = m.text("cookie");
  s.application_cookie = m.text_or("application_cookie", "");
  s.duration = m.millis_or("duration_ms", s.duration);
  if (s.cookie.empty() || !is_token(s.cookie)) m.fault("cookie", "is no name of a cookie");
  if (!is_token(s.application_cookie)) m.fault("application_cookie", "is no name of a cookie");
  if (!s.application_cookie.empty() && s.duration.count() != 0) m.fault("duration_ms", "is the application's to say");
  m.finish();
  return s;
}

Json to_json(const Pool& p) {
  const Pool plain;
  Json json = Json::object();
  json.set("id", p.id).set("protocol", word_json(kPoolProtocols, p.protocol));
  json.set("algorithm", word_json(kAlgorithms, p.algorithm)).set("health", health_json(p.health));
  json.set("drain_delay_ms", p.drain_delay.count());
  if (p.tls) json.set("tls", to_json(*p.tls));
  if (p.slow_start != plain.slow_start) json.set("slow_start_ms", p.slow_start.count());
  if (p.stickiness) json.set("stickiness", to_json(*p.stickiness));
  if (p.limits != plain.limits) json.set("limits", to_json(p.limits));
  if (p.outlier) json.set("outlier", outlier_json(*p.outlier));
  if (p.fail_open != plain.fail_open) {
    json.set("fail_open", Json::object().set("count", p.fail_open.count).set("percent", p.fail_open.percent));
  }
  if (p.retry_budget_percent != plain.retry_budget_percent) json.set("retry_budget_percent", p.retry_budget_percent);
  if (p.send_proxy_protocol) json.set("send_proxy_protocol", true);
  if (p.envoy_headers) json.set("envoy_headers", true);
  if (!p.refusal.empty()) json.set("refusal", p.refusal);
  json.set("backends", array_of(p.backends, [](const Backend& backend) { return backend_json(backend); }));
  return json;
}

Pool read_pool(Members& m, Faults& faults) {
  Pool p;
  p.protocol = m.word_or("protocol", kPoolProtocols, p.protocol);
  if (const Json& tls = m.any("tls"); !tls.is_null()) p.tls = read_pool_tls(tls, m.path("tls"), faults);
  p.algorithm = m.word_or("algorithm", kAlgorithms, p.algorithm);
  p.health = read_health(m.any("health"), m.path("health"), faults);
  p.drain_delay = m.millis_or("drain_delay_ms", p.drain_delay);
  p.slow_start = m.millis_or("slow_start_ms", p.slow_start);
  if (const Json& s = m.any("stickiness"); !s.is_null())
    p.stickiness = read_stickiness(s, m.path("stickiness"), faults);
  p.limits = read_pool_limits(m.any("limits"), m.path("limits"), faults);
  if (const Json& outlier = m.any("outlier"); !outlier.is_null()) {
    p.outlier = read_outlier(outlier, m.path("outlier"), faults);
  }
  p.fail_open = read_fail_open(m.any("fail_open"), m.path("fail_open"), faults);
  p.retry_budget_percent = m.count_or("retry_budget_percent", 0, 100, p.retry_budget_percent);
  p.send_proxy_protocol = m.flag_or("send_proxy_protocol", false);
  p.envoy_headers = m.flag_or("envoy_headers", false);
  p.refusal = m.text_or("refusal", "");
  const auto unprintable = [](unsigned char c) { return c < ' ' || c >= 0x7f || c == '%'; };
  if (std::ranges::any_of(p.refusal, unprintable)) m.fault("refusal", "has what a header field cannot hold");
  if (p.protocol == PoolProtocol::tcp) {
    if (p.envoy_headers) m.fault("envoy_headers", "is of no use with the protocol tcp");
    if (p.stickiness) m.fault("stickiness", "is of no use with the protocol tcp");
  } else if (p.send_proxy_protocol) {
    m.fault("send_proxy_protocol", "belongs to the protocol tcp");
  }
  Ids ids;
  const MemberList backends = m.list("backends");
  ids.reserve(backends.size());
  p.backends.reserve(backends.size());
  for (const auto& [item, path] : backends) {
    Members backend(*item, path, faults);
    p.backends.push_back(read_backend(backend, ids));
  }
  m.finish();
  return p;
}

}  // namespace weir::route
