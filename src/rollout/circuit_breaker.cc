#include "rollout/circuit_breaker.h"

#include <algorithm>

#include "rollout/limits.h"

namespace weir::rollout {

std::int32_t failure_threshold(std::int32_t desired) {
  const std::int32_t half = std::max(desired, 0) / 2 + std::max(desired, 0) % 2;
  return std::clamp(half, kFewestFailures, kMostFailures);
}

}  // namespace weir::rollout
