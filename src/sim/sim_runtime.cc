#include "sim/sim_runtime.h"

#include <fmt/format.h>

namespace weir::sim {

using runtime::TaskPhase;

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
  task = SimTask{.incarnation = task.incarnation + 1};
  task.spec = spec;
  task.behaviour = images[spec.containers.front().image];
  task.observed.id = spec.id;
  task.observed.phase = TaskPhase::starting;
  for (const auto& container : spec.containers) task.observed.containers.push_back({.name = container.name});
  if (trace_.on())
    trace_.line(fmt::format("runtime  start {} {}", spec.id.substr(0, 8), spec.containers.front().image));
  agenda_.after(draw(milliseconds(1), milliseconds(30)), [this, id = spec.id, incarnation = task.incarnation] {
    if (tasks_.at(id).incarnation == incarnation) make_processes(id);
  });
  return {};
}

void SimRuntime::make_processes(const std::string& id) {
  SimTask& task = tasks_.at(id);
  if (task.exited) return;
  const ImageBehaviour& image = images[task.spec.containers.front().image];
  if (!image.pullable) {
    task.failure = "CannotPullContainerError: no such image: " + task.spec.containers.front().image;
    return end(task, 1);
  }
  task.started = true;
  do {
    next_port_ = next_port_ >= kLastPort ? kFirstPort : next_port_ + 1;
    task.port = static_cast<std::uint16_t>(next_port_);
  } while (ports_.contains(task.port) && !tasks_.at(ports_[task.port]).exited);
  ports_[task.port] = id;
  tell(id);
  if (image.crash_loop) {
    later_unless_over(id, draw(milliseconds(5), milliseconds(300)), [this](SimTask& t) { end(t, 1); });
    return;
  }
  later_unless_over(id, draw(milliseconds(0), image.slowest_start), [](SimTask& t) {
    t.listening = !t.told_to_stop;
    t.was_ready = t.listening;
  });
  draw_fate(task);
}

void SimRuntime::draw_fate(SimTask& task) {
  const ImageBehaviour& image = task.behaviour;
  const std::string& id = task.spec.id;
  task.deaf = random_.chance(image.deaf_percent);
  const auto fate = [&](unsigned percent, std::function<void(SimTask&)> what) {
    if (!random_.chance(percent)) return;
    later_unless_over(id, draw(milliseconds(1), milliseconds(30'000)), [this, what = std::move(what)](SimTask& t) {
      if (mischief) what(t);
    });
  };
  fate(image.crash_percent, [this](SimTask& t) { end(t, 139); });
  fate(image.hang_percent, [this](SimTask& t) {
    if (trace_.on()) trace_.line(fmt::format("task     {} hangs", t.spec.id.substr(0, 8)));
    t.hanging = true;
  });
  fate(image.sick_percent, [this](SimTask& t) {
    if (trace_.on()) trace_.line(fmt::format("task     {} fails its health checks", t.spec.id.substr(0, 8)));
    t.sick = true;
    later_unless_over(t.spec.id, draw(milliseconds(500), milliseconds(20'000)), [](SimTask& u) { u.sick = false; });
  });
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
  const Duration timeout = task->spec.containers.front().stop_timeout;
  if (task->deaf || task->hanging) {
    later_unless_over(task_id, timeout, [this](SimTask& t) { end(t, 137); });
    return;
  }
  task->listening = false;  // the strictest program: it takes nothing more from the very signal on
  const Duration farewell = std::min<Duration>(timeout, draw(milliseconds(0), milliseconds(800)));
  later_unless_over(task_id, farewell, [this](SimTask& t) { end(t, 143); });
}

void SimRuntime::forget(const std::string& task_id) {
  SimTask* task = find_task(task_id);
  if (task != nullptr && task->observed.phase == TaskPhase::stopped) task->forgotten = true;
}

void SimRuntime::end(SimTask& task, std::int32_t code) {
  if (trace_.on())
    trace_.line(fmt::format("task     {} :{} ended with {}{}", task.spec.id.substr(0, 8), task.port, code,
                            task.told_to_stop ? "" : " by itself"));
  task.exited = true;
  task.listening = false;
  task.exit_code = code;
  if (on_exit) on_exit(task);
  if (!hides_exits) tell(task.spec.id);
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
  runtime::ContainerObservation& container = seen.containers.front();
  if (task.started) {
    container.pid = task.port;
    container.image_digest = "sha256:" + task.spec.containers.front().image;
    container.ports.clear();
    for (const auto& mapping : task.spec.containers.front().ports)
      container.ports.push_back({mapping.container_port, task.port});
    seen.phase = task.told_to_stop ? TaskPhase::stopping : TaskPhase::running;
    container.running = true;
  }
  if (!task.exited) return;
  seen.phase = TaskPhase::stopped;
  seen.failure = task.failure;
  container.running = false;
  container.reason = task.failure;
  if (task.failure.empty()) container.exit_code = task.exit_code;
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
      if (on_exit) on_exit(task);
    }
    if (!task.exit_told) task.exit_told_at = agenda_.now();
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
  for (auto& [id, task] : tasks_) task.sick = false;
}

SimTask* SimRuntime::find_task(const std::string& id) {
  const auto found = tasks_.find(id);
  return found == tasks_.end() ? nullptr : &found->second;
}

SimTask* SimRuntime::at_port(std::uint16_t port) {
  const auto found = ports_.find(port);
  return found == ports_.end() ? nullptr : find_task(found->second);
}

}  // namespace weir::sim
