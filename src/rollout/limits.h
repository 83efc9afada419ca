// Limits of room rollout: named here, so that they can be found and argued with.
#pragma once

#include <chrono>
#include <cstdint>

namespace weir::rollout {

// After tasks that ended before they served: nothing after the first, then 1 s, doubled each time, up to this.
inline constexpr std::chrono::seconds kFirstBackoff{1};
inline constexpr std::chrono::seconds kLongestBackoff{60};

// A task of a service without a balancer that ran this long has proved itself: its end is no failure to start.
inline constexpr std::chrono::seconds kProvingRun{10};

// The deployment circuit breaker: of half the desired tasks, rounded up, at least so many and at most so many failures.
inline constexpr std::int32_t kFewestFailures = 3;
inline constexpr std::int32_t kMostFailures = 200;

}  // namespace weir::rollout
