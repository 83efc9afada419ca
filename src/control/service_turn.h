// One turn of a service: what service_reconciler.h promises, in parts. Its deployments and counts are in
// service_reconciler.cc, deployments in stages in service_stages.cc, those of others than ECS in
// service_task_sets.cc. Any thread, short-lived.
#pragma once

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/new_task.h"
#include "control/service_events.h"
#include "control/service_reconciler.h"
#include "control/staged_rollout.h"
#include "rollout/rolling.h"

namespace weir::control {

class ServiceTurn {
 public:
  ServiceTurn(ServiceView view, Now now, Random& random);

  ServiceStep step();

 private:
  model::Service& service() { return out_.service; }
  model::ServiceState& state() { return out_.state; }
  model::Deployment& primary() { return state().deployments.front(); }
  std::int32_t desired() { return service().status == "ACTIVE" ? service().desired_count : 0; }

  template <class T>
  bool set(T& slot, T value) {
    if (slot == value) return false;
    slot = std::move(value);
    out_.state_changed = true;
    return true;
  }
  void wake_at(Moment at) { out_.next = out_.next ? std::min(*out_.next, at) : at; }

  void say(std::string message);
  // Says it unless it was said in the life of this deployment, or of the service where it has task sets; whether it
  // did.
  bool say_once(std::string message);
  ServiceEvents events_of(const model::Task& task) { return {service().name, task.task_set}; }

  static bool is_over(const model::Task& task) { return task.last_status == "STOPPED"; }
  bool is_wished(const model::Task& task) { return task.deployment == service().deployment_id; }
  const std::string& blue();

  // --- deployments --------------------------------------------------------------------------------------------------

  // A new deployment id is a new PRIMARY; the one before it is being replaced.
  void adopt_wish();

  std::string in_progress() { return "ECS deployment " + service().deployment_id + " in progress."; }

  // A deployment that was completed and is wished again is what a failed one is rolled back to.
  std::string reason_after(const model::Deployment& before);

  // Ends the deployment that failed too often, or that somebody wants to end. True where the service then goes back to
  // the last one that was completed.
  bool end_deployment();

  bool drop_request();

  // An alarm was not in ALARM as the deployment began, or has been something else since then.
  bool has_alarm();

  bool fail_deployment(const std::string& reason, bool back);

  // Everything that was answered has been heard, or is of a hook that waits no longer.
  void drop_answers();

  // --- news of the tasks --------------------------------------------------------------------------------------------

  void hear_news();

  // Every end by itself counts against a deployment that is not completed yet.
  void note_failure(const model::Task& task);

  // How often in a row tasks failed, and when the next may start: the service's, or a task set's.
  struct Backoff {
    std::int32_t& failures;
    Moment& not_before;
  };
  Backoff backoff() { return {state().failures_in_a_row, state().start_not_before}; }
  static Backoff backoff(model::TaskSetState& set) { return {set.failures_in_a_row, set.start_not_before}; }

  // A task ended before it served. Those started together fail together: they count as one step of the back-off.
  void failed(const model::Task& task);
  void back_off(const model::Task& task, Backoff backoff);

  // A task of the deployment or task set that started after the last failure and proved itself ends the back-off.
  void forgive(const std::string& deployment, Backoff backoff);

  // Tasks that fail their health checks: the rollout lets them go.
  void judge();

  // --- the rollout --------------------------------------------------------------------------------------------------

  // True where the deployment failed and the service goes back.
  bool bring_about();

  void begin_stages();
  void drop_staged();

  // The tasks of a deployment in stages by what they are to it.
  struct Fleets {
    std::vector<rollout::RollingTask> green, blue, others;
  };
  Fleets fleets();
  static bool serves(const rollout::RollingTask& task);

  StagedView staged_view(const Fleets& all);

  // Whether the deployment in stages is no longer the wished one, nor on its way back to that.
  bool is_superseded() {
    return primary().id != (state().staged->going_back ? state().staged->blue : state().staged->deployment);
  }
  // Traffic does not go back from green, which serves, to a blue that has gone: with its machine, say.
  WayBack way_back(const Fleets& all);
  // Green is what the service is, and what the newer deployment replaces: blue has gone for good.
  void promote();

  // Takes what a turn of the stages wishes of others, and notes what it changed.
  void take(const StagedStep& step, const model::StagedDeployment& before);

  // What a rollback does at once: all traffic to blue.
  void shift_back();

  bool take_stages();

  // A newer deployment: traffic is blue's again before anything of the older one ends.
  bool supersede(const Fleets& all);

  // How many tasks of each kind a stage is about.
  struct Wanted {
    std::int32_t green = 0;
    bool green_may_start = true;
    std::int32_t blue = 0;
    bool others_end = false;  // those that serve too
  };
  Wanted wanted(const Fleets& all, const model::StagedDeployment& staged, bool awaits);

  void run_fleets(const Fleets& all, const Wanted& wish);
  void run_fleet(const std::vector<rollout::RollingTask>& tasks, std::int32_t count, bool may_start,
                 const TaskOrigin& from);

  // A task of blue's that ended by itself is followed by the next after a while: it was not new.
  bool may_replace_blue();

  // Past the way back: what is green is what the service is.
  void complete(const model::StagedDeployment& staged);

  TaskOrigin origin() { return {service(), primary().target_groups, view_.definition, view_.definition_tags}; }
  TaskOrigin blue_origin();

  void roll();

  // A delay longer than any is that of a line of time that was lost.
  bool is_backing_off(Moment not_before);

  rollout::Stage stage(TaskStep& step);

  // The target whose health checks fail although the grace period is over; null for none.
  const model::TaskTarget* failing_target(const model::Task& task);

  void stop_tasks(const std::vector<std::string>& ids);

  void start_tasks(std::int32_t count, const TaskOrigin& from);

  // --- task sets ----------------------------------------------------------------------------------------------------

  void run_task_sets();
  // A state for each wished set, and no other.
  void adopt_task_sets();
  void run_task_set(const model::TaskSet& set, model::TaskSetState& state);
  std::vector<rollout::RollingTask> tasks_of_set(const std::string& id);
  // Tasks of a set that is no more.
  void stop_strays();
  void count_task_sets();
  void settle_task_sets();
  // Null where the task is of none.
  model::TaskSetState* set_of(const model::Task& task);

  // --- counts and states --------------------------------------------------------------------------------------------

  void count();

  struct Counts {
    std::int32_t alive = 0, wanted = 0, running = 0, pending = 0;
  };
  Counts count_tasks(const std::string& deployment);

  // COMPLETED once every wished task is up and nothing else is left; steady for as long as that is so.
  void settle();

  // A breaker counts until then: without a balancer's word, tasks have to run a while before they are believed.
  bool have_proved();

  // Alarms are watched for a while after the last of its tasks has started.
  bool has_baked();

  // --- the end ------------------------------------------------------------------------------------------------------

  void end();

  void keep_or_erase();

  ServiceView view_;  // what out_ did not take
  bool record_changed_ = false;
  const Moment now_;
  const Timestamp date_;  // the same by the calendar
  Random& random_;
  const ServiceEvents events_;
  ServiceStep out_;
};

}  // namespace weir::control
