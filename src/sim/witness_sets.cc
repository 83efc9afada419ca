// Witness: what task sets keep.
#include <fmt/format.h>

#include <algorithm>

#include "sim/witness.h"

namespace weir::sim {

// A set that nobody scaled down lets none go that serves; one that was, no more than was wished.
void Witness::check_set(const SimTask& task, const model::Task& document) {
  const auto service = wishes_.service(document.service);
  if (!service || service->status != "ACTIVE") return;
  const auto set = std::ranges::find(service->task_sets, document.task_set, &model::TaskSet::id);
  if (set == service->task_sets.end()) return;
  const bool balanced = !set->load_balancers.empty();
  std::int32_t left = 0;
  for (const auto& [id, other] : runtime_.tasks()) {
    if (&other == &task || other.forgotten) continue;
    const model::Task* const known = tasks_->find(id);
    if (known == nullptr || known->task_set != set->id || known->desired_status == "STOPPED") continue;
    if (balanced ? counts(other) : runs(other)) ++left;
  }
  const std::int32_t wished = computed_desired_count(*service, *set);
  if (left < wished)
    breach(kCountInvariant, fmt::format("{} is let go, which leaves {} of task set {}, which wants {}", name_of(task),
                                        left, set->id, wished));
}

}  // namespace weir::sim
