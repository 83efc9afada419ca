#include "control/name_zones.h"

#include <charconv>

#include "runtime/address_pool.h"

namespace weir::control {

namespace {

constexpr std::uint32_t kBalancerTtl = 60;        // seconds, as AWS has it
constexpr std::uint32_t kVirtualServiceTtl = 10;  // seconds: how long after its end Cloud Map's name is not heard
constexpr const char* kBalancersZone = "elb.localhost";
constexpr std::int64_t kBalancersRank = 1;
constexpr dns::Ipv4 kLoopback{127, 0, 0, 1};

// What is on the host's loopback, tasks with networks of their own find at their gateway.
std::optional<dns::Ipv4> for_tasks(const std::optional<dns::Ipv4>& address) {
  return address == kLoopback ? std::optional(dns::ipv4_from(runtime::kTaskGateway)) : std::nullopt;
}

std::string attribute(const model::DiscoveryInstance& instance, const char* name) {
  const auto found = instance.attributes.find(name);
  return found == instance.attributes.end() ? std::string() : found->second;
}

std::uint16_t port_of(const std::string& text) {
  std::uint16_t port = 0;
  std::from_chars(text.data(), text.data() + text.size(), port);
  return port;
}

dns::Endpoint endpoint_of(const model::DiscoveryInstance& instance, const std::string& owner) {
  dns::Endpoint endpoint;
  // An id that is no part of a name has no SRV record.
  if (const auto whole = dns::plain_name(instance.id + "." + owner)) {
    endpoint.label = whole->substr(0, whole->size() - owner.size() - 1);
  }
  endpoint.ipv4 = dns::ipv4_of(attribute(instance, "AWS_INSTANCE_IPV4"));
  endpoint.ipv4_of_tasks = for_tasks(endpoint.ipv4);
  endpoint.ipv6 = dns::ipv6_of(attribute(instance, "AWS_INSTANCE_IPV6"));
  endpoint.port = port_of(attribute(instance, "AWS_INSTANCE_PORT"));
  for (const char* alias : {"AWS_ALIAS_DNS_NAME", "AWS_INSTANCE_CNAME"}) {
    if (const auto name = dns::plain_name(attribute(instance, alias))) endpoint.alias = *name;
  }
  endpoint.healthy = instance.health != "UNHEALTHY";
  return endpoint;
}

std::optional<dns::Type> type_named(const std::string& word) {
  if (word == "A") return dns::Type::a;
  if (word == "AAAA") return dns::Type::aaaa;
  if (word == "SRV") return dns::Type::srv;
  if (word == "CNAME") return dns::Type::cname;
  return std::nullopt;
}

dns::Name name_of(const RegisteredService& registered, const std::string& owner) {
  dns::Name name;
  const auto& service = *registered.service;
  for (const auto& record : service.records) {
    if (const auto type = type_named(record.Type)) name.ttls[*type] = static_cast<std::uint32_t>(record.TTL);
  }
  name.policy = service.routing_policy == "WEIGHTED" ? dns::Policy::weighted : dns::Policy::multivalue;
  for (const auto* instance : registered.instances) name.endpoints.push_back(endpoint_of(*instance, owner));
  return name;
}

}  // namespace

dns::Zone zone_of(const model::DiscoveryNamespace& space, const std::vector<RegisteredService>& services) {
  dns::Zone zone{.negative_ttl = static_cast<std::uint32_t>(space.negative_ttl), .rank = space.created_at.millis};
  const auto plain = dns::plain_name(space.name);
  if (!plain) return zone;
  zone.name = *plain;
  for (const auto& registered : services) {
    const auto owner = dns::plain_name(registered.service->name + "." + zone.name);
    if (!owner || registered.service->records.empty() || registered.instances.empty()) continue;
    zone.names.emplace(*owner, name_of(registered, *owner));
  }
  return zone;
}

dns::Zone zone_of_balancers(const std::vector<const model::LoadBalancer*>& balancers, const std::string& address) {
  dns::Zone zone{.name = kBalancersZone, .negative_ttl = kBalancerTtl, .rank = kBalancersRank};
  const auto ipv4 = dns::ipv4_of(address);
  const dns::Endpoint here{.ipv4 = ipv4, .ipv4_of_tasks = for_tasks(ipv4)};
  for (const auto* balancer : balancers) {
    const auto name = dns::plain_name(balancer->balancer.DNSName.value_or(""));
    if (!name || !dns::lies_in(*name, zone.name)) continue;
    zone.names.emplace(*name, dns::Name{.ttls = {{dns::Type::a, kBalancerTtl}}, .endpoints = {here}});
  }
  return zone;
}

dns::Zone zone_of_virtual_services(const VirtualServices& services) {
  dns::Zone zone;
  for (const auto& [service, address] : services) {
    const auto name = dns::plain_name(service);
    if (!name) continue;
    const dns::Endpoint endpoint{.ipv4 = address.host, .ipv4_of_tasks = address.tasks};
    zone.names.emplace(*name, dns::Name{.ttls = {{dns::Type::a, kVirtualServiceTtl}}, .endpoints = {endpoint}});
  }
  return zone;
}

}  // namespace weir::control
