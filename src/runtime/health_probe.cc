#include "runtime/health_probe.h"

#include <signal.h>

namespace weir::runtime {

HealthProbe::HealthProbe(net::Loop& loop, const HealthCheckSpec& wished, Result<ProcessPlan> plan,
                         std::string oom_score, std::function<void()> changed)
    : loop_(loop),
      timeout_(wished.timeout),
      plan_(std::move(plan)),
      oom_score_(std::move(oom_score)),
      changed_(std::move(changed)),
      tally_(wished),
      started_(loop.clock().now()),
      next_timer_(loop, [this] { begin(); }),
      kill_timer_(loop, [this] { kill(-pid_, SIGKILL); }) {
  next_timer_.arm(started_ + tally_.pause(age()));
}

HealthProbe::~HealthProbe() {
  if (pid_ != 0) kill(-pid_, SIGKILL);
}

void HealthProbe::begin() {
  begun_at_ = age();
  // A check that cannot be run has failed.
  auto made = plan_ ? start_process(*plan_, oom_score_, Output::dropped)
                    : Result<StartedProcess>(std::unexpected(plan_.error()));
  if (!made) return note(false);
  pid_ = made->pid;
  kill_timer_.arm(loop_.clock().now() + timeout_);
}

void HealthProbe::on_exit(bool passed) {
  // Not reaped yet, so the number is still its group's.
  kill(-pid_, SIGKILL);
  pid_ = 0;
  kill_timer_.cancel();
  note(passed);
}

void HealthProbe::note(bool passed) {
  const auto before = tally_.health();
  tally_.note(passed, begun_at_);
  next_timer_.arm(loop_.clock().now() + tally_.pause(age()));
  if (tally_.health() != before) changed_();
}

}  // namespace weir::runtime
