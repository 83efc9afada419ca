#include "route/feedback.h"

#include "route/members.h"

namespace weir::route {
namespace {

constexpr std::size_t kUsualFeedback = 4096, kUsualStatus = 128;  // bytes, of which text is begun with
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

void write_backend(std::string& out, const BackendStatus& b) {
  out += R"({"pool":)";
  Json(b.pool).dump_to(out);
  out += R"(,"backend":)";
  Json(b.backend).dump_to(out);
  out.append(R"(,"health":")").append(kHealths[static_cast<std::size_t>(b.health)]).append("\"");
  if (!b.reason.empty()) {
    out += R"(,"reason":)";
    Json(b.reason).dump_to(out);
  }
  if (!b.description.empty()) {
    out += R"(,"description":)";
    Json(b.description).dump_to(out);
  }
  out += R"(,"active":)";
  Json(b.active).dump_to(out);
  out += R"(,"requests":)";
  Json(b.requests).dump_to(out);
  out += '}';
}

Json listener_json(const ListenerStatus& listener) {
  Json json = Json::object();
  json.set("listener", listener.listener).set("listening", listener.listening);
  if (!listener.error.empty()) json.set("error", listener.error);
  return json;
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

std::string text_of(const Feedback& feedback) {
  std::string out;
  out.reserve(kUsualFeedback + kUsualStatus * feedback.backends.size());
  out.append(R"({"acknowledged":)").append(std::to_string(feedback.acknowledged)).append(R"(,"backends":[)");
  for (const BackendStatus& backend : feedback.backends) {
    if (out.back() != '[') out += ',';
    write_backend(out, backend);
  }
  Json rest = Json::object();
  rest.set("listeners", array_of(feedback.listeners, listener_json));
  rest.set("pools", array_of(feedback.pools, pool_json));
  rest.set("listener_counters", array_of(feedback.listener_counters, listener_counters_json));
  return out.append("],").append(rest.dump(), 1);  // without its first brace
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
