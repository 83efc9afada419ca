// Whether a task set has come to rest, as a pure function. How many tasks it keeps its wish says
// (model::computed_desired_count), how it comes by them plan_fleet. Any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "rollout/rolling.h"

namespace weir::rollout {

// `tasks`: those of the set that are not stopped. It is at rest where exactly so many are there and each has come to
// serve; what still drains is not at rest.
bool is_at_rest(std::int32_t computed, const std::vector<RollingTask>& tasks);

}  // namespace weir::rollout
