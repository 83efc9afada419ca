// World: services whose task sets a script deploys by, step by step and in no order.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "sim/world.h"

namespace weir::sim {

namespace {

constexpr double kScales[] = {0, 25, 50, 100, 100};

}  // namespace

void World::add_external_service() {
  ServicePlan service;
  service.name = fmt::format("sets-{}", services_.size() + 1);
  service.external = true;
  service.group = add_group();
  service.alternate = add_group();
  if (random_.chance(40)) service.registry = add_registry(service.name);
  add_listener({{service.group, static_cast<std::int32_t>(random_.between(1, 10))},
                {service.alternate, static_cast<std::int32_t>(random_.between(0, 10))}});
  service.listener = listeners_.back().arn;
  wishes_.create_external_service(service.name, draw_count());
  services_.push_back(std::move(service));
  const std::int64_t sets = random_.between(1, 2);
  for (std::int64_t i = 0; i < sets; ++i) create_task_set(services_.back());
}

bool World::change_task_sets() {
  const auto external = [](const ServicePlan& plan) { return plan.external && !plan.deleted; };
  const auto found = std::ranges::find_if(services_, external);
  if (found == services_.end()) return false;
  const std::string& name = found->name;
  const std::uint64_t drawn = random_.below(100);
  const std::uint64_t which = random_.below(100);
  const double percent = kScales[random_.below(std::size(kScales))];
  const auto trace = [&](const char* what) {
    if (trace_.on()) trace_.line(fmt::format("wish     a task set of {} {}", name, what));
  };
  if (drawn < 25) return create_task_set(*found);
  if (drawn < 60) {
    trace(fmt::format("scales to {} percent", percent).c_str());
    return wishes_.scale_task_set(name, which, percent);
  }
  if (drawn < 70) return wishes_.scale(name, draw_count());
  if (drawn < 80) return wishes_.make_primary(name, which);
  if (drawn < 97) {
    trace("is deleted");
    return wishes_.delete_task_set(name, which);
  }
  if (trace_.on()) trace_.line(fmt::format("wish     {} is deleted", name));
  found->deleted = true;
  return wishes_.delete_service(name);
}

bool World::create_task_set(ServicePlan& service) {
  const std::string definition = new_definition(service);
  const std::string group = random_.chance(15) ? "" : random_.chance(50) ? service.group : service.alternate;
  const double percent = kScales[random_.below(std::size(kScales))];
  if (trace_.on())
    trace_.line(fmt::format("wish     {} gets a task set of v{}, {} percent", service.name, service.revision, percent));
  return wishes_.create_task_set({.service = service.name,
                                  .definition = definition,
                                  .group = group,
                                  .registry = service.registry,
                                  .percent = percent});
}

std::optional<std::string> World::difference_of_external(const ServicePlan& plan, const model::Service& service,
                                                         const std::vector<model::Task>& tasks) {
  if (plan.deleted) {
    const auto is_left = [&](const auto& task) {
      return task.service == service.name && task.last_status != "STOPPED";
    };
    if (service.status != "INACTIVE") return fmt::format("{} is deleted, but {}", service.name, service.status);
    if (std::ranges::any_of(tasks, is_left)) return fmt::format("{} is deleted, but has tasks", service.name);
    return std::nullopt;
  }
  const auto state = wishes_.service_state(service.name);
  if (!state) return fmt::format("{} has no state", service.name);
  if (state->task_sets.size() != service.task_sets.size())
    return fmt::format("{} says that it has {} task sets", service.name, state->task_sets.size());
  for (std::size_t i = 0; i < service.task_sets.size(); ++i) {
    const model::TaskSet& set = service.task_sets[i];
    if (set.status == "DRAINING") return fmt::format("the deleted task set {} has not gone", set.id);
    if (bad_.contains(set.task_definition)) continue;
    if (auto found = difference_of_set(service, set, state->task_sets[i], tasks)) return found;
  }
  return std::nullopt;
}

std::optional<std::string> World::difference_of_set(const model::Service& service, const model::TaskSet& set,
                                                    const model::TaskSetState& state,
                                                    const std::vector<model::Task>& tasks) {
  const std::int32_t wished = computed_desired_count(service, set);
  std::int32_t count = 0;
  for (const model::Task& task : tasks) {
    if (task.task_set != set.id || task.last_status == "STOPPED") continue;
    ++count;
    if (auto found = difference_of_task(task, !set.load_balancers.empty())) return found;
  }
  if (count != wished) return fmt::format("task set {} has {} tasks and wants {}", set.id, count, wished);
  if (state.id != set.id || state.running_count != wished || state.pending_count != 0 ||
      state.computed_desired_count != wished || state.stability != "STEADY_STATE")
    return fmt::format("task set {} says running {}, pending {} of {}, {}", set.id, state.running_count,
                       state.pending_count, state.computed_desired_count, state.stability);
  return std::nullopt;
}

// Of one that is wished to run and of a version that can.
std::optional<std::string> World::difference_of_task(const model::Task& task, bool serves) {
  const std::string name = fmt::format("task {} of {}", task.id.substr(0, 8), task.service);
  if (task.last_status != "RUNNING") return fmt::format("{} is {}", name, task.last_status);
  const SimTask* real = runtime_.find_task(task.id);
  if (real == nullptr || real->exited || real->stops()) return name + " does not really run";
  if (serves && (!real->passes_checks() || !witness_.serves_everywhere(real->port)))
    return name + " does not really serve";
  for (std::size_t i = 0; i < task.containers.size(); ++i) {
    const auto& container = task.containers[i];
    const char* const status = real->containers[i].running ? "RUNNING" : "STOPPED";
    if (container.last_status != status)
      return fmt::format("{} has a container {} that is {}, not {}", name, container.name, status,
                         container.last_status);
  }
  return registry_witness_.difference_of(task);
}

}  // namespace weir::sim
