#include "sim/registry_witness.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/task_witness.h"

namespace weir::sim {

using model::DiscoveryInstance;
using model::Task;

void RegistryWitness::say(const std::string& task, const std::string& what) {
  breach_(fmt::format("task {} {}", task.substr(0, 8), what));
}

void RegistryWitness::look() {
  std::set<std::string> names, tasks;
  for (const auto& change : MUST(store_.changes(seen_))) {
    if (change.key.kind == DiscoveryInstance::kKind) names.insert(change.key.name);
    if (change.key.kind == Task::kKind) tasks.insert(change.key.name.substr(change.key.name.rfind('/') + 1));
  }
  seen_ = store_.revision();
  for (const auto& name : names) {
    const auto found = MUST(store::load<DiscoveryInstance>(store_, name));
    found ? take(name, found->document) : leave(name);
  }
  for (const auto& id : tasks) check_end(id);
}

void RegistryWitness::take(const std::string& name, const DiscoveryInstance& instance) {
  const auto task = wishes_.task(instance.id);
  const bool is_new = instances_.insert_or_assign(name, instance).second;
  if (is_new) check_entry(instance, task);
  visited_.insert("in Cloud Map " + instance.health);
  if (gone_.contains(name)) say(instance.id, "enters again");
  if (instance.health == "HEALTHY" && task && task->last_status != "RUNNING")
    say(instance.id, "is HEALTHY and " + task->last_status);
}

void RegistryWitness::check_entry(const DiscoveryInstance& instance, const std::optional<Task>& task) {
  if (instance.health != "UNHEALTHY") say(instance.id, "enters as " + instance.health);
  if (task && (task->last_status == "PROVISIONING" || task->last_status == "PENDING"))
    say(instance.id, "enters while " + task->last_status);
}

// One that is only wished to stop is still told of: that is undone before anything else of its end.
void RegistryWitness::check_end(const std::string& id) {
  const auto task = wishes_.task(id);
  if (!task || TaskWitness::place_of(task->last_status) <= TaskWitness::place_of("RUNNING")) return;
  for (const auto& registry : task->registries) {
    if (instances_.contains(model::instances_of_service(task->scope, registry.service) + id))
      say(id, "is told of and is " + task->last_status);
  }
}

void RegistryWitness::leave(const std::string& name) {
  const auto known = instances_.find(name);
  if (known == instances_.end()) return;
  const auto task = wishes_.task(known->second.id);
  if (task && task->desired_status == "RUNNING") say(task->id, "is no longer told of and runs");
  visited_.insert("out of Cloud Map");
  gone_.insert(name);
  instances_.erase(known);
}

void RegistryWitness::on_sigterm(const SimTask& task) {
  for (const auto& [name, instance] : instances_)
    if (instance.id == task.spec.id) say(instance.id, "gets SIGTERM and is still told of");
}

std::optional<std::string> RegistryWitness::difference_of(const Task& task) const {
  const bool is_ill = health_of(task) == "UNHEALTHY";
  for (const auto& registry : task.registries) {
    const auto found = instances_.find(model::instances_of_service(task.scope, registry.service) + task.id);
    const std::string health = found == instances_.end() ? "not told of" : found->second.health;
    if (health != (is_ill ? "UNHEALTHY" : "HEALTHY"))
      return fmt::format("task {} of {} is {} in Cloud Map", task.id.substr(0, 8), task.service, health);
  }
  return std::nullopt;
}

}  // namespace weir::sim
