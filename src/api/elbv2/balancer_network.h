// Where a load balancer stands: its subnets and security groups. Any id is taken, as nothing here depends on it; where
// ec2 keeps a subnet of that id, its zone and VPC are the balancer's. Control thread.
#pragma once

#include <string>
#include <vector>

#include "api/action.h"
#include "model/elbv2/shapes.h"

namespace weir::api::elbv2 {

struct BalancerPlace {
  std::string vpc;
  std::vector<model::elbv2::AvailabilityZone> zones;  // one a subnet
};

// Errors: ValidationError where a subnet is named twice; InvalidConfigurationRequest where kept ones are of several
// VPCs, or two of them of one zone.
Result<BalancerPlace> place_of(Context& context, const std::vector<std::string>& subnets);

}  // namespace weir::api::elbv2
