#include "control/task_reconciler.h"

#include <algorithm>

#include "control/limits.h"
#include "control/mesh_claims.h"
#include "rollout/limits.h"

namespace weir::control {

namespace {

using model::Task;
using model::TaskContainer;
using model::TaskTarget;
using runtime::TaskPhase;

bool passed_container_checks(const Task& task) {
  return std::all_of(task.containers.begin(), task.containers.end(), [](const TaskContainer& container) {
    return !container.essential || container.health.empty() || container.health == "HEALTHY";
  });
}

// A mesh moves a task from node to node: what it finishes or has finished for one says nothing of the others.
bool is_left_behind(const TaskTarget& target) {
  return is_mesh_pool(target.target_group) && (target.state == "draining" || target.state == "gone");
}

// The latest of those that were written.
Timestamp last_date(const Task& task) {
  Timestamp last = task.created_at;
  for (const auto* each : {&task.pull_started_at, &task.pull_stopped_at, &task.started_at, &task.stopping_at,
                           &task.execution_stopped_at}) {
    if (*each) last = std::max(last, **each);
  }
  return last;
}

class TaskLife {
 public:
  TaskLife(const Task& task, const TaskView& view, Now now) : view_(view), now_(now.moment) {
    step_.task = task;
    date_ = std::max(now.date, last_date(task));
  }

  TaskStep step() {
    if (task().since == Moment{}) set(task().since, now_);  // it was run by hand
    if (task().last_status == "STOPPED") {
      keep_or_erase();
    } else {
      note_containers();
      if (has_ended()) {
        leave_registries();
        end();
      } else if (task().desired_status == "STOPPED") {
        stop();
      } else {
        run();
      }
    }
    if (step_.changed) ++task().version;
    step_.serves_now = is_up(task()) && proxy_agrees();
    return std::move(step_);
  }

 private:
  Task& task() { return step_.task; }
  const runtime::TaskObservation* seen() const { return view_.observation; }

  // The one way to change the document: what is so already is no change.
  template <class T, class V>
  void set(T& slot, V&& value) {
    if (slot == value) return;
    slot = std::forward<V>(value);
    step_.changed = true;
  }
  void become(const char* status) {
    if (task().last_status == status) return;
    set(task().last_status, std::string(status));
    set(task().since, now_);
  }
  // Whether the state that it is in may be over.
  bool paced(int paces = 1) {
    const Moment until = task().since + view_.pace * paces;
    if (until > now_) wake_at(until);
    return until <= now_;
  }
  void wake_at(Moment at) { step_.next = step_.next ? std::min(*step_.next, at) : at; }

  void keep_or_erase() {
    if (seen()) step_.effect = is_over() ? TaskEffect::forget : TaskEffect::stop;
    const Moment until = task().since + kKeepEnded;
    if (until <= now_) {
      step_.erase = true;
    } else {
      wake_at(until);
    }
  }

  // --- facts from the runtime ---------------------------------------------------------------------------------------

  void note_containers() {
    if (!seen()) return;
    for (const auto& observed : seen()->containers) {
      const auto found = std::find_if(task().containers.begin(), task().containers.end(),
                                      [&](const TaskContainer& each) { return each.name == observed.name; });
      if (found != task().containers.end()) note_container(*found, observed);
    }
  }

  void note_container(TaskContainer& container, const runtime::ContainerObservation& observed) {
    const bool over = observed.exit_code.has_value() || is_over();
    const char* const status = observed.running ? "RUNNING" : over ? "STOPPED" : "PENDING";
    if (container.last_status != status) set(container.last_status, std::string(status));
    set(container.pid, observed.pid);
    set(container.exit_code, observed.exit_code);
    note_check(container, observed.health);
    if (!observed.reason.empty()) set(container.reason, observed.reason);
    if (!observed.image_digest.empty()) set(container.image_digest, observed.image_digest);
    note_ports(container, observed);
  }

