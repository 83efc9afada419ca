#include "route/route_table.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <variant>

#include "route/limits.h"
#include "route/members.h"

namespace weir::route {
namespace {

constexpr std::string_view kListenerProtocols[] = {"http", "https", "tcp", "tls"};
constexpr std::string_view kForwardedModes[] = {"append", "preserve", "remove"};
constexpr std::string_view kLogFormats[] = {"alb", "json", "nlb"};

bool over_tls(ListenerProtocol protocol) {
  return protocol == ListenerProtocol::https || protocol == ListenerProtocol::tls;
}

bool of_bytes(ListenerProtocol protocol) {
  return protocol == ListenerProtocol::tcp || protocol == ListenerProtocol::tls;
}

Json rule_json(const Rule& r) {
  Json json = Json::object();
  json.set("id", r.id).set("match", to_json(r.match)).set("action", to_json(r.action));
  if (r.rewrite) json.set("rewrite", to_json(*r.rewrite));
  return json;
}

Json listener_json(const Listener& l) {
  Json json = Json::object();
  json.set("id", l.id).set("address", l.address).set("port", static_cast<int>(l.port));
  json.set("protocol", word_json(kListenerProtocols, l.protocol)).set("idle_timeout_ms", l.idle_timeout.count());
  if (l.tls) json.set("tls", to_json(*l.tls));
  const Listener plain;
  if (l.proxy_protocol) json.set("proxy_protocol", true);
  if (l.forwarded != plain.forwarded) {
    json.set("forwarded", Json::object()
                              .set("mode", word_json(kForwardedModes, l.forwarded.mode))
                              .set("client_port", l.forwarded.client_port));
  }
  if (l.trace) json.set("trace", true);
  if (l.pool_limits) json.set("pool_limits", to_json(*l.pool_limits));
  if (l.max_request_body != 0) json.set("max_request_body", static_cast<std::int64_t>(l.max_request_body));
  if (l.access_log) {
    json.set(
        "access_log",
        Json::object().set("path", l.access_log->path).set("format", word_json(kLogFormats, l.access_log->format)));
  }
  json.set("rules", array_of(l.rules, rule_json));
  return json;
}

Forwarded read_forwarded(const Json& json, std::string path, Faults& faults) {
  Forwarded forwarded;
  if (json.is_null()) return forwarded;
  Members m(json, std::move(path), faults);
  forwarded.mode = m.word_or("mode", kForwardedModes, forwarded.mode);
  forwarded.client_port = m.flag_or("client_port", false);
  m.finish();
  return forwarded;
}

AccessLog read_access_log(const Json& json, bool bytes, std::string path, Faults& faults) {
  using Format = AccessLog::Format;
  AccessLog log{.format = bytes ? Format::nlb : Format::alb};
  Members m(json, std::move(path), faults);
  log.path = m.text("path");
  if (log.path.empty()) m.fault("path", "is empty");
  log.format = m.word_or("format", kLogFormats, log.format);
  if (log.format == (bytes ? Format::alb : Format::nlb)) {
    m.fault("format", bytes ? "'alb' tells of requests: of a listener of bytes there are 'nlb' and 'json'"
                            : "'nlb' tells of bytes: of a listener that speaks HTTP there are 'alb' and 'json'");
  }
  m.finish();
  return log;
}

// What says something of requests says nothing of bytes.
void refuse_http(const Listener& l, Members& m) {
  constexpr const char* kWhy = "is of no use on a listener that does not speak HTTP";
  if (l.forwarded != Forwarded{}) m.fault("forwarded", kWhy);
  if (l.trace) m.fault("trace", kWhy);
  if (l.max_request_body != 0) m.fault("max_request_body", kWhy);
}

struct Known {
  Ids pools;      // all of them ...
  Ids tcp_pools;  // ... and those of the protocol tcp
};

// What a listener speaks and what its rules ask for have to fit.
void check_rule(const Rule& rule, const Listener& listener, const Known& known, Members& m) {
  const bool bytes = of_bytes(listener.protocol);
  if (bytes && rule.match != Match{.sources = rule.match.sources}) {
    m.fault("match", "looks at more than sources, on a listener that does not speak HTTP");
  }
  const auto* forward = std::get_if<Forward>(&rule.action);
  if (rule.rewrite && (bytes || (forward == nullptr && !std::holds_alternative<Enter>(rule.action)))) {
    m.fault("rewrite", "belongs to what is forwarded, or enters another listener, as HTTP");
  }
  if (forward == nullptr) {
    if (bytes) m.fault("action", "is no forward, on a listener that does not speak HTTP");
    return;
  }
  for (const WeightedPool& to : forward->pools) {
    if (!known.pools.contains(to.pool) || known.tcp_pools.contains(to.pool) == bytes) continue;
    m.fault("action", "the pool '" + to.pool + (bytes ? "' is not of the protocol tcp" : "' is of the protocol tcp"));
  }
  if (bytes && *forward != Forward{.pools = forward->pools, .timeouts = {.idle = forward->timeouts.idle}}) {
    m.fault("action", "asks for more than pools and an idle timeout, on a listener that does not speak HTTP");
  }
}

Rule read_rule(Members& m, Ids& ids, const Known& known, Faults& faults) {
  Rule rule;
  rule.id = m.identity(ids);
  rule.match = read_match(m.any("match"), m.path("match"), faults);
  rule.action = read_action(m.any("action"), m.path("action"), known.pools, faults);
  if (const Json& rewrite = m.any("rewrite"); !rewrite.is_null()) {
    rule.rewrite = read_rewrite(rewrite, m.path("rewrite"), faults);
  }
  m.finish();
  return rule;
}

Listener read_listener(Members& m, Ids& ids, const Known& known, Faults& faults) {
  Listener l;
  l.id = m.identity(ids);
  l.address = m.ip_literal("address");
  l.port = static_cast<std::uint16_t>(m.number("port", 1, 65535));
  l.protocol = m.word_or("protocol", kListenerProtocols, l.protocol);
  if (const Json& tls = m.any("tls"); !tls.is_null()) l.tls = read_listener_tls(tls, m.path("tls"), faults);
  if (l.tls.has_value() != over_tls(l.protocol)) m.fault("tls", "belongs to the protocols https and tls");
  if (l.tls && l.tls->permissive && l.protocol != ListenerProtocol::https) {
    m.fault("tls", "may be permissive where the protocol is https");
  }
  l.idle_timeout = milliseconds(m.number_or("idle_timeout_ms", 1, kMaxMillis, l.idle_timeout.count()));
  l.proxy_protocol = m.flag_or("proxy_protocol", false);
  l.forwarded = read_forwarded(m.any("forwarded"), m.path("forwarded"), faults);
  l.trace = m.flag_or("trace", false);
  if (const Json& limits = m.any("pool_limits"); !limits.is_null()) {
    l.pool_limits = read_pool_limits(limits, m.path("pool_limits"), faults);
    if (of_bytes(l.protocol)) m.fault("pool_limits", "are of requests");
  }
  l.max_request_body = static_cast<std::uint64_t>(m.number_or("max_request_body", 0, kMaxRequestBody, 0));
  if (const Json& log = m.any("access_log"); !log.is_null()) {
    l.access_log = read_access_log(log, of_bytes(l.protocol), m.path("access_log"), faults);
  }
  if (of_bytes(l.protocol)) refuse_http(l, m);
  Ids rules;
  for (const auto& [item, path] : m.list("rules")) {
    Members rule(*item, path, faults);
    l.rules.push_back(read_rule(rule, rules, known, faults));
    check_rule(l.rules.back(), l, known, rule);
  }
  m.finish();
  return l;
}

bool enters(const Rule& rule) { return std::holds_alternative<Enter>(rule.action); }

// Once all listeners are known: what is entered is there, speaks HTTP and leads to its end.
void check_entries(const std::vector<Listener>& listeners, Faults& faults) {
  std::unordered_map<std::string_view, const Listener*> by_id;
  for (const Listener& each : listeners) by_id.emplace(each.id, &each);
  for (const Listener& from : listeners) {
    for (const Rule& rule : from.rules) {
      if (!enters(rule)) continue;
      const std::string& id = std::get<Enter>(rule.action).listener;
      const auto to = by_id.find(id);
      const std::string where = "listener '" + from.id + "', rule '" + rule.id + "'";
      if (to == by_id.end()) {
        faults.add(where, "there is no listener '" + id + "'");
      } else if (of_bytes(to->second->protocol)) {
        faults.add(where, "the listener '" + id + "' does not speak HTTP");
      } else if (std::ranges::any_of(to->second->rules, enters)) {
        faults.add(where, "the listener '" + id + "' enters another itself");
      }
    }
  }
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
  json.set("pools", array_of(table.pools, [](const Pool& pool) { return to_json(pool); }));
  if (!table.traffic_logs.empty()) {
    json.set("traffic_logs", array_of(table.traffic_logs, [](const TrafficLog& log) { return to_json(log); }));
  }
  return json;
}

Result<RouteTable> table_from_json(const Json& json) {
  Faults faults;
  RouteTable table;
  Members m(json, "", faults);
  table.version = m.number("version", 0, INT64_MAX);
  Known known;
  for (const auto& [item, path] : m.list("pools")) {
    Members pool(*item, path, faults);
    std::string id = pool.identity(known.pools);
    table.pools.push_back(read_pool(pool, faults));
    table.pools.back().id = std::move(id);
    if (table.pools.back().protocol == PoolProtocol::tcp)
      known.tcp_pools.insert(*known.pools.find(table.pools.back().id));
  }
  Ids listeners;
  for (const auto& [item, path] : m.list("listeners")) {
    Members listener(*item, path, faults);
    table.listeners.push_back(read_listener(listener, listeners, known, faults));
  }
  check_entries(table.listeners, faults);
  for (const auto& [item, path] : m.list("traffic_logs")) {
    Members log(*item, path, faults);
    table.traffic_logs.push_back(read_traffic_log(log, faults));
  }
  m.finish();
  if (faults.first()) return fail("RouteTable", *faults.first());
  return table;
}

}  // namespace weir::route
