#include "sim/sim_runtime.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace weir::sim {

using runtime::TaskPhase;

namespace {

constexpr const char* kUnexpectedEnd = "the task's shim ended unexpectedly";

}  // namespace

Duration SimRuntime::draw(milliseconds least, milliseconds most) {
  const auto low = std::chrono::microseconds(least).count();
  const auto high = std::chrono::microseconds(most).count();
  return std::chrono::microseconds(random_.between(low, high));
}

Result<> SimRuntime::start(const runtime::TaskSpec& spec) {
  if (refuses_starts) return fail("Io", "fork: Resource temporarily unavailable", ErrorSource::runtime);
  if (on_start) on_start(spec);
  SimTask& task = tasks_[spec.id];
  if (!task.spec.id.empty() && !task.forgotten) return {};
  const unsigned incarnation = task.incarnation + 1;
  task = SimTask{};
  task.incarnation = incarnation;
  task.spec = spec;
  task.behaviour = images[spec.containers.front().image];
  task.order = std::make_unique<runtime::StartOrder>(task.spec.containers);
  task.started_at.resize(spec.containers.size());
  for (const auto& container : spec.containers) {
    task.containers.push_back({.name = container.name});
    if (container.health_check) task.containers.back().health = runtime::ContainerHealth::unknown;
  }
  task.observed.id = spec.id;
  task.observed.phase = TaskPhase::starting;
  task.observed.containers = task.containers;
  if (trace_.on())
    trace_.line(fmt::format("runtime  start {} {}", spec.id.substr(0, 8), spec.containers.front().image));
  agenda_.after(draw(milliseconds(1), milliseconds(30)), [this, id = spec.id, incarnation] {
    if (tasks_.at(id).incarnation == incarnation) make_processes(id);
  });
  return {};
}

void SimRuntime::make_processes(const std::string& id) {
  SimTask& task = tasks_.at(id);
  if (task.exited) return;
  if (task.told_to_stop) return finish(task);
  for (std::size_t i = 0; i < task.containers.size(); ++i) {
    const std::string& image = task.spec.containers[i].image;
    task.containers[i].image_digest = "sha256:" + image;
    if (images[image].pullable) continue;
    task.containers[i].reason = "CannotPullContainerError: no such image: " + image;
    return give_up(task, task.containers[i].reason);
  }
  task.started = true;
  do {
    next_port_ = next_port_ >= kLastPort ? kFirstPort : next_port_ + 1;
    task.port = static_cast<std::uint16_t>(next_port_);
  } while (ports_.contains(task.port) && !tasks_.at(ports_[task.port]).exited);
  ports_[task.port] = id;
  task.observed.address = fmt::format("127.80.{}.{}", task.port / 256, task.port % 256);
  addresses_[task.observed.address] = id;
  advance(task);
}

void SimRuntime::later_unless_over(const std::string& id, Duration delay, std::function<void(SimTask&)> what) {
  agenda_.after(delay, [this, id, incarnation = tasks_.at(id).incarnation, what = std::move(what)] {
    SimTask& task = tasks_.at(id);
    if (!task.exited && task.incarnation == incarnation) what(task);
  });
}

void SimRuntime::stop(const std::string& task_id) {
  SimTask* task = find_task(task_id);
  if (task == nullptr || task->exited || task->told_to_stop) return;
  if (on_sigterm) on_sigterm(*task);
  if (trace_.on()) trace_.line(fmt::format("runtime  stop {} :{}", task_id.substr(0, 8), task->port));
  task->told_to_stop = true;
  task->observed.phase = TaskPhase::stopping;
  if (task->started) stop_next(*task);
}

// SIGTERM to those on which no other depends; what is left when the last of them has ended is nothing.
void SimRuntime::stop_next(SimTask& task) {
  for (const std::size_t at : task.order->may_stop(task.containers)) {
    if (!task.signalled.insert(at).second) continue;
    const Duration timeout = task.spec.containers[at].stop_timeout;
    const bool stubborn = at == 0 && (task.deaf || task.hanging);
    // The strictest program: it takes nothing more from the very signal on.
    if (at == 0 && !stubborn) task.listening = false;
    const Duration farewell =
        stubborn ? timeout : std::min<Duration>(timeout, draw(milliseconds(0), milliseconds(800)));
    later_unless_over(task.spec.id, farewell,
                      [this, at, stubborn](SimTask& t) { end_container(t, at, stubborn ? 137 : 143); });
  }
  const bool some_run = std::ranges::any_of(task.containers, &runtime::ContainerObservation::running);
  some_run ? tell(task.spec.id) : finish(task);
}

void SimRuntime::forget(const std::string& task_id) {
  SimTask* task = find_task(task_id);
  if (task != nullptr && task->observed.phase == TaskPhase::stopped) task->forgotten = true;
}

