#include "api/elbv2/target_places.h"

#include <fmt/format.h>

#include "api/elbv2/errors.h"
#include "base/cidr.h"

namespace weir::api::elbv2 {

namespace {

bool is_multicast(const std::string& address) {
  const auto among = [&](const char* range) { return Cidr::parse(range)->contains(address); };
  return among("224.0.0.0/4") || among("ff00::/8");
}

}  // namespace

Result<Place> place_of(const shapes::TargetDescription& target, const shapes::TargetGroup& group) {
  if (target.Id.starts_with("i-")) {
    return client_error(
        "InvalidTarget",
        fmt::format("The instance '{}' has no address on this machine: register its IP address", target.Id));
  }
  const auto address = shortest_literal(target.Id);
  if (!address) {
    return client_error("InvalidTarget",
                        fmt::format("The IP address '{}' is not a valid IPv4 or IPv6 address", target.Id));
  }
  if (*address == "0.0.0.0" || *address == "::" || *address == "255.255.255.255" || is_multicast(*address)) {
    return client_error("InvalidTarget", fmt::format("The IP address '{}' cannot be a target", target.Id));
  }
  return Place{*address, target.Port ? *target.Port : group.Port.value_or(0)};
}

}  // namespace weir::api::elbv2
