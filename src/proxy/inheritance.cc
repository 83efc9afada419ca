#include "proxy/inheritance.h"

#include <utility>

#include "proxy/limits.h"

namespace weir::proxy {
namespace {

constexpr const char* kHealthWords[] = {"unknown", "healthy", "unhealthy"};

Json to_json(const KnownHealth& known) {
  return Json::object()
      .set("pool", known.pool)
      .set("backend", known.backend)
      .set("address", known.address)
      .set("port", static_cast<std::int64_t>(known.port))
      .set("health", kHealthWords[static_cast<std::size_t>(known.verdict.health)])
      .set("reason", known.verdict.reason)
      .set("description", known.verdict.description)
      .set("ever_passed", known.verdict.ever_passed);
}

KnownHealth known_health(const Json& json) {
  KnownHealth known{.pool = json["pool"].as_string(),
                    .backend = json["backend"].as_string(),
                    .address = json["address"].as_string(),
                    .port = static_cast<std::uint16_t>(json["port"].as_int())};
  for (const auto health : {route::Health::healthy, route::Health::unhealthy}) {
    if (json["health"].as_string() == kHealthWords[static_cast<std::size_t>(health)]) known.verdict.health = health;
  }
  known.verdict.reason = json["reason"].as_string();
  known.verdict.description = json["description"].as_string();
  known.verdict.ever_passed = json["ever_passed"].as_bool();
  return known;
}

}  // namespace

std::string control_place(const std::string& path) { return "control " + path; }
std::string admin_place(const std::string& address) { return "admin " + address; }

void send_inheritance(KinLink& link, const Inheritance& inheritance) {
  std::vector<SharedFd> bundle;
  Json::Array places;
  const auto send_bundle = [&] {
    if (!bundle.empty()) link.send(Json::object().set("sockets", std::exchange(places, {})), bundle);
    bundle.clear();
  };
  for (const auto& [place, sockets] : inheritance.sockets) {
    for (const SharedFd& socket : sockets) {
      places.push_back(place);
      bundle.push_back(socket);
      if (bundle.size() == kMaxDescriptors) send_bundle();
    }
  }
  send_bundle();
  Json body = Json::object().set("persisted", inheritance.persisted);
  if (inheritance.table) body.set("table", to_json(*inheritance.table));
  Json::Array health;
  for (const KnownHealth& known : inheritance.health) health.push_back(to_json(known));
  body.set("health", std::move(health));
  if (inheritance.tickets) {
    const auto left = std::chrono::duration_cast<milliseconds>(inheritance.tickets_left);
    body.set("tickets", Json::object().set("keys", inheritance.tickets->text()).set("left_ms", left.count()));
  }
  link.send(Json::object().set("inherit", std::move(body)));
}

Result<std::optional<Inheritance>> InheritanceReader::take(const Json& message, KinLink& link) {
  if (const Json* places = message.find("sockets")) {
    const std::vector<SharedFd> sockets = link.take(places->items().size());
    if (sockets.size() != places->items().size()) return fail("Inheritance", "a socket is missing");
    for (std::size_t i = 0; i < sockets.size(); ++i) {
      gathered_.sockets[places->items()[i].as_string()].push_back(sockets[i]);
    }
    return std::optional<Inheritance>();
  }
  const Json* body = message.find("inherit");
  if (body == nullptr) return fail("Inheritance", "a message that is no part of it");
  Inheritance whole = std::exchange(gathered_, {});
  whole.persisted = (*body)["persisted"].as_int(-1);
  if (const Json* table = body->find("table")) {
    whole.table = std::make_shared<const route::RouteTable>(TRY(route::table_from_json(*table)));
  }
  for (const Json& known : (*body)["health"].items()) whole.health.push_back(known_health(known));
  const Json& tickets = (*body)["tickets"];
  if (auto keys = net::TicketKeys::from_text(tickets["keys"].as_string())) {
    whole.tickets = std::make_shared<const net::TicketKeys>(std::move(*keys));
    whole.tickets_left = milliseconds(tickets["left_ms"].as_int());
  }
  return std::optional<Inheritance>(std::move(whole));
}

}  // namespace weir::proxy