void SimRuntime::kill_shim(const std::string& task_id) {
  SimTask& task = tasks_.at(task_id);
  if (trace_.on()) trace_.line(fmt::format("fault    the shim of task {} is killed", task_id.substr(0, 8)));
  if (!task.order->all_started()) task.failure = std::string("CannotStartContainerError: ") + kUnexpectedEnd;
  for (auto& container : task.containers) {
    if (!container.running) continue;
    container.running = false;
    container.exit_code = 137;
    container.reason = kUnexpectedEnd;
  }
  task.failing = !task.told_to_stop;
  task.listening = false;
  if (on_exit) on_exit(task);
  finish(task);
}

void SimRuntime::finish(SimTask& task) {
  task.exited = true;
  task.listening = false;
  if (hides_exits) return;
  tell(task.spec.id);
  agenda_.after(draw(milliseconds(0), milliseconds(random_.chance(10) ? 1'000 : 20)),
                [this, id = task.spec.id, incarnation = task.incarnation] {
                  if (tasks_.at(id).incarnation == incarnation) release(tasks_.at(id));
                });
}

// A while after its last process: its network, its mounts, its cgroup.
void SimRuntime::release(SimTask& task) {
  task.released = true;
  tell(task.spec.id);
}

// The observation follows a little later, as exit events and pids do.
void SimRuntime::tell(const std::string& id) {
  const bool late = random_.chance(5);
  agenda_.after(draw(milliseconds(0), milliseconds(late ? 80 : 3)),
                [this, id, incarnation = tasks_.at(id).incarnation] {
                  if (tasks_.at(id).forgotten || tasks_.at(id).incarnation != incarnation) return;
                  refresh(tasks_.at(id));
                  if (told_) told_(id);
                });
}

void SimRuntime::refresh(SimTask& task) {
  runtime::TaskObservation& seen = task.observed;
  seen.containers = task.containers;
  for (auto& container : seen.containers) {
    if (!hides_restarts || container.restarts == 0) continue;
    container.running = false;
    container.exit_code = 1;
  }
  seen.failure = task.failure;
  if (task.stops()) {
    seen.phase = TaskPhase::stopping;
  } else if (task.order->all_started()) {
    seen.phase = TaskPhase::running;
  }
  task.failing_told = task.failing_told || task.failing;
  if (!task.exited) return;
  seen.phase = task.released ? TaskPhase::stopped : TaskPhase::releasing;
  if (!task.exit_told) task.exit_told_at = agenda_.now();
  task.exit_told = true;
}

std::optional<runtime::TaskObservation> SimRuntime::find(const std::string& task_id) const {
  const auto found = tasks_.find(task_id);
  if (found == tasks_.end() || found->second.forgotten) return std::nullopt;
  return found->second.observed;
}

std::vector<std::string> SimRuntime::list() const {
  std::vector<std::string> ids;
  for (const auto& [id, task] : tasks_)
    if (!task.forgotten) ids.push_back(id);
  return ids;
}

void SimRuntime::reboot() {
  for (auto& [id, task] : tasks_) {
    if (!task.exited) {
      task.exited = true;
      task.listening = false;
      for (auto& container : task.containers) container.running = false;
      if (on_exit) on_exit(task);
    }
    if (!task.exit_told) task.exit_told_at = agenda_.now();
    if (!task.forgotten) task.gone_with_host = true;
    task.released = true;
    task.exit_told = true;
    task.forgotten = true;
  }
}

void SimRuntime::adopt() {
  told_ = nullptr;
  if (hides_exits) return;
  for (auto& [id, task] : tasks_)
    if (!task.forgotten) refresh(task);
}

void SimRuntime::recover() {
  for (auto& [id, task] : tasks_) {
    task.sick = false;
    if (task.started && !task.exited && !task.stops() && !task.order->all_started()) heal_helpers(task);
  }
}

// One that failed its checks before others could start, which wait for it.
void SimRuntime::heal_helpers(SimTask& task) {
  for (auto& container : task.containers)
    if (container.running && container.health == runtime::ContainerHealth::unhealthy)
      container.health = runtime::ContainerHealth::healthy;
  advance(task);
}

SimTask* SimRuntime::find_task(const std::string& id) {
  const auto found = tasks_.find(id);
  return found == tasks_.end() ? nullptr : &found->second;
}

SimTask* SimRuntime::at_address(const std::string& address) {
  const auto found = addresses_.find(address);
  return found == addresses_.end() ? nullptr : find_task(found->second);
}

SimTask* SimRuntime::at_port(std::uint16_t port) {
  const auto found = ports_.find(port);
  return found == ports_.end() ? nullptr : find_task(found->second);
}

}  // namespace weir::sim
