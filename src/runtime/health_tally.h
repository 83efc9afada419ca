// HealthTally: what a container's health check has found so far, as Docker counts it: one success is healthy, `retries`
// failures in a row are unhealthy; failures before the first success do not count within the start period, nor before
// the first interval is over. Pure. In the shim, on its one thread.
#pragma once

#include <algorithm>

#include "runtime/limits.h"
#include "runtime/runtime.h"

namespace weir::runtime {

class HealthTally {
 public:
  explicit HealthTally(const HealthCheckSpec& wished) : wished_(wished) {}

  ContainerHealth health() const { return health_; }

  // A check is over, begun `age` after the container.
  void note(bool passed, Duration age) {
    if (passed) {
      failures_ = 0;
      passed_ever_ = true;
      health_ = ContainerHealth::healthy;
    } else if (passed_ever_ || age >= std::max(wished_.interval, wished_.start_period)) {
      if (++failures_ >= wished_.retries) health_ = ContainerHealth::unhealthy;
    }
  }

  // How long after the end of one check, or after the start, the next is due.
  Duration pause(Duration age) const {
    const bool early = health_ == ContainerHealth::unknown && age < wished_.interval;
    return early ? std::min<Duration>(kEarlyHealthCheck, wished_.interval) : Duration(wished_.interval);
  }

 private:
  HealthCheckSpec wished_;
  ContainerHealth health_ = ContainerHealth::unknown;
  bool passed_ever_ = false;
  int failures_ = 0;
};

}  // namespace weir::runtime
