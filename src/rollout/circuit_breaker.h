// The deployment circuit breaker: after how many tasks that failed a deployment has failed. Pure; any thread.
#pragma once

#include <cstdint>

namespace weir::rollout {

// Half of the desired tasks, rounded up, but at least kFewestFailures and at most kMostFailures, as ECS has it.
std::int32_t failure_threshold(std::int32_t desired);

}  // namespace weir::rollout
