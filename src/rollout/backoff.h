// How long a service waits before it starts a task anew after tasks that ended before they served. Pure; any thread.
#pragma once

#include <cstdint>

#include "base/clock.h"

namespace weir::rollout {

// The delay after `failures_in_a_row` (0 and more): 0, 0, 1 s, 2 s, 4 s … kLongestBackoff.
Duration backoff_delay(std::int32_t failures_in_a_row);

}  // namespace weir::rollout
