#include "route/feedback.h"

#include "route/members.h"

namespace weir::route {
namespace {

constexpr std::string_view kHealths[] = {"unknown", "healthy", "unhealthy"};

std::uint64_t count(Members& m, std::string_view name) {
  return static_cast<std::uint64_t>(m.number_or(name, 0, INT64_MAX, 0));
}

BackendStatus read_backend(Members& m) {
  BackendStatus b;
  b.pool = m.text("pool");
  b.backend = m.text("backend");
  b.health = m.word_or("health", kHealths, b.health);
  b.reason = m.text_or("reason", "");
  b.description = m.text_or("description", "");
  b.active = static_cast<std::uint32_t>(m.number_or("active", 0, UINT32_MAX, 0));
  b.requests = count(m, "requests");
  m.finish();
  return b;
}

ListenerStatus read_listener(Members& m) {
  ListenerStatus l;
  l.listener = m.text("listener");
  l.listening = m.flag("listening");
  l.error = m.text_or("error", "");
  m.finish();
  return l;
}

PoolCounters read_pool(Members& m) {
  PoolCounters p;
  p.pool = m.text("pool");
  p.counters = read_counters(m);
  m.finish();
  return p;
}

Json backend_json(const BackendStatus& b) {
  Json json = Json::object();
  json.set("pool", b.pool).set("backend", b.backend).set("health", kHealths[static_cast<std::size_t>(b.health)]);
  if (!b.reason.empty()) json.set("reason", b.reason);
  if (!b.description.empty()) json.set("description", b.description);
  return json.set("active", b.active).set("requests", b.requests);
}

ListenerCounters read_listener_counters(Members& m) {
  ListenerCounters l;
  l.listener = m.text("listener");
  l.counters = read_counters(m);
  m.finish();
  return l;
}

Json listener_counters_json(const ListenerCounters& l) {
  Json json = Json::object();
  json.set("listener", l.listener);
  set_counters(json, l.counters);
  return json;
}

Json pool_json(const PoolCounters& p) {
  Json json = Json::object();
  json.set("pool", p.pool).set("requests", p.counters[Count::requests]);
  set_counters(json, p.counters);
  return json;
}

}  // namespace

Json to_json(const Feedback& feedback) {
  Json backends = Json::array(), listeners = Json::array(), pools = Json::array();
  for (const BackendStatus& backend : feedback.backends) backends.push(backend_json(backend));
  for (const ListenerStatus& listener : feedback.listeners) {
    Json json = Json::object();
    json.set("listener", listener.listener).set("listening", listener.listening);
    if (!listener.error.empty()) json.set("error", listener.error);
    listeners.push(std::move(json));
  }
  for (const PoolCounters& pool : feedback.pools) pools.push(pool_json(pool));
  Json json = Json::object();
  json.set("acknowledged", feedback.acknowledged).set("backends", std::move(backends));
  json.set("listeners", std::move(listeners)).set("pools", std::move(pools));
  return json.set("listener_counters", array_of(feedback.listener_counters, listener_counters_json));
}

Result<Feedback> feedback_from_json(const Json& json) {
  Faults faults;
  Feedback feedback;
  Members m(json, "", faults);
  feedback.acknowledged = m.number("acknowledged", 0, INT64_MAX);
  for (const auto& [item, path] : m.list("backends")) {
    Members each(*item, path, faults);
    feedback.backends.push_back(read_backend(each));
  }
  for (const auto& [item, path] : m.list("listeners")) {
    Members each(*item, path, faults);
    feedback.listeners.push_back(read_listener(each));
  }
  for (const auto& [item, path] : m.list("pools")) {
    Members each(*item, path, faults);
    feedback.pools.push_back(read_pool(each));
  }
  for (const auto& [item, path] : m.list("listener_counters")) {
    Members each(*item, path, faults);
    feedback.listener_counters.push_back(read_listener_counters(each));
  }
  m.finish();
  if (faults.first()) return fail("Feedback", *faults.first());
  return feedback;
}

}  // namespace weir::route
