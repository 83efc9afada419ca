// Limits of room rollout: named here, so that they can be found and argued with.
#pragma once

#include <chrono>

namespace weir::rollout {

// After tasks that ended before they served: nothing after the first, then 1 s, doubled each time, up to this.
inline constexpr std::chrono::seconds kFirstBackoff{1};
inline constexpr std::chrono::seconds kLongestBackoff{60};

// A task of a service without a balancer that ran this long has proved itself: its end is no failure to start.
inline constexpr std::chrono::seconds kProvingRun{10};

}  // namespace weir::rollout
