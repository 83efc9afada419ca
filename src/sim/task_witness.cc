#include "sim/task_witness.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace weir::sim {

using model::Task;

namespace {

constexpr const char* kStates[] = {"PROVISIONING", "PENDING",  "ACTIVATING",     "RUNNING",
                                   "DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED"};

bool is_over(const Task& task) { return task.last_status == "STOPPED"; }

// In the order in which they come about, those that there are.
std::vector<std::pair<const char*, Timestamp>> times_of(const Task& task) {
  std::vector<std::pair<const char*, Timestamp>> times{{"createdAt", task.created_at}};
  const auto add = [&](const char* name, const std::optional<Timestamp>& at) {
    if (at) times.emplace_back(name, *at);
  };
  add("pullStartedAt", task.pull_started_at);
  add("pullStoppedAt", task.pull_stopped_at);
  add("startedAt", task.started_at);
  // The end of the execution may be the cause of the stop, or its consequence.
  const bool by_itself = task.stop_code != "UserInitiated" && task.stop_code != "ServiceSchedulerInitiated";
  if (!by_itself) add("stoppingAt", task.stopping_at);
  add("executionStoppedAt", task.execution_stopped_at);
  add("stoppedAt", task.stopped_at);
  return times;
}

// Its first container ended for want of memory, and before any other.
bool has_starved(const SimTask& task) {
  const auto has_ended = [](const auto& container) { return container.exit_code.has_value(); };
  return task.containers.front().reason.starts_with("OutOfMemoryError") && task.containers.front().exit_code == 137 &&
         std::ranges::count_if(task.containers, has_ended) == 1;
}

}  // namespace

int TaskWitness::place_of(const std::string& last_status) {
  const auto found = std::ranges::find(kStates, last_status);
  return found == std::end(kStates) ? -1 : static_cast<int>(found - std::begin(kStates));
}

const Task* TaskWitness::find(const std::string& id) const {
  const auto found = tasks_.find(id);
  return found == tasks_.end() ? nullptr : &found->second;
}

void TaskWitness::say(const Task& task, const std::string& what) {
  breach_(kLifeInvariant, fmt::format("task {}, {}, {}", task.id.substr(0, 8), task.last_status, what));
}

void TaskWitness::look() {
  std::set<std::string> names;
  for (const auto& change : MUST(store_.changes(seen_))) {
    if (change.key.kind == Task::kKind) names.insert(change.key.name);
  }
  seen_ = store_.revision();
  std::vector<std::string> created;
  for (const auto& name : names) {
    const std::string id = name.substr(name.rfind('/') + 1);
    if (!tasks_.contains(id)) created.push_back(id);
    take(id);
  }
  for (const auto& id : created) {
    if (const Task* task = find(id)) check_room(*task);
  }
  for (const auto& id : std::exchange(ending_, {}))
    if (const Task* task = find(id); task != nullptr && on_end_wished) on_end_wished(*task);
}

void TaskWitness::take(const std::string& id) {
  const auto document = wishes_.task(id);
  const auto known = tasks_.find(id);
  if (!document) {
    if (known != tasks_.end() && !is_over(known->second)) say(known->second, "is erased");
    return;
  }
  if (known == tasks_.end()) {
    tasks_.emplace(id, *document);
  } else {
    const Task before = std::exchange(known->second, *document);
    check_step(before, *document);
  }
  visited_.insert({document->last_status, document->stop_code});
  check_state(*document);
  check_times(*document);
  if (is_over(*document)) check_end(*document);
}

void TaskWitness::check_step(const Task& before, const Task& after) {
  if (is_over(before)) return say(after, "is written after its end");
  if (place_of(after.last_status) < place_of(before.last_status)) say(after, "was " + before.last_status);
  if (after.version <= before.version) say(after, fmt::format("has version {} again", after.version));
  if (before.desired_status == "STOPPED") {
    if (after.desired_status != "STOPPED") say(after, "is wished again");
    if (after.stop_code != before.stop_code || after.stopped_reason != before.stopped_reason)
      say(after, fmt::format("was stopped as {}, now as {}", before.stop_code, after.stop_code));
  } else if (after.desired_status == "STOPPED") {
    check_cause(after);
    ending_.push_back(after.id);
  }
  const std::pair<const char*, std::pair<std::optional<Timestamp>, std::optional<Timestamp>>> kTimes[] = {
      {"createdAt", {before.created_at, after.created_at}},
      {"pullStartedAt", {before.pull_started_at, after.pull_started_at}},
      {"pullStoppedAt", {before.pull_stopped_at, after.pull_stopped_at}},
      {"startedAt", {before.started_at, after.started_at}},
      {"stoppingAt", {before.stopping_at, after.stopping_at}},
      {"executionStoppedAt", {before.execution_stopped_at, after.execution_stopped_at}},
  };
  for (const auto& [time, values] : kTimes)
    if (values.first && values.first != values.second) say(after, fmt::format("has another {}", time));
}

