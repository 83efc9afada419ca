// HealthJudge: turns the outcomes of one backend's health checks into a verdict, and says when to check again.
// Pure: time is a parameter. Owned by a prober (or a simulation); one thread.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "route/feedback.h"
#include "route/route_table.h"

namespace weir::proxy {

// The outcome of one check. `reason` is a word where it failed: "Timeout", "ResponseCodeMismatch",
// "FailedHealthChecks".
struct CheckOutcome {
  bool passed = false;
  std::string reason;
  std::string description;
};

// What is known of a backend, as one proxy leaves it to the next.
struct HealthVerdict {
  route::Health health = route::Health::unknown;
  std::string reason, description;
  bool ever_passed = false;
};

class HealthJudge {
 public:
  // `born`: when the backend was first seen. A backend that does not check (HealthProtocol::none) is healthy at once.
  HealthJudge(const route::HealthCheck& check, Instant born);

  // Newer thresholds and intervals; the verdict stays.
  void update(const route::HealthCheck& check) { check_ = check; }

  // Takes the outcome of a check. True when health, reason or description changed.
  bool judge(const CheckOutcome& outcome, Instant now);
  // When to check next, after judge().
  Instant next_check(Instant now) const;

  route::Health health() const { return health_; }
  const std::string& reason() const { return reason_; }
  const std::string& description() const { return description_; }

  HealthVerdict verdict() const { return {health_, reason_, description_, ever_passed_}; }
  // Goes on from a verdict of before. No effect on a backend that does not check.
  void recall(const HealthVerdict& verdict);

 private:
  bool pass();
  bool miss(const CheckOutcome& outcome, Instant now);

  route::HealthCheck check_;
  route::Health health_ = route::Health::unknown;
  std::string reason_, description_;
  bool ever_passed_ = false;
  unsigned passes_ = 0;    // in a row
  unsigned failures_ = 0;  // in a row, counted once an interval while it has never passed
  unsigned quick_retries_ = 0;
  Instant last_counted_;
};

// Somewhere in the last tenth of the wait until `next`, so that the checks of many backends do not go in step.
Instant out_of_step(Instant now, Instant next, Random& random);

// Whether `code` is in a matcher such as "200", "200-299", "200,302" or "0-99".
bool code_matches(std::string_view matcher, unsigned code);

}  // namespace weir::proxy
