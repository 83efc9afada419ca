// A service whose deployments are not ECS's own: each of its task sets keeps its share of the desired count, by itself.
// Which share is whose, and which set is the primary, is for whoever deploys to say.
#include "control/service_turn.h"
#include "rollout/fleet.h"
#include "rollout/task_set.h"

namespace weir::control {

using model::Task;
using model::TaskSet;
using model::TaskSetState;

void ServiceTurn::run_task_sets() {
  adopt_task_sets();
  hear_news();
  for (auto& set : state().task_sets) forgive(set.id, backoff(set));
  judge();
  for (std::size_t i = 0; i < service().task_sets.size(); ++i) {
    run_task_set(service().task_sets[i], state().task_sets[i]);
  }
  stop_strays();
  count_task_sets();
  settle_task_sets();
  if (service().status == "DRAINING") end();
}

void ServiceTurn::adopt_task_sets() {
  if (!state().deployments.empty()) {  // of an earlier service of this name
    state().deployments.clear();
    state().events.clear();
    out_.state_changed = true;
  }
  std::vector<TaskSetState> states;
  for (const auto& set : service().task_sets) {
    const auto known = std::find_if(state().task_sets.begin(), state().task_sets.end(),
                                    [&](const TaskSetState& each) { return each.id == set.id; });
    const bool is_new = known == state().task_sets.end();
    states.push_back(is_new ? TaskSetState{.id = set.id, .stability_at = set.created_at, .updated_at = set.created_at}
                            : *known);
    out_.state_changed |= is_new;
  }
  out_.state_changed |= states.size() != state().task_sets.size();
  state().task_sets = std::move(states);
}

TaskSetState* ServiceTurn::set_of(const Task& task) {
  const auto found = std::find_if(state().task_sets.begin(), state().task_sets.end(),
                                  [&](const TaskSetState& each) { return each.id == task.task_set; });
  return task.task_set.empty() || found == state().task_sets.end() ? nullptr : &*found;
}

std::vector<rollout::RollingTask> ServiceTurn::tasks_of_set(const std::string& id) {
  std::vector<rollout::RollingTask> tasks;
  for (auto& step : out_.tasks) {
    if (is_over(step.task) || step.task.task_set != id) continue;
    tasks.push_back({step.task.id, true, stage(step), step.task.made});
  }
  return tasks;
}

void ServiceTurn::run_task_set(const TaskSet& wish, TaskSetState& of) {
  const std::int32_t computed = model::computed_desired_count(service(), wish);
  if (set(of.computed_desired_count, computed)) of.updated_at = date_;
  const bool waits = is_backing_off(of.start_not_before);
  const TaskSetDefinition& definition = view_.task_sets[wish.id];
  run_fleet(tasks_of_set(wish.id), computed, !waits,
            {service_with(service(), wish), {}, definition.definition, definition.tags, wish.id, wish.external_id});
  if (waits) wake_at(of.start_not_before);
}

void ServiceTurn::stop_strays() {
  for (const auto& step : out_.tasks) {
    if (is_over(step.task) || step.task.desired_status == "STOPPED" || set_of(step.task)) continue;
    stop_tasks({step.task.id});
  }
}

void ServiceTurn::count_task_sets() {
  std::int32_t running = 0, pending = 0;
  for (auto& each : state().task_sets) {
    const Counts counts = count_tasks(each.id);
    bool changed = set(each.running_count, counts.running);
    changed |= set(each.pending_count, counts.pending);
    if (changed) each.updated_at = date_;
    running += counts.running;
    pending += counts.pending;
  }
  set(state().running_count, running);
  set(state().pending_count, pending);
}

void ServiceTurn::settle_task_sets() {
  bool steady = service().status == "ACTIVE" && !service().task_sets.empty();
  for (auto& each : state().task_sets) {
    const auto tasks = tasks_of_set(each.id);
    const bool rests = rollout::is_at_rest(each.computed_desired_count, tasks);
    const bool leaves = std::any_of(service().task_sets.begin(), service().task_sets.end(), [&](const TaskSet& wish) {
      return wish.id == each.id && wish.status == "DRAINING";
    });
    if (set(each.stability, std::string(rests ? "STEADY_STATE" : "STABILIZING")))
      each.stability_at = each.updated_at = date_;
    steady &= rests;
    if (!leaves || !tasks.empty()) continue;
    std::erase_if(service().task_sets, [&](const TaskSet& wish) { return wish.id == each.id; });
    out_.service_changed = true;
  }
  if (set(state().steady, steady) && steady) say(events_.steady());
}

}  // namespace weir::control
