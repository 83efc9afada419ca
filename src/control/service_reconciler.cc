#include "control/service_reconciler.h"

#include <algorithm>
#include <map>
#include <set>

#include "control/deployment_record.h"
#include "control/limits.h"
#include "control/mesh_claims.h"
#include "control/service_turn.h"
#include "rollout/backoff.h"
#include "rollout/circuit_breaker.h"
#include "rollout/limits.h"

namespace weir::control {

namespace {

using model::Deployment;
using model::Task;
using model::TaskTarget;

// How the reason of a deployment that failed begins.
constexpr const char* kBreaker = "ECS deployment circuit breaker:";
constexpr const char* kStopped = "ECS deployment stopped:";
constexpr const char* kAlarm = "ECS deployment failed:";

std::string strategy_of(const model::Service& service) {
  return service.deployment_configuration ? service.deployment_configuration->strategy.value_or("ROLLING") : "ROLLING";
}

}  // namespace

ServiceTurn::ServiceTurn(ServiceView view, Now now, Random& random)
    : view_(std::move(view)), now_(now.moment), date_(now.date), random_(random), events_(view_.service.name) {
  out_.service = std::move(view_.service);
  out_.state = std::move(view_.state);
  out_.tasks = std::move(view_.tasks);
  out_.record = std::move(view_.record);
  for (const auto& task : out_.tasks) {
    if (task.next) wake_at(*task.next);
  }
}

ServiceStep ServiceTurn::step() {
  if (service().status == "INACTIVE") {
    keep_or_erase();
  } else if (service().controller != "ECS") {
    run_task_sets();
  } else {
    adopt_wish();
    hear_news();
    forgive(service().deployment_id, backoff());
    judge();
    // Where the service goes back, its next step goes on: the definition at hand is not the one to start then.
    bool goes_back = end_deployment();
    if (goes_back) {
      shift_back();
    } else {
      goes_back = bring_about();
    }
    count();
    if (service().status == "ACTIVE" && !goes_back) settle();
    if (service().status == "DRAINING") end();
  }
  drop_answers();
  if (out_.record) out_.record_changed = follow(*out_.record, service(), state(), date_) || record_changed_;
  return std::move(out_);
}

void ServiceTurn::say(std::string message) {
  add_event(state(), std::move(message), {date_, now_}, random_);
  out_.state_changed = true;
}

bool ServiceTurn::say_once(std::string message) {
  const Moment since = state().deployments.empty() ? Moment{} : primary().begun;
  for (const auto& event : state().events) {
    if (event.moment < since) break;
    if (event.message == message) return false;
  }
  say(std::move(message));
  return true;
}

const std::string& ServiceTurn::blue() {
  static const std::string kNone;
  return state().staged ? state().staged->blue : kNone;
}

void ServiceTurn::adopt_wish() {
  auto& deployments = state().deployments;
  if (!deployments.empty() && primary().id == service().deployment_id) return;
  if (std::any_of(deployments.begin(), deployments.end(), [](const auto& d) { return d.status == "INACTIVE"; })) {
    deployments.clear();  // of an earlier service of this name
    state().events.clear();
  }
  const std::string reason = deployments.empty() ? in_progress() : reason_after(primary());
  const std::string strategy = strategy_of(service());
  const bool again = service().deployment_id == state().completed_deployment;
  std::erase_if(deployments, [&](const Deployment& each) { return each.id == service().deployment_id; });
  for (auto& deployment : deployments) deployment.status = "ACTIVE";
  deployments.insert(deployments.begin(),
                     {.id = service().deployment_id,
                      .strategy = again ? "ROLLING" : strategy,
                      .target_groups = again ? state().completed_groups
                                             : groups_of_deployment(service(), strategy, state().completed_groups),
                      .task_definition = service().task_definition,
                      .created_at = service().deployment_created_at,
                      .updated_at = date_,
                      .desired_count = desired(),
                      .rollout_state_reason = reason,
                      .revision = service().revision_id,
                      .begun = now_,
                      .alarms_before = view_.alarms});
  state().failures_in_a_row = 0;
  state().start_not_before = {};
  state().steady = false;
  out_.state_changed = true;
}

std::string ServiceTurn::reason_after(const Deployment& before) {
  if (before.rollout_state != "FAILED" || service().deployment_id != state().completed_deployment) {
    return in_progress();
  }
  const std::string& why = before.rollout_state_reason;
  // What failed in stages has no such beginning.
  const std::string begin = why.starts_with("ECS deployment") ? why.substr(0, why.find(':') + 1) : std::string(kAlarm);
  return begin + " rolling back to deploymentId " + service().deployment_id + ".";
}

bool ServiceTurn::end_deployment() {
  if (service().status != "ACTIVE" || primary().rollout_state != "IN_PROGRESS") return drop_request();
  // Blue has begun to end: what is green is then what there is to go back to.
  if (state().staged && is_past_return(*state().staged)) return drop_request();
  if (!service().stop_requested.empty()) {
    const bool back = service().stop_requested == "ROLLBACK";
    drop_request();
    return fail_deployment(std::string(kStopped) + " the service deployment was stopped.", back);
  }
  if (has_alarm()) {
    return fail_deployment(std::string(kAlarm) + " alarm detected.",
                           service().deployment_configuration->alarms->rollback);
  }
  if (!has_breaker(service()) || primary().failed_tasks < rollout::failure_threshold(desired())) return false;
  return fail_deployment(std::string(kBreaker) + " tasks failed to start.", rolls_back(service()));
}

bool ServiceTurn::has_alarm() {
  return std::ranges::any_of(view_.alarms, [&](const auto& alarm) {
    const auto before = primary().alarms_before.find(alarm.first);
    return before == primary().alarms_before.end() || before->second != alarm.second;
  });
}

bool ServiceTurn::drop_request() {
  if (service().stop_requested.empty()) return false;
  service().stop_requested.clear();
  out_.service_changed = true;
  return false;
}

bool ServiceTurn::fail_deployment(const std::string& reason, bool back) {
  primary().rollout_state = "FAILED";
  primary().rollout_state_reason = reason;
  primary().updated_at = date_;
  out_.state_changed = true;
  const bool prefixed = reason.starts_with("ECS deployment");
  say(events_.deployment_failed(primary().id, prefixed ? reason.substr(reason.find(':') + 2) : reason));
  const model::ServiceRevision* const fallback = view_.fallback;
  const bool possible = back && fallback && fallback->deployment_id != primary().id;
  if (back && !possible) say(events_.no_rollback_candidate(primary().id));
  if (state().staged && possible) turn_back(*state().staged, now_);
  if (state().staged && !possible) state().staged->frozen = true;
  if (!possible) return false;
  say(events_.rolling_back(fallback->deployment_id));
  restore(service(), *fallback);
  out_.service_changed = true;
  return true;
}

void ServiceTurn::drop_answers() {
  if (service().hook_answers.empty()) return;
  service().hook_answers.clear();
  out_.service_changed = true;
}

void ServiceTurn::hear_news() {
  using Place = std::pair<std::string, std::string>;  // task set, target group
  std::map<Place, int> registered, deregistered;
  std::map<std::string, int> draining;  // by task set
  for (const auto& task : out_.tasks) {
    for (const auto& item : task.news) {
      switch (item.news) {
        case TaskNews::registered:
          ++registered[{task.task.task_set, item.target_group}];
          break;
        case TaskNews::deregistered:
          ++deregistered[{task.task.task_set, item.target_group}];
          break;
        case TaskNews::drains:
          ++draining[task.task.task_set];
          break;
        case TaskNews::start_failed:
          say_once(events_of(task.task).unable_to_place(task.task.stopped_reason));
          failed(task.task);
          break;
        case TaskNews::ended_early:
          failed(task.task);
          break;
        case TaskNews::ended:
          note_failure(task.task);
          break;
        case TaskNews::lost:
          break;
      }
    }
  }
  const auto events = [this](const std::string& task_set) { return ServiceEvents(service().name, task_set); };
  for (const auto& [at, targets] : registered) say(events(at.first).registered(targets, at.second));
  for (const auto& [at, targets] : deregistered) say(events(at.first).deregistered(targets, at.second));
  for (const auto& [task_set, tasks] : draining) say(events(task_set).draining(tasks));
}

void ServiceTurn::note_failure(const Task& task) {
  for (auto& deployment : state().deployments) {
    if (deployment.id != task.deployment || deployment.rollout_state != "IN_PROGRESS") continue;
    ++deployment.failed_tasks;
    out_.state_changed = true;
  }
}

void ServiceTurn::failed(const Task& task) {
  note_failure(task);
  out_.state_changed = true;
  if (auto* task_set = set_of(task)) {
    back_off(task, backoff(*task_set));
  } else if (is_wished(task)) {
    back_off(task, backoff());
  }
}

void ServiceTurn::back_off(const Task& task, Backoff backoff) {
  if (task.made < backoff.not_before) return;
  ++backoff.failures;
  backoff.not_before = now_ + rollout::backoff_delay(backoff.failures);
  // Later than anything started so far, so that the others of this wave do not count again.
  if (backoff.not_before <= task.made) backoff.not_before = {task.made.millis + 1};
  if (backoff.failures == kFailuresToTell) say_once(events_of(task).unable_to_start_consistently());
}

void ServiceTurn::forgive(const std::string& deployment, Backoff backoff) {
  if (backoff.failures == 0) return;
  for (const auto& step : out_.tasks) {
    const Task& task = step.task;
    if (task.deployment != deployment || task.desired_status != "RUNNING" || task.made < backoff.not_before) {
      continue;
    }
    if (has_proved_itself(task, now_)) {
      set(backoff.failures, 0);
      set(backoff.not_before, Moment{});
      return;
    }
    if (task.targets.empty() && task.started_at) wake_at(task.since + rollout::kProvingRun);
  }
}

void ServiceTurn::judge() {
  for (const auto& step : out_.tasks) {
    if (step.task.desired_status == "STOPPED") continue;
    if (health_of(step.task) == "UNHEALTHY" && say_once(events_of(step.task).failed_container_checks(step.task.id)) &&
        !has_proved_itself(step.task, now_)) {
      failed(step.task);
    }
    const TaskTarget* target = failing_target(step.task);
    if (!target) continue;
    const std::string& reason = !target->description.empty() ? target->description : target->reason;
    say(events_of(step.task).unhealthy(target->port, target->target_group,
                                       reason.empty() ? "Health checks failed" : reason));
    if (!has_proved_itself(step.task, now_)) failed(step.task);
  }
}

void ServiceTurn::roll() {
  const rollout::RollingWish wish{
      .desired = desired(),
      .minimum_percent = service().minimum_healthy_percent,
      .maximum_percent = service().maximum_percent,
      .may_start = !is_backing_off(state().start_not_before) && service().status == "ACTIVE" &&
                   primary().rollout_state != "FAILED",
  };
  std::vector<rollout::RollingTask> tasks;
  for (auto& task : out_.tasks) {
    if (is_over(task.task)) continue;
    tasks.push_back({task.task.id, is_wished(task.task), stage(task), task.task.made});
  }
  const rollout::RollingPlan plan = rollout::plan_rolling(wish, tasks);
  stop_tasks(plan.stop);
  if (plan.start > 0) start_tasks(plan.start, origin());
  if (plan.blocked) say_once(events_.blocked_by_percentages());
  if (is_backing_off(state().start_not_before)) wake_at(state().start_not_before);
}

bool ServiceTurn::is_backing_off(Moment not_before) {
  return not_before > now_ && not_before - now_ <= rollout::kLongestBackoff;
}

rollout::Stage ServiceTurn::stage(TaskStep& step) {
  const Task& task = step.task;
  if (task.desired_status == "STOPPED") return rollout::Stage::stopping;
  if (failing_target(task) || health_of(task) == "UNHEALTHY") return rollout::Stage::unhealthy;
  if (is_up(task)) return step.serves_now ? rollout::Stage::serving : rollout::Stage::unsure;
  const bool up = task.last_status == "RUNNING" || task.last_status == "ACTIVATING";
  return up ? rollout::Stage::up : rollout::Stage::starting;
}

const TaskTarget* ServiceTurn::failing_target(const Task& task) {
  if (task.last_status != "RUNNING" || !task.started_at) return nullptr;
  const auto failing = std::find_if(task.targets.begin(), task.targets.end(), [](const TaskTarget& target) {
    // A mesh leaves a task out that fails its checks; nobody replaces it.
    if (is_mesh_pool(target.target_group)) return false;
    return target.health == "unhealthy" && (target.state == "checking" || target.state == "serving");
  });
  if (failing == task.targets.end()) return nullptr;
  const Moment until = task.since + std::chrono::seconds(std::max(0, service().health_check_grace_period_seconds));
  if (now_ < until) {
    wake_at(until);
    return nullptr;
  }
  return &*failing;
}

void ServiceTurn::stop_tasks(const std::vector<std::string>& ids) {
  if (ids.empty()) return;
  const std::set<std::string> chosen(ids.begin(), ids.end());
  for (auto& step : out_.tasks) {
    if (!chosen.contains(step.task.id)) continue;
    const TaskTarget* failing = failing_target(step.task);
    const bool unhealthy = health_of(step.task) == "UNHEALTHY";
    tell_to_stop(step, failing     ? "Task failed ELB health checks in (target-group " + failing->target_group + ")"
                       : unhealthy ? "Task failed container health checks"
                                   : "Scaling activity initiated by (deployment " + step.task.deployment + ")");
  }
  const auto first = std::find_if(out_.tasks.begin(), out_.tasks.end(),
                                  [&](const auto& step) { return chosen.contains(step.task.id); });
  if (first != out_.tasks.end()) say(events_of(first->task).stopped(ids));
}

void ServiceTurn::start_tasks(std::int32_t count, const TaskOrigin& from) {
  const ServiceEvents events(service().name, from.task_set);
  if (!from.definition || !from.definition->containerDefinitions) {
    say_once(events.unable_to_place("The task definition " + from.service.task_definition + " was not found."));
    return;
  }
  std::vector<std::string> ids;
  for (std::int32_t i = 0; i < count; ++i) {
    out_.started.push_back(new_task(from, {date_, now_}, random_));
    ids.push_back(out_.started.back().id);
  }
  say(events.started(ids));
}

void ServiceTurn::count() {
  std::int32_t running = 0, pending = 0;
  for (auto& deployment : state().deployments) {
    const Counts counts = count_tasks(deployment.id);
    bool changed = set(deployment.running_count, counts.running);
    changed |= set(deployment.pending_count, counts.pending);
    changed |= set(deployment.desired_count, deployment.status == "PRIMARY" ? desired() : counts.wanted);
    if (changed) deployment.updated_at = date_;
    running += counts.running;
    pending += counts.pending;
    if (deployment.status == "ACTIVE" && counts.alive == 0 && deployment.id != blue()) deployment.status = "gone";
  }
  if (std::erase_if(state().deployments, [](const auto& d) { return d.status == "gone"; }) > 0) {
    out_.state_changed = true;
  }
  set(state().running_count, running);
  set(state().pending_count, pending);
}

ServiceTurn::Counts ServiceTurn::count_tasks(const std::string& deployment) {
  Counts counts;
  const auto add = [&](const Task& task) {
    if (task.deployment != deployment || is_over(task)) return;
    ++counts.alive;
    if (task.last_status == "RUNNING") ++counts.running;
    if (task.desired_status != "RUNNING") return;
    ++counts.wanted;
    if (task.last_status != "RUNNING") ++counts.pending;
  };
  for (const auto& step : out_.tasks) add(step.task);
  for (const auto& task : out_.started) add(task);
  return counts;
}

void ServiceTurn::settle() {
  std::int32_t up = 0;
  bool alone = out_.started.empty();
  for (const auto& step : out_.tasks) {
    if (is_over(step.task)) continue;
    const bool counts = is_wished(step.task) && is_up(step.task);
    if (counts) ++up;
    alone &= counts;
  }
  const bool settled = !state().staged && alone && up == desired() &&
                       (primary().rollout_state != "IN_PROGRESS" || (have_proved() && has_baked()));
  if (settled && primary().rollout_state == "IN_PROGRESS") {
    state().completed_deployment = primary().id;
    state().completed_revision = primary().revision;
    state().completed_groups = primary().target_groups;
    primary().rollout_state = "COMPLETED";
    primary().rollout_state_reason = "ECS deployment " + primary().id + " completed.";
    primary().updated_at = date_;
    out_.state_changed = true;
    say(events_.deployment_completed(primary().id));
  }
  if (set(state().steady, settled) && settled) say(events_.steady());
}

bool ServiceTurn::have_proved() {
  if (!has_breaker(service())) return true;
  bool all = true;
  for (const auto& step : out_.tasks) {
    if (is_over(step.task) || has_proved_itself(step.task, now_)) continue;
    all = false;
    if (step.task.targets.empty() && step.task.started_at) wake_at(step.task.since + rollout::kProvingRun);
  }
  return all;
}

bool ServiceTurn::has_baked() {
  // One in stages has had a bake of its own.
  if (view_.alarm_bake == Duration(0) || primary().strategy != "ROLLING") return true;
  Moment until = primary().begun;
  for (const auto& step : out_.tasks) {
    if (!is_over(step.task) && step.task.started_at) until = std::max(until, step.task.since);
  }
  until = until + view_.alarm_bake;
  if (until <= now_) return true;
  wake_at(until);
  return false;
}

void ServiceTurn::end() {
  const bool over = std::all_of(out_.tasks.begin(), out_.tasks.end(), [](const auto& t) { return is_over(t.task); });
  if (!over) return;
  service().status = "INACTIVE";
  service().task_sets.clear();
  state().task_sets.clear();
  out_.service_changed = true;
  state().deployments.resize(1);
  primary().status = "INACTIVE";
  primary().updated_at = date_;
  state().ended = now_;
  out_.state_changed = true;
  wake_at(now_ + kKeepEnded);
}

void ServiceTurn::keep_or_erase() {
  if (state().ended == Moment{}) set(state().ended, now_);
  // Tasks that were started while it ended go as well; it stays for them.
  bool alone = true;
  for (auto& step : out_.tasks) {
    if (is_over(step.task)) continue;
    alone = false;
    tell_to_stop(step, "Scaling activity initiated by (deployment " + step.task.deployment + ")");
  }
  if (state().ended + kKeepEnded <= now_ && alone) {
    out_.erase = true;
  } else if (alone) {
    wake_at(state().ended + kKeepEnded);
  }
}

ServiceStep step_service(ServiceView view, Now now, Random& random) {
  return ServiceTurn(std::move(view), now, random).step();
}

bool tell_to_stop(TaskStep& step, std::string reason) {
  if (step.task.desired_status == "STOPPED") return false;
  step.task.desired_status = "STOPPED";
  step.task.stop_code = "ServiceSchedulerInitiated";
  step.task.stopped_reason = std::move(reason);
  if (!step.changed) ++step.task.version;
  step.changed = true;
  // What was never started need not be.
  if (step.effect == TaskEffect::start) step.effect = TaskEffect::none;
  return true;
}

}  // namespace weir::control
