#include "control/target_life.h"

#include <string>
#include <utility>

namespace weir::control {

void TargetLife::serve(Needs needs) {
  note_health();
  const bool may = target_.health == "healthy" || (needs == Needs::verdict && target_.health == "unhealthy");
  if (target_.state == "checking" && may) set(target_.state, std::string("serving"));
  if (target_.state != "serving" || target_.acknowledged) return;
  if (view_.acknowledged_serving) {
    set(target_.acknowledged, true);
  } else {
    awaits_ = true;
  }
}

bool TargetLife::begin_drain() {
  if (target_.state != "checking" && target_.state != "serving") return false;
  set(target_.state, std::string("draining"));
  set(target_.acknowledged, false);
  return true;
}

bool TargetLife::drain() {
  if (target_.state != "draining") return true;
  if (!target_.draining_since) {
    if (!view_.acknowledged_draining) {
      awaits_ = true;
      return false;
    }
    set(target_.draining_since, now_);
  }
  const Moment until = *target_.draining_since + view_.drain_delay;
  const bool idle = view_.acknowledged_draining && view_.status && view_.status->active == 0;
  if (!idle && now_ < until) {
    next_ = until;
    awaits_ |= !view_.acknowledged_draining;
    return false;
  }
  leave_table();
  return true;
}

void TargetLife::leave_table() {
  set(target_.state, std::string("gone"));
  set(target_.acknowledged, false);
}

// A proxy that knows nothing yet (just started) does not take back what was known.
void TargetLife::note_health() {
  if (!view_.status || view_.status->health == route::Health::unknown) return;
  const bool healthy = view_.status->health == route::Health::healthy;
  set(target_.health, std::string(healthy ? "healthy" : "unhealthy"));
  set(target_.reason, healthy ? std::string() : view_.status->reason);
  set(target_.description, healthy ? std::string() : view_.status->description);
}

}  // namespace weir::control
