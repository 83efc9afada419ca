#include "api/servicediscovery/service_rules.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "api/limits.h"
#include "api/servicediscovery/errors.h"
#include "base/cidr.h"

namespace weir::api::servicediscovery {

namespace {

using Attributes = std::map<std::string, std::string>;
using model::DiscoveryService;

constexpr std::size_t kMostServiceName = 127;  // as AWS has it
constexpr std::size_t kMostLabel = 63;         // of a DNS name

bool is_label(std::string_view label) {
  const auto is_inner = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  if (label.empty() || label.size() > kMostLabel || !std::ranges::all_of(label, is_inner)) return false;
  return label.front() != '-' && label.back() != '-' && label != "_";
}

std::unexpected<Error> missing(const char* attribute, const char* type) {
  return invalid_input(std::string("The attribute ") + attribute + " is required: the service has " + type +
                       " records.");
}

bool is_port(const std::string& text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port >= 1 && port <= 65535;
}

// The well-known attributes, each by itself.
Result<> check_values(const DiscoveryService& service, const Attributes& attributes) {
  for (const auto& [key, value] : attributes) {
    const auto bad = [&](const char* what) { return invalid_input("The attribute " + key + what); };
    if (key == "AWS_INSTANCE_IPV4" && !is_ipv4_literal(value)) return bad(" has to be an IPv4 address.");
    if (key == "AWS_INSTANCE_IPV6" && !is_ipv6_literal(value)) return bad(" has to be an IPv6 address.");
    if (key == "AWS_INSTANCE_PORT" && !is_port(value)) return bad(" has to be a port, 1 to 65535.");
    if (key == "AWS_INIT_HEALTH_STATUS" && value != "HEALTHY" && value != "UNHEALTHY") {
      return bad(" has to be HEALTHY or UNHEALTHY.");
    }
    if (key == "AWS_INIT_HEALTH_STATUS" && !service.custom_health) {
      return bad(" is for services with a HealthCheckCustomConfig.");
    }
    if (key == "AWS_EC2_INSTANCE_ID") return bad(" names what is not there: there are no EC2 instances here.");
  }
  return {};
}

// An alias stands for addresses that belong to a balancer.
Result<> check_alias(const DiscoveryService& service, const Attributes& attributes) {
  for (const char* other : {"AWS_INSTANCE_IPV4", "AWS_INSTANCE_IPV6", "AWS_INSTANCE_CNAME", "AWS_INSTANCE_PORT"}) {
    if (attributes.contains(other)) {
      return invalid_input(std::string("AWS_ALIAS_DNS_NAME and ") + other + " exclude each other.");
    }
  }
  const bool addresses = has_record(service, "A") || has_record(service, "AAAA");
  if (!addresses || has_record(service, "SRV") || service.routing_policy != "WEIGHTED") {
    return invalid_input("AWS_ALIAS_DNS_NAME is for services with A or AAAA records and the routing policy WEIGHTED.");
  }
  return {};
}

}  // namespace

// tools/shapes leaves the model's pattern out: it looks ahead.
Result<> check_service_name(std::string_view name) {
  bool good = !name.empty() && name.size() <= kMostServiceName;
  for (std::string_view rest = name; good && !rest.empty();) {
    const auto dot = rest.find('.');
    good = is_label(rest.substr(0, dot)) && dot != rest.size() - 1;
    rest.remove_prefix(dot == std::string_view::npos ? rest.size() : dot + 1);
  }
  if (good) return {};
  return invalid_input("The name '" + std::string(name) + "' is no name of a service.");
}

// tools/shapes knows no limits of a map's keys.
Result<> check_keys(const Attributes& attributes, std::string_view member) {
  const auto odd = [](unsigned char c) { return c <= ' ' || c >= 0x7f; };
  for (const auto& [key, value] : attributes) {
    if (!key.empty() && key.size() <= kMostAttributeName && std::ranges::none_of(key, odd)) continue;
    return invalid_input(std::string(member) + ": the name '" + key + "' is no name of an attribute.");
  }
  return {};
}

bool has_record(const DiscoveryService& service, std::string_view type) {
  return std::ranges::any_of(service.records, [&](const auto& record) { return record.Type == type; });
}

Result<> check_records(const std::vector<model::servicediscovery::DnsRecord>& records,
                       const std::string& routing_policy) {
  if (records.empty()) return invalid_input("DnsRecords has to name a type of record.");
  std::set<std::string> types;
  for (const auto& record : records) {
    if (!types.insert(record.Type).second) return invalid_input("DnsRecords names " + record.Type + " twice.");
  }
  if (!types.contains("CNAME")) return {};
  if (types.size() > 1) return invalid_input("A service with a CNAME record has no other records.");
  if (routing_policy != "WEIGHTED") return invalid_input("A CNAME record needs the routing policy WEIGHTED.");
  return {};
}

Result<> check_attributes(const DiscoveryService& service, const Attributes& attributes) {
  if (attributes.size() > kMaxInstanceAttributes) return invalid_input("An instance has at most 30 attributes.");
  TRY(check_values(service, attributes));
  if (attributes.contains("AWS_ALIAS_DNS_NAME")) return check_alias(service, attributes);
  const bool v4 = attributes.contains("AWS_INSTANCE_IPV4");
  const bool v6 = attributes.contains("AWS_INSTANCE_IPV6");
  if (has_record(service, "SRV")) {
    if (!attributes.contains("AWS_INSTANCE_PORT")) return missing("AWS_INSTANCE_PORT", "SRV");
    if (!v4 && !v6) return missing("AWS_INSTANCE_IPV4 or AWS_INSTANCE_IPV6", "SRV");
  }
  const bool a = has_record(service, "A");
  const bool aaaa = has_record(service, "AAAA");
  if (a && aaaa && !v4 && !v6) return missing("AWS_INSTANCE_IPV4 or AWS_INSTANCE_IPV6", "A and AAAA");
  if (a && !aaaa && !v4) return missing("AWS_INSTANCE_IPV4", "A");
  if (aaaa && !a && !v6) return missing("AWS_INSTANCE_IPV6", "AAAA");
  if (has_record(service, "CNAME") && !attributes.contains("AWS_INSTANCE_CNAME")) {
    return missing("AWS_INSTANCE_CNAME", "CNAME");
  }
  return {};
}

}  // namespace weir::api::servicediscovery