void TaskWitness::check_state(const Task& task) {
  const int place = place_of(task.last_status);
  if (place < 0) return say(task, "is in a state that does not exist");
  const bool wished = task.desired_status == "RUNNING";
  if (place > place_of("RUNNING") && wished) say(task, "is wished to run");
  if (task.last_status == "RUNNING" && !task.started_at) say(task, "has not started");
  const bool has_times = task.pull_started_at || place == 0;
  if (wished && !has_times) say(task, "pulls since never");
  const bool in_table = std::ranges::any_of(task.targets, [](const auto& target) {
    return target.state == "checking" || target.state == "serving" || target.state == "draining";
  });
  if (in_table && (place < place_of("ACTIVATING") || place > place_of("DEACTIVATING"))) say(task, "is in the table");
  if (task.last_status != "RUNNING") return;
  for (const auto& container : task.containers)
    if (container.last_status == "PENDING") say(task, "has a container that has not started: " + container.name);
}

void TaskWitness::check_times(const Task& task) {
  const auto times = times_of(task);
  for (std::size_t i = 1; i < times.size(); ++i) {
    if (times[i].second < times[i - 1].second)
      say(task, fmt::format("has {} before {}", times[i].first, times[i - 1].first));
  }
}

void TaskWitness::check_end(const Task& task) {
  if (task.stop_code.empty() || task.stopped_reason.empty()) say(task, "has no reason");
  if (!task.stopped_at || !task.execution_stopped_at) say(task, "has no time of its end");
  for (const auto& container : task.containers)
    if (container.last_status != "STOPPED") say(task, "has a container that is " + container.last_status);
  const SimTask* real = runtime_.find_task(task.id);
  if (real == nullptr) return;
  if (real->started && !real->exited) say(task, "runs");
  if (real->exited && !real->released) say(task, "has not given back what it had");
  if (real->exited && !real->gone_with_host && real->exit_told) check_exit_codes(task, *real);
}

void TaskWitness::check_exit_codes(const Task& task, const SimTask& real) {
  for (std::size_t i = 0; i < task.containers.size(); ++i) {
    if (task.containers[i].exit_code != real.containers[i].exit_code)
      say(task, fmt::format("has another exit code of {} than that had", task.containers[i].name));
  }
}

// Of a task that begins to stop.
void TaskWitness::check_cause(const Task& task) {
  const SimTask* real = runtime_.find_task(task.id);
  const bool failed = real != nullptr && !real->failure.empty() && !real->gone_with_host;
  const auto is = [&](const char* code) { return task.stop_code == code; };
  if (is("TaskFailedToStart")) {
    if (!failed || task.stopped_reason != real->failure) say(task, "did not fail with " + task.stopped_reason);
  } else if (is("EssentialContainerExited")) {
    if (failed || (real != nullptr && !real->exited && !real->failing)) say(task, "has not exited");
    const bool starved = real != nullptr && !real->gone_with_host && has_starved(*real);
    if (starved && !task.stopped_reason.starts_with("OutOfMemoryError")) say(task, "does not say what it lacked");
  } else if (is("ServiceSchedulerInitiated")) {
    if (task.service.empty()) say(task, "belongs to no scheduler");
  } else if (!is("UserInitiated")) {
    say(task, fmt::format("stops with the code '{}'", task.stop_code));
  }
}

// What there is already may be more, after scaling in; one more on top of that may not.
void TaskWitness::check_room(const Task& started) {
  const auto service = wishes_.service(started.service);
  if (!service || service->status != "ACTIVE") return;
  if (!started.task_set.empty()) return check_room_of_set(started, *service);
  const auto& given = service->deployment_configuration;
  // Of one in stages each of its deployments has what the service wishes, whatever the percentages are.
  const auto state = wishes_.service_state(started.service);
  const bool staged = (state && state->staged) || (given && given->strategy.value_or("ROLLING") != "ROLLING");
  const auto counts = [&](const auto& each) {
    const Task& other = each.second;
    if (other.service != started.service || is_over(other)) return false;
    return !staged || (other.deployment == started.deployment && other.desired_status == "RUNNING");
  };
  const auto there = std::ranges::count_if(tasks_, counts);
  const std::int32_t most = staged ? service->desired_count : service->desired_count * service->maximum_percent / 100;
  if (there > most)
    breach_("count", fmt::format("task {} is number {} of {}{}, which may have {}", started.id.substr(0, 8), there,
                                 started.service, staged ? ", of deployment " + started.deployment : "", most));
}

void TaskWitness::check_room_of_set(const Task& started, const model::Service& service) {
  const auto set = std::ranges::find(service.task_sets, started.task_set, &model::TaskSet::id);
  if (set == service.task_sets.end()) return say(started, "is of no task set");
  const auto there = std::ranges::count_if(tasks_, [&](const auto& each) {
    return each.second.task_set == set->id && each.second.desired_status == "RUNNING";
  });
  const std::int32_t most = computed_desired_count(service, *set);
  if (there > most)
    breach_("count", fmt::format("task {} is number {} of task set {}, which may have {}", started.id.substr(0, 8),
                                 there, set->id, most));
}

}  // namespace weir::sim