  void note_check(TaskContainer& container, runtime::ContainerHealth health) {
    using runtime::ContainerHealth;
    const char* const word = health == ContainerHealth::healthy     ? "HEALTHY"
                             : health == ContainerHealth::unhealthy ? "UNHEALTHY"
                             : health == ContainerHealth::unknown   ? "UNKNOWN"
                                                                    : "";
    if (container.health != word) set(container.health, std::string(word));
    if (health == ContainerHealth::healthy) set(container.was_healthy, true);
  }

  void note_ports(TaskContainer& container, const runtime::ContainerObservation& observed) {
    if (!seen()->mac.empty()) return;  // at its own address every port is itself: nothing is bound on the host
    const auto same = [&](const model::ecs::NetworkBinding& binding, const runtime::PortMapping& port) {
      return binding.containerPort == port.container_port && binding.hostPort == port.host_port &&
             binding.bindIP == seen()->address;
    };
    if (std::equal(container.network_bindings.begin(), container.network_bindings.end(), observed.ports.begin(),
                   observed.ports.end(), same)) {
      return;
    }
    container.network_bindings.clear();
    for (const auto& port : observed.ports) {
      model::ecs::NetworkBinding binding;
      binding.bindIP = seen()->address;
      binding.containerPort = port.container_port;
      binding.hostPort = port.host_port;
      binding.protocol = "tcp";
      container.network_bindings.push_back(std::move(binding));
    }
    step_.changed = true;
  }

  // --- the end ------------------------------------------------------------------------------------------------------

  // No process of it is left.
  bool is_over() const {
    return seen() && (seen()->phase == TaskPhase::releasing || seen()->phase == TaskPhase::stopped);
  }

  // Over, or ending without our word: the runtime says so, or no longer knows a task that it once started.
  bool has_ended() {
    if (seen()) return is_over() || (seen()->phase == TaskPhase::stopping && task().last_status != "STOPPING");
    if (task().last_status == "PROVISIONING" || task().last_status == "PENDING") {
      return task().desired_status == "STOPPED" || view_.refusal;  // never started, or not yet
    }
    return true;
  }

  void end() {
    if (task().desired_status != "STOPPED") end_by_itself();
    // No process is left to finish anything: out of the table at once.
    for (std::size_t i = 0; i < task().targets.size(); ++i) {
      TargetLife life = life_of(i);
      life.leave_table();
      take(life);
    }
    if (!task().stopping_at) set(task().stopping_at, date_);
    if (seen() && !is_over()) {
      become("STOPPING");
      return;
    }
    for (auto& container : task().containers) set(container.last_status, std::string("STOPPED"));
    if (!task().execution_stopped_at) set(task().execution_stopped_at, date_);
    seen() ? deprovision() : conclude();
  }

  // What it had is given back: first by whoever ran it, then the runtime's own record of it.
  void deprovision() {
    become("DEPROVISIONING");
    if (seen()->phase == TaskPhase::stopped) step_.effect = TaskEffect::forget;
  }

  void conclude() {
    set(task().stopped_at, date_);
    become("STOPPED");
    wake_at(now_ + kKeepEnded);
  }

  void end_by_itself() {
    const bool failed = view_.refusal || (seen() && !seen()->failure.empty());
    const bool proved = has_proved_itself(task(), now_);
    set(task().desired_status, std::string("STOPPED"));
    set(task().execution_stopped_at, date_);
    if (failed) {
      set(task().stop_code, std::string("TaskFailedToStart"));
      set(task().stopped_reason, view_.refusal ? *view_.refusal : seen()->failure);
    } else {
      set(task().stop_code, std::string("EssentialContainerExited"));
      set(task().stopped_reason, reason_of_end());
    }
    tell(failed ? TaskNews::start_failed : !seen() ? TaskNews::lost : proved ? TaskNews::ended : TaskNews::ended_early);
  }

