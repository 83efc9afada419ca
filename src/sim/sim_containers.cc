// SimRuntime: the containers of a task, as its shim starts and ends them, and their fates.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/sim_runtime.h"

namespace weir::sim {

namespace {

constexpr const char* kOutOfMemory = "OutOfMemoryError: Container killed due to memory usage";

}  // namespace

// As the shim does it.
void SimRuntime::advance(SimTask& task) {
  if (task.stops() || task.exited) return;
  while (const auto at = task.order->next(task.containers)) start_container(task, *at);
  if (const auto stuck = task.order->stuck(task.containers, agenda_.now())) {
    task.containers[stuck->container].reason = "CannotStartContainerError: " + stuck->why;
    return give_up(task, task.containers[stuck->container].reason);
  }
  tell(task.spec.id);
}

void SimRuntime::give_up(SimTask& task, std::string why) {
  task.failure = std::move(why);
  task.failing = true;
  stop_next(task);
}

void SimRuntime::start_container(SimTask& task, std::size_t at) {
  task.order->note_started(at, agenda_.now());
  task.started_at[at] = agenda_.now();
  runtime::ContainerObservation& container = task.containers[at];
  container.running = true;
  container.pid = task.port + static_cast<std::int64_t>(at) * 100'000;
  for (const auto& mapping : task.spec.containers[at].ports)
    container.ports.push_back({mapping.container_port, task.port});
  at == 0 ? start_app(task) : start_helper(task, at);
}

void SimRuntime::restart(SimTask& task, std::size_t at) {
  if (trace_.on()) trace_.line(fmt::format("task     {} starts {} again", task.spec.id.substr(0, 8), at));
  runtime::ContainerObservation& container = task.containers[at];
  const std::int32_t restarts = container.restarts + 1;
  container = {.name = container.name, .image_digest = container.image_digest, .restarts = restarts};
  if (task.spec.containers[at].health_check) container.health = runtime::ContainerHealth::unknown;
  start_container(task, at);
  tell(task.spec.id);
}

void SimRuntime::start_app(SimTask& task) {
  const std::string& id = task.spec.id;
  const ImageBehaviour& image = images[task.spec.containers.front().image];
  if (image.crash_loop) {
    later_unless_over(id, draw(milliseconds(5), milliseconds(300)), [this](SimTask& t) { end_app(t, 1); });
    return;
  }
  if (image.ends_with) {
    later_unless_over(id, draw(milliseconds(5), milliseconds(9'000)),
                      [this, code = *image.ends_with](SimTask& t) { end_app(t, code); });
  }
  later_unless_over(id, draw(milliseconds(0), image.slowest_start), [](SimTask& t) {
    t.listening = !t.stops() && t.containers.front().running;
    t.was_ready = t.listening;
  });
  draw_fate(task);
}

// What runs beside the first container: it ends when its work is done, comes to be healthy, is not for good, or dies.
void SimRuntime::start_helper(SimTask& task, std::size_t at) {
  const std::string& id = task.spec.id;
  const ImageBehaviour& image = images[task.spec.containers[at].image];
  if (image.ends_with) {
    later_unless_over(id, draw(milliseconds(5), milliseconds(1'500)),
                      [this, at, code = *image.ends_with](SimTask& t) { end_container(t, at, code); });
  }
  const auto be = [this, at](runtime::ContainerHealth health) {
    return [this, at, health](SimTask& t) {
      if (!t.containers[at].running || t.stops()) return;
      t.containers[at].health = health;
      advance(t);
    };
  };
  if (task.spec.containers[at].health_check)
    later_unless_over(id, draw(milliseconds(5), milliseconds(1'500)), be(runtime::ContainerHealth::healthy));
  const auto mischief_later = [&](unsigned percent, std::function<void(SimTask&)> what) {
    if (!random_.chance(percent)) return;
    later_unless_over(id, draw(milliseconds(1), milliseconds(30'000)), [this, what = std::move(what)](SimTask& t) {
      if (mischief) what(t);
    });
  };
  mischief_later(image.crash_percent, [this, at](SimTask& t) { end_container(t, at, 1); });
  if (task.spec.containers[at].health_check)
    mischief_later(image.unhealthy_percent, be(runtime::ContainerHealth::unhealthy));
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
  fate(image.crash_percent, [this](SimTask& t) {
    if (t.behaviour.eats_memory && t.containers.front().running) t.containers.front().reason = kOutOfMemory;
    end_app(t, t.behaviour.eats_memory ? 137 : 139);
  });
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

// A repeat does nothing.
void SimRuntime::end_container(SimTask& task, std::size_t at, std::int32_t code) {
  runtime::ContainerObservation& container = task.containers[at];
  if (!container.running) return;
  if (trace_.on())
    trace_.line(fmt::format("task     {} :{} {} ended with {}{}", task.spec.id.substr(0, 8), task.port, container.name,
                            code, task.stops() ? "" : " by itself"));
  container.running = false;
  container.exit_code = code;
  if (at == 0) task.listening = false;
  const Duration ran = agenda_.now() - task.started_at[at];
  if (!task.stops() && runtime::is_restarted(task.spec.containers[at], code, ran)) return restart(task, at);
  if (task.spec.containers[at].essential && !task.stops()) task.failing = true;
  if (at == 0 && on_exit) on_exit(task);
  if (std::ranges::none_of(task.containers, &runtime::ContainerObservation::running) &&
      (task.stops() || task.order->all_started()))
    return finish(task);
  task.stops() ? stop_next(task) : advance(task);
}

}  // namespace weir::sim
