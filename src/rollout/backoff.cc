#include "rollout/backoff.h"

#include <algorithm>

#include "rollout/limits.h"

namespace weir::rollout {

Duration backoff_delay(std::int32_t failures_in_a_row) {
  if (failures_in_a_row <= 1) return Duration(0);
  constexpr std::int32_t kManyDoublings = 20;  // far past the longest delay, far from overflow
  const std::int32_t doublings = std::min(failures_in_a_row - 2, kManyDoublings);
  return std::min<Duration>(kFirstBackoff * (std::int64_t{1} << doublings), kLongestBackoff);
}

}  // namespace weir::rollout
