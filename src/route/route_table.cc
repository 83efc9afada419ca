#include "route/route_table.h"

#include <arpa/inet.h>

#include <algorithm>
#include <set>

#include "route/limits.h"
#include "route/members.h"

namespace weir::route {
namespace {

constexpr std::string_view kListenerProtocols[] = {"http", "https"};
constexpr std::string_view kPoolProtocols[] = {"http1", "http2", "grpc"};
constexpr std::string_view kBackendStates[] = {"checking", "serving", "draining"};
constexpr std::string_view kHealthProtocols[] = {"http", "grpc", "none", "https"};
constexpr std::string_view kRedirectProtocols[] = {"#{protocol}", "http", "https"};
constexpr std::string_view kAlgorithms[] = {"round_robin", "least_outstanding"};

template <class Enum, std::size_t n>
Json word(const std::string_view (&words)[n], Enum value) {
  return Json(words[static_cast<std::size_t>(value)]);
}

template <class Items, class Function>
Json array_of(const Items& items, Function one) {
  Json array = Json::array();
  for (const auto& item : items) array.push(one(item));
  return array;
}

Json backend_json(const Backend& b) {
  Json json = Json::object();
  json.set("id", b.id).set("address", b.address);
  return json.set("port", static_cast<int>(b.port)).set("state", word(kBackendStates, b.state));
}

Json health_json(const HealthCheck& h) {
  Json json = Json::object();
  json.set("protocol", word(kHealthProtocols, h.protocol)).set("path", h.path).set("matcher", h.matcher);
  json.set("port", static_cast<int>(h.port)).set("interval_ms", h.interval.count());
  json.set("timeout_ms", h.timeout.count()).set("healthy_threshold", h.healthy_threshold);
  return json.set("unhealthy_threshold", h.unhealthy_threshold);
}

Json pool_json(const Pool& p) {
  Json json = Json::object();
  json.set("id", p.id).set("protocol", word(kPoolProtocols, p.protocol));
  json.set("algorithm", word(kAlgorithms, p.algorithm)).set("health", health_json(p.health));
  json.set("drain_delay_ms", p.drain_delay.count());
  if (p.tls) json.set("tls", to_json(*p.tls));
  return json.set("backends", array_of(p.backends, backend_json));
}

Json action_json(const Action& action) {
  if (const auto* forward = std::get_if<Forward>(&action)) {
    return Json::object().set("forward", array_of(forward->pools, [](const WeightedPool& w) {
                                return Json::object().set("pool", w.pool).set("weight", w.weight);
                              }));
  }
  if (const auto* redirect = std::get_if<Redirect>(&action)) {
    Json inner = Json::object();
    inner.set("status", redirect->status).set("protocol", redirect->protocol).set("host", redirect->host);
    inner.set("port", redirect->port).set("path", redirect->path).set("query", redirect->query);
    return Json::object().set("redirect", std::move(inner));
  }
  const auto& fixed = std::get<FixedResponse>(action);
  Json inner = Json::object();
  inner.set("status", fixed.status).set("content_type", fixed.content_type).set("body", fixed.body);
  return Json::object().set("fixed_response", std::move(inner));
}

Json rule_json(const Rule& r) {
  return Json::object().set("id", r.id).set("match", to_json(r.match)).set("action", action_json(r.action));
}

Json listener_json(const Listener& l) {
  Json json = Json::object();
  json.set("id", l.id).set("address", l.address).set("port", static_cast<int>(l.port));
  json.set("protocol", word(kListenerProtocols, l.protocol)).set("idle_timeout_ms", l.idle_timeout.count());
  if (l.tls) json.set("tls", to_json(*l.tls));
  return json.set("rules", array_of(l.rules, rule_json));
}

milliseconds millis_or(Members& m, std::string_view name, milliseconds otherwise) {
  return milliseconds(m.number_or(name, 0, kMaxMillis, otherwise.count()));
}

std::string ip_literal(Members& m, std::string_view name) {
  std::string text = m.text(name);
  unsigned char bytes[16];
  if (inet_pton(AF_INET, text.c_str(), bytes) != 1 && inet_pton(AF_INET6, text.c_str(), bytes) != 1) {
    m.fault(name, "'" + text + "' is no IPv4 or IPv6 address");
  }
  return text;
}

std::string identity(Members& m, std::set<std::string>& seen) {
  std::string id = m.text("id");
  if (!seen.insert(id).second) m.fault("id", "'" + id + "' repeats");
  return id;
}

Backend read_backend(Members& m, std::set<std::string>& ids) {
  Backend b;
  b.id = identity(m, ids);
  b.address = ip_literal(m, "address");
  b.port = static_cast<std::uint16_t>(m.number("port", 1, 65535));
  b.state = m.word_or("state", kBackendStates, b.state);
  m.finish();
  return b;
}

HealthCheck read_health(const Json& json, std::string path, Faults& faults) {
  HealthCheck h;
  if (json.is_null()) return h;
  Members m(json, std::move(path), faults);
  h.protocol = m.word_or("protocol", kHealthProtocols, h.protocol);
  h.path = m.text_or("path", h.path);
  h.matcher = m.text_or("matcher", h.matcher);
  h.port = static_cast<std::uint16_t>(m.number_or("port", 0, 65535, 0));
  h.interval = milliseconds(m.number_or("interval_ms", 1, kMaxMillis, h.interval.count()));
  h.timeout = milliseconds(m.number_or("timeout_ms", 1, kMaxMillis, h.timeout.count()));
  h.healthy_threshold = static_cast<unsigned>(m.number_or("healthy_threshold", 1, kMaxThreshold, h.healthy_threshold));
  h.unhealthy_threshold =
      static_cast<unsigned>(m.number_or("unhealthy_threshold", 1, kMaxThreshold, h.unhealthy_threshold));
  m.finish();
  return h;
}

Pool read_pool(Members& m, std::set<std::string>& ids, Faults& faults) {
  Pool p;
  p.id = identity(m, ids);
  p.protocol = m.word_or("protocol", kPoolProtocols, p.protocol);
  if (const Json& tls = m.any("tls"); !tls.is_null()) p.tls = read_pool_tls(tls, m.path("tls"), faults);
  p.algorithm = m.word_or("algorithm", kAlgorithms, p.algorithm);
  p.health = read_health(m.any("health"), m.path("health"), faults);
  p.drain_delay = millis_or(m, "drain_delay_ms", p.drain_delay);
  std::set<std::string> backends;
  for (const auto& [item, path] : m.list("backends")) {
    Members backend(*item, path, faults);
    p.backends.push_back(read_backend(backend, backends));
  }
  m.finish();
  return p;
}

Forward read_forward(Members& action, const std::set<std::string>& pools, Faults& faults) {
  Forward forward;
  for (const auto& [item, path] : action.list("forward")) {
    Members m(*item, path, faults);
    WeightedPool& to = forward.pools.emplace_back();
    to.pool = m.text("pool");
    to.weight = static_cast<unsigned>(m.number_or("weight", 0, kMaxWeight, to.weight));
    if (!pools.contains(to.pool)) m.fault("pool", "there is no pool '" + to.pool + "'");
    m.finish();
  }
  return forward;
}

FixedResponse read_fixed(const Json& json, std::string path, Faults& faults) {
  FixedResponse fixed;
  Members m(json, std::move(path), faults);
  fixed.status = static_cast<unsigned>(m.number_or("status", 200, 599, fixed.status));
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
  redirect.status = static_cast<unsigned>(m.number_or("status", 301, 302, redirect.status));
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

Action read_action(const Json& json, std::string path, const std::set<std::string>& pools, Faults& faults) {
  Members m(json, path, faults);
  Action action = Forward{};
  const Json& forward = m.any("forward");
  const Json& fixed = m.any("fixed_response");
  const Json& redirect = m.any("redirect");
  if (!forward.is_null() + !fixed.is_null() + !redirect.is_null() != 1) {
    faults.add(path, "is not exactly one of: forward, fixed_response, redirect");
  }
  if (!forward.is_null()) action = read_forward(m, pools, faults);
  if (!fixed.is_null()) action = read_fixed(fixed, m.path("fixed_response"), faults);
  if (!redirect.is_null()) action = read_redirect(redirect, m.path("redirect"), faults);
  m.finish();
  return action;
}

Listener read_listener(Members& m, std::set<std::string>& ids, const std::set<std::string>& pools, Faults& faults) {
  Listener l;
  l.id = identity(m, ids);
  l.address = ip_literal(m, "address");
  l.port = static_cast<std::uint16_t>(m.number("port", 1, 65535));
  l.protocol = m.word_or("protocol", kListenerProtocols, l.protocol);
  if (const Json& tls = m.any("tls"); !tls.is_null()) l.tls = read_listener_tls(tls, m.path("tls"), faults);
  if (l.tls.has_value() != (l.protocol == ListenerProtocol::https)) m.fault("tls", "belongs to the protocol https");
  l.idle_timeout = milliseconds(m.number_or("idle_timeout_ms", 1, kMaxMillis, l.idle_timeout.count()));
  std::set<std::string> rules;
  for (const auto& [item, path] : m.list("rules")) {
    Members rule(*item, path, faults);
    Rule& r = l.rules.emplace_back();
    r.id = identity(rule, rules);
    r.match = read_match(rule.any("match"), rule.path("match"), faults);
    r.action = read_action(rule.any("action"), rule.path("action"), pools, faults);
    rule.finish();
  }
  m.finish();
  return l;
}

}  // namespace

const Pool* RouteTable::find_pool(std::string_view id) const {
  for (const Pool& pool : pools) {
    if (pool.id == id) return &pool;
  }
  return nullptr;
}

Json to_json(const RouteTable& table) {
  Json json = Json::object();
  json.set("version", table.version);
  json.set("listeners", array_of(table.listeners, listener_json));
  return json.set("pools", array_of(table.pools, pool_json));
}

Result<RouteTable> table_from_json(const Json& json) {
  Faults faults;
  RouteTable table;
  Members m(json, "", faults);
  table.version = m.number("version", 0, INT64_MAX);
  std::set<std::string> pools;
  for (const auto& [item, path] : m.list("pools")) {
    Members pool(*item, path, faults);
    table.pools.push_back(read_pool(pool, pools, faults));
  }
  std::set<std::string> listeners;
  for (const auto& [item, path] : m.list("listeners")) {
    Members listener(*item, path, faults);
    table.listeners.push_back(read_listener(listener, listeners, pools, faults));
  }
  m.finish();
  if (faults.first()) return fail("RouteTable", *faults.first());
  return table;
}

}  // namespace weir::route
