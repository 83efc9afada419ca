// What an account may have; each is refused with its TooMany… beyond that.
#include "api/elbv2/actions.h"
#include "api/elbv2/names.h"
#include "api/limits.h"

namespace weir::api::elbv2 {

namespace {

struct AccountLimit {
  const char* name;
  std::size_t most;
};
constexpr AccountLimit kLimits[] = {
    {"application-load-balancers", kMaxBalancers},
    {"certificates-per-application-load-balancer", kMaxListenerCertificates},
    {"certificates-per-network-load-balancer", kMaxListenerCertificates},
    {"condition-values-per-alb-rule", kMaxConditionValues},
    {"listeners-per-application-load-balancer", kMaxListeners},
    {"listeners-per-network-load-balancer", kMaxListeners},
    {"network-load-balancers", kMaxBalancers},
    {"target-groups", kMaxTargetGroups},
    {"target-groups-per-action-on-application-load-balancer", kMaxGroupsOfForward},
};

}  // namespace

Result<shapes::DescribeAccountLimitsOutput> describe_account_limits(Context&,
                                                                    const shapes::DescribeAccountLimitsInput& input) {
  std::vector<Positioned<shapes::Limit>> all;
  for (const auto& limit : kLimits)
    all.push_back({limit.name, {.Name = limit.name, .Max = std::to_string(limit.most)}});
  auto page = TRY(marked_page(std::move(all), input.Marker, input.PageSize));
  return shapes::DescribeAccountLimitsOutput{std::move(page.items), std::move(page.next)};
}

}  // namespace weir::api::elbv2
