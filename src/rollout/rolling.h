// The rolling update as a pure function: from the wish (how many, how few, how many at most) and the tasks there are
// it says how many tasks of the wished deployment to start and which tasks to let go. Asked again after each change it
// leads to the wished tasks and nothing else; it also scales in and out and replaces unhealthy tasks. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/moment.h"

namespace weir::rollout {

enum class Stage {
  unhealthy,  // to be replaced: its health checks failed for good
  starting,   // not up yet
  up,         // runs, and does not serve yet
  serving,    // takes traffic, as every proxy worker knows
  unsure,     // it served, and the proxy that runs now has yet to say so again: neither counted on nor touched
  stopping,   // told to go: draining, or its processes are ending
};

struct RollingTask {
  std::string id;
  bool wished = true;  // of the wished deployment; otherwise of one that is being replaced
  Stage stage = Stage::starting;
  Moment made;
};

struct RollingWish {
  std::int32_t desired = 0;            // 0 and more
  std::int32_t minimum_percent = 100;  // of desired, rounded up, that keep serving; more than 100 counts as 100
  std::int32_t maximum_percent = 200;  // of desired, rounded down, that may exist at once, stopping ones included
  bool may_start = true;               // false while a back-off lasts
};

struct RollingPlan {
  std::int32_t start = 0;         // so many new tasks of the wished deployment
  std::vector<std::string> stop;  // these tasks begin to drain, in this order
  // The percentages let nothing be started nor stopped, and nothing is under way that would change that.
  bool blocked = false;
};

std::int32_t fewest_serving(const RollingWish& wish);
std::int32_t most_tasks(const RollingWish& wish);

// `tasks`: every task that is not stopped. It never takes the serving ones below fewest_serving() by its own hand, and
// never starts one beyond most_tasks(). Of equals the oldest goes first, and those that do not serve before all others.
// Tasks that still serve are let go below `desired` only where there is no other way to make room.
RollingPlan plan_rolling(const RollingWish& wish, const std::vector<RollingTask>& tasks);

}  // namespace weir::rollout
