#include "api/elbv2/balancer_network.h"

#include <fmt/format.h>

#include <set>

#include "api/arn.h"
#include "api/elbv2/errors.h"
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

}  // namespace weir::api::elbv2