  std::string reason_of_end() {
    if (!seen()) return "The task's processes were gone with their host";
    for (const auto& container : task().containers) {
      const bool killed = container.essential && container.exit_code == 137;
      if (killed && container.reason.starts_with("OutOfMemoryError")) return container.reason;
    }
    return "Essential container in task exited";
  }

  TargetLife life_of(std::size_t at) { return {task().targets[at], view_.targets[at], now_}; }
  void take(const TargetLife& life) {
    step_.changed |= life.changed();
    step_.awaits_acknowledgement |= life.awaits_acknowledgement();
    if (life.next()) wake_at(*life.next());
  }

  // --- stopping -----------------------------------------------------------------------------------------------------

  void stop() {
    const bool left_now = leave_registries();
    bool drained = true;
    bool begun = false;
    for (std::size_t i = 0; i < task().targets.size(); ++i) {
      begun |= begin_drain(i);
      drained &= drain(i);
    }
    if (begun) tell(TaskNews::drains);
    if (!drained || is_named(left_now)) {
      become("DEACTIVATING");
      return;
    }
    if (!task().stopping_at) set(task().stopping_at, date_);
    become("STOPPING");
    if (!seen() || seen()->phase != TaskPhase::stopping) step_.effect = TaskEffect::stop;
  }

  // True where the target was in the table and begins to drain now.
  bool begin_drain(std::size_t at) {
    TargetLife life = life_of(at);
    const bool begun = life.begin_drain();
    take(life);
    const std::string& group = task().targets[at].target_group;
    if (begun && !is_mesh_pool(group)) tell(TaskNews::deregistered, group);
    return begun;
  }

  // True where the target has nothing in flight.
  bool drain(std::size_t at) {
    TargetLife life = life_of(at);
    const bool drained = life.drain();
    take(life);
    return drained;
  }

  // --- running ------------------------------------------------------------------------------------------------------

  void run() {
    if (task().last_status == "PROVISIONING") provision();
    if (task().last_status == "PENDING") begin();
    if (task().last_status == "PROVISIONING" || task().last_status == "PENDING") return;
    for (auto& registry : task().registries) register_in(registry);
    for (std::size_t i = 0; i < task().targets.size(); ++i) serve(i);
    if (task().last_status != "ACTIVATING" || !is_registered()) return;
    if (paced()) {
      become("RUNNING");
      set(task().started_at, date_);
    }
  }

  // It enters as unhealthy; what its health is now is a step of its own.
  void register_in(model::TaskRegistry& registry) {
    if (registry.state == "waiting") {
      set(registry.port, registry.container_port == 0 ? 0 : true_port(registry.container, registry.container_port));
      set(registry.state, std::string("entered"));
      return;
    }
    const bool healthy = task().last_status == "RUNNING" && passed_container_checks(task()) &&
                         (registry.health == "HEALTHY" || paced(kPacesToHealth));
    set(registry.health, std::string(healthy ? "HEALTHY" : "UNHEALTHY"));
  }

  // Before anything else of its end: who asks now does not find it any more. Whether it left in this very step.
  bool leave_registries() {
    bool left = false;
    for (auto& registry : task().registries) {
      left |= registry.state != "gone";
      set(registry.state, std::string("gone"));
      set(registry.health, std::string("UNHEALTHY"));
    }
    return left;
  }

  // Whether names may still lead to it.
  bool is_named(bool left_now) {
    if (!view_.names_followed || task().registries.empty() || task().last_status == "STOPPING") return false;
    if (*view_.names_followed && !left_now) return false;
    step_.awaits_names = true;
    return true;
  }

  // Has the runtime take it in, or notes what it got: its place on the network.
  void provision() {
    if (!seen()) {
      step_.effect = TaskEffect::start;
      return;
    }
    set(task().address, seen()->address);
    if (!paced()) return;
    set(task().pull_started_at, date_);
    become("PENDING");
  }

