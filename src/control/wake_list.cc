#include "control/wake_list.h"

namespace weir::control {

void WakeList::set(const Group& group, std::optional<Moment> at) {
  if (const auto found = by_group_.find(group); found != by_group_.end()) {
    by_time_.erase({found->second, group});
    by_group_.erase(found);
  }
  if (!at) return;
  by_group_.emplace(group, *at);
  by_time_.emplace(*at, group);
}

std::set<Group> WakeList::take_due(Moment now) {
  std::set<Group> due;
  while (!by_time_.empty() && by_time_.begin()->first <= now) {
    const Group group = by_time_.begin()->second;
    set(group, std::nullopt);
    due.insert(group);
  }
  return due;
}

std::optional<Moment> WakeList::next() const {
  if (by_time_.empty()) return std::nullopt;
  return by_time_.begin()->first;
}

}  // namespace weir::control
