#include "api/elbv2/balancer_network.h"

#include <fmt/format.h>

#include <set>

#include "api/arn.h"
#include "api/elbv2/actions.h"
#include "api/elbv2/associations.h"
#include "api/elbv2/errors.h"
#include "api/elbv2/refusals.h"
#include "api/writing.h"
#include "model/record.h"
#include "store/store.h"

namespace weir::api::elbv2 {

namespace {

constexpr std::size_t kZoneLetters = 6;

Result<std::optional<Json>> kept_subnet(Context& context, const std::string& id) {
  const model::Record wanted{.scope = scope_of(context), .kind = "subnet", .name = id};
  const auto found = TRY(store::peek<model::Record>(context.store, wanted.key()));
  if (!found) return std::nullopt;
  return (*found)->document;
}

template <class Input, class Change>
auto with_balancer(Context& context, const Input& input, Change change)
    -> decltype(change(std::declval<model::LoadBalancer&>())) {
  return writing(kServerError, [&]() -> decltype(change(std::declval<model::LoadBalancer&>())) {
    auto found = TRY(find_balancer(context, input.LoadBalancerArn));
    if (!found) return balancer_not_found();
    auto reply = TRY(change(found->document));
    TRY(commit(context, {store::put(*found)}));
    return reply;
  });
}

}  // namespace

Result<BalancerPlace> place_of(Context& context, const std::vector<std::string>& subnets) {
  BalancerPlace place;
  std::set<std::string> seen, zones;
  for (std::size_t i = 0; i < subnets.size(); ++i) {
    if (!seen.insert(subnets[i]).second) {
      return validation_error(fmt::format("The subnet '{}' is specified more than once", subnets[i]));
    }
    std::string zone = context.region + static_cast<char>('a' + i % kZoneLetters);
    if (const auto kept = TRY(kept_subnet(context, subnets[i]))) {
      zone = (*kept)["availabilityZone"].as_string();
      const std::string& vpc = (*kept)["vpcId"].as_string();
      if (!place.vpc.empty() && place.vpc != vpc) {
        return client_error(kUnsupported, "All subnets must belong to the same VPC");
      }
      if (!zones.insert(zone).second) {
        return client_error(kUnsupported,
                            "A load balancer cannot be attached to multiple subnets in the same Availability Zone");
      }
      place.vpc = vpc;
    }
    place.zones.push_back({.ZoneName = std::move(zone), .SubnetId = subnets[i]});
    place.zones.back().LoadBalancerAddresses.emplace();
  }
  if (place.vpc.empty()) place.vpc = "vpc-" + stable_hex(context.account + context.region, 17);
  return place;
}

Result<shapes::SetSubnetsOutput> set_subnets(Context& context, const shapes::SetSubnetsInput& input) {
  TRY(refuse(input, refused_of_set_subnets(), kUnsupported));
  std::vector<std::string> subnets = input.Subnets.value_or(std::vector<std::string>{});
  for (const auto& mapping : input.SubnetMappings.value_or(std::vector<shapes::SubnetMapping>{})) {
    if (mapping.SubnetId) subnets.push_back(*mapping.SubnetId);
  }
  if (subnets.empty()) return validation_error("At least one subnet must be specified");
  return with_balancer(context, input, [&](model::LoadBalancer& changed) -> Result<shapes::SetSubnetsOutput> {
    BalancerPlace place = TRY(place_of(context, subnets));
    changed.balancer.VpcId = place.vpc;
    changed.balancer.AvailabilityZones = place.zones;
    return shapes::SetSubnetsOutput{.AvailabilityZones = std::move(place.zones),
                                    .IpAddressType = changed.balancer.IpAddressType};
  });
}

Result<shapes::SetSecurityGroupsOutput> set_security_groups(Context& context,
                                                            const shapes::SetSecurityGroupsInput& input) {
  TRY(refuse(input, refused_of_set_security_groups(), kUnsupported));
  return with_balancer(context, input, [&](model::LoadBalancer& changed) -> Result<shapes::SetSecurityGroupsOutput> {
    changed.balancer.SecurityGroups = input.SecurityGroups;
    return shapes::SetSecurityGroupsOutput{.SecurityGroupIds = input.SecurityGroups};
  });
}

Result<shapes::SetIpAddressTypeOutput> set_ip_address_type(Context& context,
                                                           const shapes::SetIpAddressTypeInput& input) {
  TRY(refuse(input, refused_of_set_ip_address_type(), kUnsupported));
  const auto found = TRY(find_balancer(context, input.LoadBalancerArn));
  if (!found) return balancer_not_found();
  return shapes::SetIpAddressTypeOutput{.IpAddressType = found->document.balancer.IpAddressType};
}

// Nothing is reserved: what the machine has is there.
Result<shapes::DescribeCapacityReservationOutput> describe_capacity_reservation(
    Context& context, const shapes::DescribeCapacityReservationInput& input) {
  const auto found = TRY(find_balancer(context, input.LoadBalancerArn));
  if (!found) return balancer_not_found();
  return shapes::DescribeCapacityReservationOutput{.CapacityReservationState =
                                                       std::vector<shapes::ZonalCapacityReservationState>{}};
}

}  // namespace weir::api::elbv2
