#include "dns/zone.h"

#include <arpa/inet.h>

#include <limits>

#include "base/ascii.h"
#include "dns/limits.h"

namespace weir::dns {

namespace {

struct TypeWord {
  Type type;
  const char* word;
};
constexpr TypeWord kRecordTypes[] = {{Type::a, "A"}, {Type::aaaa, "AAAA"}, {Type::srv, "SRV"}, {Type::cname, "CNAME"}};

template <class Address>
std::string literal(int family, const Address& address) {
  char text[INET6_ADDRSTRLEN];
  return inet_ntop(family, address.data(), text, sizeof text);
}

template <class Address>
std::optional<Address> address_of(int family, const std::string& text) {
  Address address;
  if (inet_pton(family, text.c_str(), address.data()) != 1) return std::nullopt;
  return address;
}

std::unexpected<Error> wrong(const std::string& what) { return fail("Zone", what + " is not what a zone has"); }

Json endpoint_json(const Endpoint& endpoint) {
  Json json = Json::object();
  if (!endpoint.label.empty()) json.set("label", endpoint.label);
  if (endpoint.ipv4) json.set("ipv4", literal(AF_INET, *endpoint.ipv4));
  if (endpoint.ipv4_of_tasks) json.set("ipv4OfTasks", literal(AF_INET, *endpoint.ipv4_of_tasks));
  if (endpoint.ipv6) json.set("ipv6", literal(AF_INET6, *endpoint.ipv6));
  if (endpoint.port != 0) json.set("port", unsigned{endpoint.port});
  if (!endpoint.alias.empty()) json.set("alias", endpoint.alias);
  if (!endpoint.healthy) json.set("healthy", false);
  return json;
}

Json name_json(const Name& name) {
  Json ttls = Json::object(), endpoints = Json::array();
  for (const auto& [type, word] : kRecordTypes) {
    if (const auto ttl = name.ttls.find(type); ttl != name.ttls.end()) ttls.set(word, ttl->second);
  }
  for (const auto& endpoint : name.endpoints) endpoints.push(endpoint_json(endpoint));
  Json json = Json::object();
  if (name.policy == Policy::weighted) json.set("policy", "weighted");
  return json.set("ttls", std::move(ttls)).set("endpoints", std::move(endpoints));
}

Result<std::uint32_t> seconds(const Json& json, const char* what) {
  if (!json.is_int() || json.as_int() < 0 || json.as_int() > std::numeric_limits<std::int32_t>::max()) {
    return wrong(what);
  }
  return static_cast<std::uint32_t>(json.as_int());
}

// The address of a member; none where it is not there.
template <class Address>
Result<std::optional<Address>> address_in(const Json& json, const char* member, int family) {
  const Json* found = json.find(member);
  if (found == nullptr) return std::nullopt;
  auto address = address_of<Address>(family, found->as_string());
  if (!address) return wrong(member);
  return address;
}

Result<Endpoint> endpoint_from(const std::string& owner, const Json& json) {
  Endpoint endpoint;
  endpoint.label = json["label"].as_string();
  if (!endpoint.label.empty() && plain_name(endpoint.label + "." + owner) != endpoint.label + "." + owner) {
    return wrong("label " + endpoint.label);
  }
  endpoint.ipv4 = TRY((address_in<Ipv4>(json, "ipv4", AF_INET)));
  endpoint.ipv4_of_tasks = TRY((address_in<Ipv4>(json, "ipv4OfTasks", AF_INET)));
  endpoint.ipv6 = TRY((address_in<Ipv6>(json, "ipv6", AF_INET6)));
  const std::int64_t port = json["port"].as_int();
  if (port < 0 || port > std::numeric_limits<std::uint16_t>::max()) return wrong("port");
  endpoint.port = static_cast<std::uint16_t>(port);
  endpoint.alias = json["alias"].as_string();
  if (!endpoint.alias.empty() && plain_name(endpoint.alias) != endpoint.alias) return wrong("alias");
  endpoint.healthy = json["healthy"].as_bool(true);
  return endpoint;
}

Result<Name> name_from(const std::string& owner, const Json& json) {
  Name name;
  const std::string& policy = json["policy"].as_string();
  if (!policy.empty() && policy != "weighted" && policy != "multivalue") return wrong("policy");
  name.policy = policy == "weighted" ? Policy::weighted : Policy::multivalue;
  for (const auto& [type, word] : kRecordTypes) {
    if (const Json* ttl = json["ttls"].find(word)) name.ttls[type] = TRY(seconds(*ttl, word));
  }
  for (const auto& endpoint : json["endpoints"].items()) {
    name.endpoints.push_back(TRY(endpoint_from(owner, endpoint)));
  }
  return name;
}

}  // namespace

std::optional<std::string> plain_name(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  std::string name;
  std::size_t label = 0;
  for (const char c : text) {
    if (c == '.' && label == 0) return std::nullopt;
    label = c == '.' ? 0 : label + 1;
    if (label > kLongestLabel) return std::nullopt;
    name += lower_letter(c);
  }
  // On the wire each label has its length before it, and the root's follows.
  if (label == 0 || name.size() + 2 > kLongestName) return std::nullopt;
  return name;
}

bool lies_in(std::string_view name, std::string_view zone) {
  if (name == zone) return true;
  return name.size() > zone.size() && name.ends_with(zone) && name[name.size() - zone.size() - 1] == '.';
}

std::optional<Ipv4> ipv4_of(const std::string& text) { return address_of<Ipv4>(AF_INET, text); }
std::optional<Ipv6> ipv6_of(const std::string& text) { return address_of<Ipv6>(AF_INET6, text); }

Json to_json(const Zone& zone) {
  Json names = Json::object();
  for (const auto& [name, what] : zone.names) names.set(name, name_json(what));
  return Json::object()
      .set("zone", zone.name)
      .set("negativeTtl", zone.negative_ttl)
      .set("rank", zone.rank)
      .set("names", std::move(names));
}

Result<Zone> zone_from_json(const Json& json) {
  if (!json.is_object() || !json["names"].is_object()) return wrong("the whole");
  Zone zone;
  zone.name = json["zone"].as_string();
  if (!zone.name.empty() && plain_name(zone.name) != zone.name) return wrong("zone");
  zone.negative_ttl = TRY(seconds(json["negativeTtl"], "negativeTtl"));
  zone.rank = json["rank"].as_int();
  for (const auto& [name, what] : json["names"].members()) {
    if (plain_name(name) != name || !lies_in(name, zone.name.empty() ? name : zone.name)) return wrong(name);
    auto read = TRY(name_from(name, what));
    zone.names.emplace(name, std::move(read));
  }
  return zone;
}

}  // namespace weir::dns
