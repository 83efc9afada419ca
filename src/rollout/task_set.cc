#include "rollout/task_set.h"

#include <algorithm>

namespace weir::rollout {

bool is_at_rest(std::int32_t computed, const std::vector<RollingTask>& tasks) {
  if (static_cast<std::int32_t>(tasks.size()) != computed) return false;
  return std::all_of(tasks.begin(), tasks.end(), [](const RollingTask& task) {
    return task.stage == Stage::serving || task.stage == Stage::unsure;
  });
}

}  // namespace weir::rollout
