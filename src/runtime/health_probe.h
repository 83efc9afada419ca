// HealthProbe: runs a container's health check again and again while the container runs. The shim owns one per
// container with a check, and tells it of the children that have ended. On the shim's loop and thread.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "net/loop.h"
#include "runtime/container_process.h"
#include "runtime/health_tally.h"

namespace weir::runtime {

class HealthProbe {
 public:
  // `plan` is what the check executes. Calls `changed` whenever the health is another, also from within
  // on_exit; it must not destroy this.
  HealthProbe(net::Loop& loop, const HealthCheckSpec& wished, Result<ProcessPlan> plan, std::string oom_score,
              std::function<void()> changed);
  ~HealthProbe();  // kills a check that runs

  ContainerHealth health() const { return tally_.health(); }
  pid_t pid() const { return pid_; }  // of the check that runs; 0 for none
  // The check has ended.
  void on_exit(bool passed);

 private:
  void begin();
  void note(bool passed);
  Duration age() const { return loop_.clock().now() - started_; }

  net::Loop& loop_;
  Duration timeout_;
  Result<ProcessPlan> plan_;
  std::string oom_score_;
  std::function<void()> changed_;
  HealthTally tally_;
  Instant started_;
  Duration begun_at_{};  // the age at which the check that runs began
  pid_t pid_ = 0;
  net::Timer next_timer_;
  net::Timer kill_timer_;
};

}  // namespace weir::runtime
