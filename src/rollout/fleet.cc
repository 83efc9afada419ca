#include "rollout/fleet.h"

#include <algorithm>
#include <tuple>

namespace weir::rollout {

FleetPlan plan_fleet(std::int32_t wanted, bool may_start, const std::vector<RollingTask>& tasks) {
  FleetPlan plan;
  std::vector<const RollingTask*> useful;
  for (const auto& task : tasks) {
    if (task.stage == Stage::unhealthy) plan.stop.push_back(task.id);
    if (task.stage != Stage::unhealthy && task.stage != Stage::stopping) useful.push_back(&task);
  }
  std::sort(useful.begin(), useful.end(), [](const RollingTask* a, const RollingTask* b) {
    return std::tie(a->stage, a->made, a->id) < std::tie(b->stage, b->made, b->id);
  });
  const auto count = static_cast<std::int32_t>(useful.size());
  for (std::int32_t i = 0; i < count - std::max(wanted, 0); ++i) {
    plan.stop.push_back(useful[static_cast<std::size_t>(i)]->id);
  }
  if (may_start) plan.start = std::max(0, wanted - count);
  return plan;
}

std::int32_t count_serving(const std::vector<RollingTask>& tasks) {
  return static_cast<std::int32_t>(
      std::count_if(tasks.begin(), tasks.end(), [](const auto& task) { return task.stage == Stage::serving; }));
}

}  // namespace weir::rollout
