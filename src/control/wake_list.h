// WakeList: when each group is next due by time alone. One thread; owned by Control.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/clock.h"
#include "control/mirror.h"

namespace weir::control {

class WakeList {
 public:
  // Replaces what was set for the group; none: it is due no more.
  void set(const Group& group, std::optional<Timestamp> at);
  // Takes out the groups that are due at `now`.
  std::set<Group> take_due(Timestamp now);
  std::optional<Timestamp> next() const;

 private:
  std::map<Group, Timestamp> by_group_;
  std::set<std::pair<Timestamp, Group>> by_time_;
};

}  // namespace weir::control
