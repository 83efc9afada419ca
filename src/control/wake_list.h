// WakeList: when each group is next due by time alone. One thread; owned by Control.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/moment.h"
#include "control/mirror.h"

namespace weir::control {

class WakeList {
 public:
  // Replaces what was set for the group; none: it is due no more.
  void set(const Group& group, std::optional<Moment> at);
  // Takes out the groups that are due at `now`.
  std::set<Group> take_due(Moment now);
  std::optional<Moment> next() const;

 private:
  std::map<Group, Moment> by_group_;
  std::set<std::pair<Moment, Group>> by_time_;
};

}  // namespace weir::control
