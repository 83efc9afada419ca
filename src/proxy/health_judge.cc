#include "proxy/health_judge.h"

#include <algorithm>
#include <charconv>

#include "proxy/limits.h"

namespace weir::proxy {

using route::Health;

HealthJudge::HealthJudge(const route::HealthCheck& check, Instant born) : check_(check), last_counted_(born) {
  if (check_.protocol == route::HealthProtocol::none) health_ = Health::healthy;
}

void HealthJudge::recall(const HealthVerdict& verdict) {
  if (check_.protocol == route::HealthProtocol::none) return;
  health_ = verdict.health;
  reason_ = verdict.reason;
  description_ = verdict.description;
  ever_passed_ = verdict.ever_passed;
}

bool HealthJudge::judge(const CheckOutcome& outcome, Instant now) {
  return outcome.passed ? pass() : miss(outcome, now);
}

bool HealthJudge::pass() {
  failures_ = 0;
  ++passes_;
  // The first check that a new backend passes is enough; one that was healthy before has to earn it again.
  const bool enough = !ever_passed_ || passes_ >= check_.healthy_threshold;
  ever_passed_ = true;
  if (health_ == Health::healthy || !enough) return false;
  health_ = Health::healthy;
  reason_.clear();
  description_.clear();
  return true;
}

bool HealthJudge::miss(const CheckOutcome& outcome, Instant now) {
  passes_ = 0;
  // A new backend is tried again quickly while its program starts. Those tries are there to find it early, not to
  // condemn it early: only one failure an interval counts.
  if (!ever_passed_) {
    ++quick_retries_;
    if (now - last_counted_ < check_.interval) return false;
  }
  last_counted_ = now;
  ++failures_;
  if (failures_ < check_.unhealthy_threshold) return false;
  const bool changed = health_ != Health::unhealthy || reason_ != outcome.reason || description_ != outcome.description;
  health_ = Health::unhealthy;
  reason_ = outcome.reason;
  description_ = outcome.description;
  return changed;
}

Instant HealthJudge::next_check(Instant now) const {
  if (ever_passed_) return now + check_.interval;
  const auto wait = kFirstRetry * (1u << std::min(quick_retries_, 8u)) / 2;
  return now + std::min<Duration>({wait, kRetryCeiling, check_.interval});
}

Instant out_of_step(Instant now, Instant next, Random& random) {
  return next - Duration(random.between(0, (next - now).count() / kCheckJitter));
}

bool code_matches(std::string_view matcher, unsigned code) {
  while (!matcher.empty()) {
    const std::size_t comma = matcher.find(',');
    const std::string_view part = matcher.substr(0, comma);
    matcher = comma == std::string_view::npos ? std::string_view{} : matcher.substr(comma + 1);
    const char* end = part.data() + part.size();
    unsigned low = 0, high = 0;
    const auto first = std::from_chars(part.data(), end, low);
    if (first.ec != std::errc()) continue;
    high = low;
    if (first.ptr != end && *first.ptr == '-' && std::from_chars(first.ptr + 1, end, high).ec != std::errc()) continue;
    if (code >= low && code <= high) return true;
  }
  return false;
}

}  // namespace weir::proxy
