// The tasks of one revision as a pure function: brought to a wished number, whatever others there are. A deployment in
// stages holds two fleets at once, blue and green, and ends one of them at last. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rollout/rolling.h"

namespace weir::rollout {

struct FleetPlan {
  std::int32_t start = 0;
  std::vector<std::string> stop;  // these tasks begin to drain, in this order
};

// `tasks`: those of the revision that are not stopped. Unhealthy ones go and are replaced; of more than `wanted` those
// that do not serve go first, then the oldest. Nothing is started where it may not be.
FleetPlan plan_fleet(std::int32_t wanted, bool may_start, const std::vector<RollingTask>& tasks);

// How many serve, as every worker knows.
std::int32_t count_serving(const std::vector<RollingTask>& tasks);

}  // namespace weir::rollout
