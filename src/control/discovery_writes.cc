#include "control/discovery_writes.h"

#include <utility>

namespace weir::control {

namespace {

using model::DiscoveryInstance;
using model::DiscoveryService;
using model::Task;
using model::TaskRegistry;

bool is_in(const TaskRegistry& registry) { return registry.state == "entered"; }

std::string instance_key(const Task& task, const TaskRegistry& registry) {
  return model::instances_of_service(task.scope, registry.service) + task.id;
}

// "web" of "arn:aws:ecs:…:task-definition/web:3".
std::string family_of(const std::string& definition) {
  const auto slash = definition.rfind('/');
  const std::string name = slash == std::string::npos ? definition : definition.substr(slash + 1);
  return name.substr(0, name.rfind(':'));
}

}  // namespace

std::map<std::string, std::string> instance_attributes(const Task& task, const TaskRegistry& registry) {
  std::map<std::string, std::string> attributes{
      {"AWS_INSTANCE_IPV4", task.address}, {"AVAILABILITY_ZONE", task.scope.region + "a"},
      {"REGION", task.scope.region},       {"ECS_SERVICE_NAME", task.service},
      {"ECS_CLUSTER_NAME", task.cluster},  {"ECS_TASK_DEFINITION_FAMILY", family_of(task.task_definition)},
  };
  if (registry.port != 0) attributes["AWS_INSTANCE_PORT"] = std::to_string(registry.port);
  if (!registry.external_id.empty()) attributes["ECS_TASK_SET_EXTERNAL_ID"] = registry.external_id;
  return attributes;
}

Result<> DiscoveryWrites::follow(const Task& before, const Task& task, Timestamp now) {
  for (std::size_t i = 0; i < task.registries.size() && i < before.registries.size(); ++i) {
    const TaskRegistry& was = before.registries[i];
    const TaskRegistry& is = task.registries[i];
    if (!is_in(was) && is_in(is)) {
      TRY(enter(task, is, now));
    } else if (is_in(was) && !is_in(is)) {
      TRY(leave(task, is));
    } else if (is_in(is) && was.health != is.health) {
      TRY(tell_health(task, is));
    }
  }
  return {};
}

Result<> DiscoveryWrites::enter(const Task& task, const TaskRegistry& registry, Timestamp now) {
  const DiscoveryService named{.scope = task.scope, .id = registry.service};
  const auto service = TRY(store::peek<DiscoveryService>(store_, named.key()));
  if (!service) return {};
  const bool custom_health = (*service)->custom_health;
  auto attributes = instance_attributes(task, registry);
  if (custom_health) attributes["AWS_INIT_HEALTH_STATUS"] = "UNHEALTHY";
  const DiscoveryInstance instance{.scope = task.scope,
                                   .service = registry.service,
                                   .id = task.id,
                                   .attributes = std::move(attributes),
                                   .health = custom_health ? registry.health : "",
                                   .task = task.key(),
                                   .created_at = now};
  writes_.push_back(store::put(instance, store::Expect::kAny));
  return {};
}

Result<> DiscoveryWrites::tell_health(const Task& task, const TaskRegistry& registry) {
  auto instance = TRY(store::load<DiscoveryInstance>(store_, instance_key(task, registry)));
  if (!instance || instance->document.health.empty() || instance->document.health == registry.health) return {};
  instance->document.health = registry.health;
  writes_.push_back(store::put(*instance));
  return {};
}

// The service is written too, once, so that the revision of its instances grows.
Result<> DiscoveryWrites::leave(const Task& task, const TaskRegistry& registry) {
  const auto instance = TRY(store::load<DiscoveryInstance>(store_, instance_key(task, registry)));
  if (!instance) return {};
  writes_.push_back(store::erase(*instance));
  const DiscoveryService named{.scope = task.scope, .id = registry.service};
  const auto service = TRY(store::load<DiscoveryService>(store_, named.key()));
  if (service && touched_.insert(named.key()).second) writes_.push_back(store::put(*service));
  return {};
}

}  // namespace weir::control
