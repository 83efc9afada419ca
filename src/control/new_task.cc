#include "control/new_task.h"

namespace weir::control {

namespace {

using model::Task;

// "srv-…" of a registry's ARN.
std::string registered_service(const model::ecs::ServiceRegistry& registry) {
  const std::string arn = registry.registryArn.value_or("");
  return arn.substr(arn.rfind('/') + 1);
}

// Those of the service or of the definition, as the service wishes, and those that ECS manages.
std::vector<model::ecs::Tag> passed_on_tags(const TaskOrigin& origin) {
  const model::Service& service = origin.service;
  std::vector<model::ecs::Tag> tags;
  if (service.propagate_tags == "SERVICE" && service.tags) tags = *service.tags;
  if (service.propagate_tags == "TASK_DEFINITION" && origin.definition_tags) tags = *origin.definition_tags;
  if (!service.enable_ecs_managed_tags) return tags;
  tags.push_back({.key = "aws:ecs:clusterName", .value = service.cluster});
  tags.push_back({.key = "aws:ecs:serviceName", .value = service.name});
  return tags;
}

}  // namespace

Task new_task(const TaskOrigin& origin, Now now, Random& random) {
  const model::Service& service = origin.service;
  Task task;
  task.scope = service.scope;
  task.cluster = service.cluster;
  task.id = random.hex(32);
  task.arn = "arn:aws:ecs:" + task.scope.region + ":" + task.scope.account + ":task/" + task.cluster + "/" + task.id;
  task.service = service.name;
  task.deployment = service.deployment_id;
  task.task_set = origin.task_set;
  if (!origin.task_set.empty()) {
    task.deployment = origin.task_set;
    task.network_configuration = service.network_configuration;
  }
  task.task_definition = service.task_definition;
  task.launch_type = service.launch_type;
  if (const auto& strategy = service.capacity_provider_strategy; strategy && !strategy->empty()) {
    task.capacity_provider = strategy->front().capacityProvider;
  }
  task.platform_version = service.platform_version;
  task.enable_execute_command = service.enable_execute_command;
  task.tags = passed_on_tags(origin);
  task.created_at = now.date;
  task.made = task.since = now.moment;
  for (const auto& container : *origin.definition->containerDefinitions) {
    task.containers.push_back({.name = container.name.value_or(""),
                               .image = container.image.value_or(""),
                               .essential = container.essential.value_or(true),
                               .health = ""});
  }
  for (std::size_t i = 0; i < service.load_balancers.size(); ++i) {
    const auto& balancer = service.load_balancers[i];
    if (!balancer.targetGroupArn) continue;
    const bool chosen = i < origin.target_groups.size() && !origin.target_groups[i].empty();
    task.targets.push_back({.target_group = chosen ? origin.target_groups[i] : *balancer.targetGroupArn,
                            .container = balancer.containerName.value_or(""),
                            .container_port = balancer.containerPort.value_or(0)});
  }
  for (const auto& registry : service.service_registries) {
    task.registries.push_back({.service = registered_service(registry),
                               .container = registry.containerName.value_or(""),
                               .container_port = registry.containerPort.value_or(registry.port.value_or(0)),
                               .external_id = origin.external_id});
  }
  return task;
}

}  // namespace weir::control