  // PENDING: notes that it runs. Of what the runtime lost with the machine there is nothing yet that could be missed.
  void begin() {
    if (!seen()) {
      step_.effect = TaskEffect::start;
      return;
    }
    if (seen()->phase != TaskPhase::running || !paced()) return;
    set(task().address, seen()->address);
    set(task().pull_stopped_at, date_);
    become("ACTIVATING");
  }

  // All targets are in a table that every worker runs; a target group that is gone holds nothing up.
  bool is_registered() {
    bool all = true;
    for (std::size_t i = 0; i < task().targets.size(); ++i) {
      const TargetView& view = view_.targets[i];
      all &= !view.group_exists || view.acknowledged_checking;
    }
    step_.awaits_acknowledgement |= !all;
    return all;
  }

  void serve(std::size_t at) {
    TaskTarget& target = task().targets[at];
    const TargetView& view = view_.targets[at];
    // A mesh may take a task back that it is just letting go: it drains first.
    if (!view.group_exists || target.state == "draining") {
      begin_drain(at);
      drain(at);
      return;
    }
    if (target.state == "waiting") enter_table(target);
    TargetLife life = life_of(at);
    life.serve();
    take(life);
  }

  void enter_table(TaskTarget& target) {
    set(target.address, task().address);
    set(target.port, true_port(target.container, target.container_port));
    set(target.state, std::string("checking"));
    if (!is_mesh_pool(target.target_group)) tell(TaskNews::registered, target.target_group);
  }

  // Where the runtime put the port of the container, of any where `name` is empty; the port itself where none maps it.
  std::int32_t true_port(const std::string& name, std::int32_t container_port) const {
    if (seen()) {
      for (const auto& container : seen()->containers) {
        if (!name.empty() && container.name != name) continue;
        for (const auto& port : container.ports) {
          if (port.container_port == container_port) return port.host_port;
        }
      }
    }
    return container_port;
  }

  bool proxy_agrees() {
    for (std::size_t i = 0; i < task().targets.size(); ++i) {
      const auto* status = view_.targets[i].status;
      if (is_left_behind(task().targets[i])) continue;
      if (!status || status->health != route::Health::healthy) return false;
    }
    return true;
  }

  void tell(TaskNews news, std::string target_group = "") { step_.news.push_back({news, std::move(target_group)}); }

  const TaskView& view_;
  const Moment now_;
  Timestamp date_;  // now, and no earlier than what it has gone through: calendars are set back
  TaskStep step_;
};

bool ever_passed_container_checks(const Task& task) {
  return std::all_of(task.containers.begin(), task.containers.end(), [](const TaskContainer& container) {
    return !container.essential || container.health.empty() || container.was_healthy;
  });
}

// Of a task with targets at least one is where it has not left.
template <class Holds>
bool holds_where_it_serves(const Task& task, Holds holds) {
  if (!task.targets.empty() && std::ranges::all_of(task.targets, is_left_behind)) return false;
  return std::ranges::all_of(task.targets, [&](const TaskTarget& each) { return is_left_behind(each) || holds(each); });
}

}  // namespace

TaskStep step_task(const model::Task& task, const TaskView& view, Now now) { return TaskLife(task, view, now).step(); }

bool is_up(const model::Task& task) {
  if (task.last_status != "RUNNING" || task.desired_status != "RUNNING" || !passed_container_checks(task)) return false;
  return holds_where_it_serves(task, [](const TaskTarget& target) {
    return target.state == "serving" && target.acknowledged && target.health == "healthy";
  });
}

bool has_proved_itself(const model::Task& task, Moment now) {
  if (task.last_status != "RUNNING" || !ever_passed_container_checks(task)) return false;
  if (task.targets.empty()) return now - task.since >= rollout::kProvingRun;
  return holds_where_it_serves(task, [](const TaskTarget& target) { return target.acknowledged; });
}

}  // namespace weir::control
