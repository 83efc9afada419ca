#include "control/deployment_record.h"
#include "control/limits.h"
#include "control/service_turn.h"
#include "rollout/fleet.h"

namespace weir::control {

namespace {

constexpr std::int32_t kAsManyAsThereAre = std::numeric_limits<std::int32_t>::max();

}  // namespace

using model::Task;

bool ServiceTurn::bring_about() {
  if (service().status != "ACTIVE") drop_staged();
  begin_stages();
  if (!state().staged) {
    roll();
    return false;
  }
  return take_stages();
}

void ServiceTurn::begin_stages() {
  if (state().staged || service().status != "ACTIVE" || primary().strategy == "ROLLING") return;
  if (primary().rollout_state != "IN_PROGRESS" || primary().id == state().completed_deployment) return;
  state().staged = begin_staged(service(), state(), primary(), now_);
  if (fleets().others.empty()) state().staged->stage = "PRE_SCALE_UP";  // there is nothing to reconcile
  out_.state_changed = true;
}

void ServiceTurn::drop_staged() {
  if (!state().staged) return;
  state().staged.reset();
  out_.state_changed = true;
}

ServiceTurn::Fleets ServiceTurn::fleets() {
  Fleets all;
  for (auto& step : out_.tasks) {
    if (is_over(step.task)) continue;
    auto& fleet = step.task.deployment == state().staged->deployment ? all.green
                  : step.task.deployment == blue()                   ? all.blue
                                                                     : all.others;
    fleet.push_back({step.task.id, true, stage(step), step.task.made});
  }
  return all;
}

bool ServiceTurn::serves(const rollout::RollingTask& task) {
  return task.stage == rollout::Stage::serving || task.stage == rollout::Stage::unsure;
}

StagedView ServiceTurn::staged_view(const Fleets& all) {
  // Without a blue, what serves of earlier deployments stays until green has taken over.
  const bool none_left = blue().empty() ? std::none_of(all.others.begin(), all.others.end(),
                                                       [](const auto& task) { return !serves(task); })
                                        : all.others.empty();
  const auto& leaving = state().staged->going_back ? all.green : all.blue;
  return {.service = service(),
          .routes = view_.routes,
          .replies = view_.replies,
          .facts = {.reconciled = none_left,
                    .green_serves = rollout::count_serving(all.green) >= desired(),
                    .old_gone = leaving.empty() && all.others.empty(),
                    .way_back = way_back(all)},
          .now = {date_, now_},
          .minute = view_.minute};
}

WayBack ServiceTurn::way_back(const Fleets& all) {
  const model::StagedDeployment& staged = *state().staged;
  const bool superseded = is_superseded();
  const bool goes_back = staged.going_back || (superseded && staged.production_percent > 0);
  if (!goes_back || staged.blue.empty() || is_past_return(staged)) return WayBack::open;
  const auto has_serving = [](const auto& fleet) { return std::any_of(fleet.begin(), fleet.end(), serves); };
  if (has_serving(all.blue) || !has_serving(all.green)) return WayBack::open;
  if (!superseded) return WayBack::blocked;
  const Moment until = std::min(primary().begun, now_) + kLongestReturn;
  if (until <= now_) return WayBack::gone;
  wake_at(until);
  return WayBack::blocked;
}

void ServiceTurn::promote() {
  const model::StagedDeployment green = *state().staged;
  for (const auto& deployment : state().deployments) {
    if (deployment.id == green.deployment) set(state().completed_groups, deployment.target_groups);
  }
  set(state().completed_deployment, green.deployment);
  set(state().completed_revision, green.target_revision);
  primary().target_groups = groups_of_deployment(service(), primary().strategy, state().completed_groups);
  drop_staged();
}

void ServiceTurn::take(const StagedStep& step, const model::StagedDeployment& before) {
  for (const auto& [arn, actions] : step.routes) out_.routes[arn] = actions;
  out_.calls.insert(out_.calls.end(), step.calls.begin(), step.calls.end());
  out_.awaits_acknowledgement |= step.awaits_acknowledgement;
  if (step.next) wake_at(*step.next);
  if (to_json_shape(before) != to_json_shape(*state().staged)) out_.state_changed = true;
  if (out_.record) record_changed_ |= follow_stages(*out_.record, *state().staged, date_);
}

void ServiceTurn::shift_back() {
  if (!state().staged) return;
  const model::StagedDeployment before = *state().staged;
  const Fleets all = fleets();
  take(go_back(*state().staged, staged_view(all), random_), before);
  out_.state_changed = true;
}

bool ServiceTurn::take_stages() {
  model::StagedDeployment& staged = *state().staged;
  const model::StagedDeployment before = staged;
  const Fleets all = fleets();
  if (is_superseded()) return supersede(all);
  if (staged.frozen) {
    run_fleets(all, {.green = desired(), .green_may_start = false, .blue = desired()});
    return false;
  }
  StagedStep step = staged.going_back ? go_back(staged, staged_view(all), random_)
                                      : advance_staged(staged, staged_view(all), random_);
  take(step, before);
  if (step.failure && fail_deployment(*step.failure, /*back=*/true)) {
    shift_back();
    return true;
  }
  if (is_past_return(staged)) complete(staged);
  const bool over = step.over;
  if (!over) run_fleets(all, wanted(all, staged, step.awaits_acknowledgement));
  if (over) drop_staged();
  return false;
}

bool ServiceTurn::supersede(const Fleets& all) {
  const model::StagedDeployment before = *state().staged;
  const StagedStep step = withdraw(*state().staged, staged_view(all));
  take(step, before);
  // The next turn knows what to replace.
  if (step.over && state().staged->production_percent > 0 && !is_past_return(*state().staged) && !blue().empty()) {
    promote();
    return false;
  }
  if (step.over && !state().staged->blue.empty() && !is_past_return(*state().staged)) {
    stop_tasks(rollout::plan_fleet(0, false, all.green).stop);  // nothing leads to them any more
  }
  if (!step.over) {
    run_fleets(all,
               {.green = static_cast<std::int32_t>(all.green.size()), .green_may_start = false, .blue = desired()});
    return false;
  }
  drop_staged();
  return bring_about();
}

ServiceTurn::Wanted ServiceTurn::wanted(const Fleets& all, const model::StagedDeployment& staged, bool awaits) {
  const bool clean_up = staged.stage == "CLEAN_UP" && !awaits;
  if (staged.going_back) {
    return {
        .green = clean_up ? 0 : kAsManyAsThereAre, .green_may_start = false, .blue = desired(), .others_end = clean_up};
  }
  const bool scaled = staged.stage != "RECONCILE_SERVICE" && staged.stage != "PRE_SCALE_UP";
  // Where there is no blue the others share green's pool, and leave only what green has room for.
  const bool may_leave = !staged.blue.empty() || rollout::count_serving(all.green) >= desired();
  return {.green = desired(),
          .green_may_start = scaled && !is_backing_off(state().start_not_before) && primary().rollout_state != "FAILED",
          .blue = clean_up ? 0 : desired(),
          .others_end = (clean_up && may_leave) || (staged.stage == "RECONCILE_SERVICE" && !staged.blue.empty())};
}

void ServiceTurn::run_fleets(const Fleets& all, const Wanted& wish) {
  std::vector<rollout::RollingTask> leaving;
  const bool blue_serves = rollout::count_serving(all.blue) >= desired() || wish.blue == 0;
  for (const auto& task : all.others) {
    if (!serves(task) || (wish.others_end && blue_serves)) leaving.push_back(task);
  }
  stop_tasks(rollout::plan_fleet(0, false, leaving).stop);
  if (!blue().empty()) {
    const bool known = primary().id == blue() || view_.fallback;
    run_fleet(all.blue, wish.blue, known && may_replace_blue(), blue_origin());
  }
  run_fleet(all.green, wish.green, wish.green_may_start, origin());
  if (is_backing_off(state().start_not_before)) wake_at(state().start_not_before);
}

void ServiceTurn::run_fleet(const std::vector<rollout::RollingTask>& tasks, std::int32_t count, bool may_start,
                            const TaskOrigin& from) {
  const rollout::FleetPlan plan = rollout::plan_fleet(count, may_start, tasks);
  stop_tasks(plan.stop);
  if (plan.start > 0) start_tasks(plan.start, from);
}

bool ServiceTurn::may_replace_blue() {
  bool may = true;
  for (const auto& step : out_.tasks) {
    const Task& task = step.task;
    if (task.deployment != blue() || !is_over(task) || !task.stopped_at) continue;
    if (task.stop_code != "EssentialContainerExited" && task.stop_code != "TaskFailedToStart") continue;
    const Moment until = task.since + kBlueBackoff;
    if (until <= now_ || task.since > now_) continue;
    wake_at(until);
    may = false;
  }
  return may;
}

void ServiceTurn::complete(const model::StagedDeployment& staged) {
  if (state().completed_deployment == staged.deployment) return;
  set(state().completed_deployment, staged.deployment);
  set(state().completed_revision, staged.target_revision);
  set(state().completed_groups, primary().target_groups);
}

TaskOrigin ServiceTurn::blue_origin() {
  if (primary().id == blue() || !view_.fallback) return origin();
  TaskOrigin from{service(), state().completed_groups, view_.fallback_definition, view_.fallback_tags};
  restore(from.service, *view_.fallback);
  return from;
}

}  // namespace weir::control
