#include "api/ecs/service_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/arn.h"
#include "api/ecs/deployment_history.h"
#include "api/ecs/references.h"
#include "api/ecs/strategy_rules.h"
#include "api/ecs/task_set_view.h"

namespace weir::api::ecs {

namespace {

bool is_fargate(const model::Service& service) { return service.launch_type == "FARGATE"; }

shapes::Deployment deployment_view(const model::Service& service, const model::Deployment& deployment) {
  shapes::Deployment view{
      .id = deployment.id,
      .status = deployment.status,
      .taskDefinition = deployment.task_definition,
      .desiredCount = deployment.desired_count,
      .pendingCount = deployment.pending_count,
      .runningCount = deployment.running_count,
      .failedTasks = deployment.failed_tasks,
      .createdAt = deployment.created_at,
      .updatedAt = deployment.updated_at,
      .networkConfiguration = service.network_configuration,
      .rolloutState = deployment.rollout_state,
      .rolloutStateReason = deployment.rollout_state_reason,
  };
  if (service.capacity_provider_strategy) {
    view.capacityProviderStrategy = service.capacity_provider_strategy;
  } else {
    view.launchType = service.launch_type;
  }
  if (is_fargate(service)) {
    view.platformVersion = kPlatformVersion;
    view.platformFamily = "Linux";
  }
  return view;
}

// The deployment that goes on, and the revisions that have tasks.
void show_history(const Context& context, shapes::Service& view, const model::Service& service,
                  const model::ServiceState* state) {
  view.currentServiceRevisions.emplace();
  for (const auto& deployment : deployments_of(service, state)) {
    const bool wished = deployment.id == service.deployment_id;
    const std::string& revision = wished ? service.revision_id : deployment.revision;
    if (revision.empty()) continue;
    view.currentServiceRevisions->push_back({.arn = service_revision_arn(context, service, revision),
                                             .requestedTaskCount = deployment.desired_count,
                                             .runningTaskCount = deployment.running_count,
                                             .pendingTaskCount = deployment.pending_count});
    if (wished && deployment.rollout_state == "IN_PROGRESS" && !service.service_deployment_id.empty()) {
      view.currentServiceDeployment =
          service_deployment_arn(context, service.cluster, service.name, service.service_deployment_id);
    }
  }
}

std::vector<shapes::ServiceEvent> events_of(const model::ServiceState* state) {
  std::vector<shapes::ServiceEvent> events;
  if (!state) return events;
  for (const auto& event : state->events) {
    events.push_back({.id = event.id, .createdAt = event.created_at, .message = event.message});
  }
  return events;
}

std::vector<model::Deployment> task_sets_as_deployments(const model::Service& service,
                                                        const model::ServiceState* state) {
  std::vector<model::Deployment> all;
  for (const auto& set : service.task_sets) {
    model::Deployment one{.id = set.id,
                          .task_definition = set.task_definition,
                          .status = set.status,
                          .created_at = set.created_at,
                          .desired_count = computed_desired_count(service, set),
                          .rollout_state = "STABILIZING"};
    for (const auto& each : state ? state->task_sets : std::vector<model::TaskSetState>{}) {
      if (each.id != set.id) continue;
      one.running_count = each.running_count;
      one.pending_count = each.pending_count;
      one.rollout_state = each.stability;
    }
    all.push_back(std::move(one));
  }
  return all;
}

// As AWS returns them: with what was not said.
void complete(std::optional<shapes::LinearConfiguration>& linear) {
  if (!linear) linear.emplace();
  linear->stepPercent = linear->stepPercent.value_or(10.0);
  linear->stepBakeTimeInMinutes = linear->stepBakeTimeInMinutes.value_or(6);
}
void complete(std::optional<shapes::CanaryConfiguration>& canary) {
  if (!canary) canary.emplace();
  canary->canaryPercent = canary->canaryPercent.value_or(5.0);
  canary->canaryBakeTimeInMinutes = canary->canaryBakeTimeInMinutes.value_or(10);
}

}  // namespace

model::ecs::DeploymentConfiguration configuration_of(const model::Service& service) {
  shapes::DeploymentConfiguration shown;
  const auto& given = service.deployment_configuration;
  shown.deploymentCircuitBreaker = given ? given->deploymentCircuitBreaker.value_or(shapes::DeploymentCircuitBreaker{})
                                         : shapes::DeploymentCircuitBreaker{};
  if (given) shown.alarms = given->alarms;
  shown.maximumPercent = service.maximum_percent;
  shown.minimumHealthyPercent = service.minimum_healthy_percent;
  shown.strategy = strategy_of(service);
  shown.bakeTimeInMinutes = given ? given->bakeTimeInMinutes.value_or(0) : 0;
  if (given) {
    shown.lifecycleHooks = given->lifecycleHooks;
    shown.linearConfiguration = given->linearConfiguration;
    shown.canaryConfiguration = given->canaryConfiguration;
  }
  if (shown.strategy == "LINEAR") complete(shown.linearConfiguration);
  if (shown.strategy == "CANARY") complete(shown.canaryConfiguration);
  return shown;
}

std::vector<model::Deployment> deployments_of(const model::Service& service, const model::ServiceState* state) {
  if (service.controller != "ECS") return task_sets_as_deployments(service, state);
  std::vector<model::Deployment> all;
  if (state) all = state->deployments;
  std::erase_if(all, [](const auto& one) { return one.status == "INACTIVE"; });
  const auto wished =
      std::find_if(all.begin(), all.end(), [&](const auto& d) { return d.id == service.deployment_id; });
  if (wished != all.end()) {
    if (wished->desired_count != service.desired_count && wished->status == "PRIMARY") {
      wished->desired_count = service.desired_count;
    }
    return all;
  }
  for (auto& one : all) one.status = "ACTIVE";
  if (service.status == "INACTIVE") return all;
  all.insert(all.begin(),
             model::Deployment{
                 .id = service.deployment_id,
                 .task_definition = service.task_definition,
                 .created_at = service.deployment_created_at,
                 .updated_at = service.deployment_created_at,
                 .desired_count = service.desired_count,
                 .rollout_state_reason = fmt::format("ECS deployment {} in progress.", service.deployment_id),
             });
  return all;
}

model::ecs::Service shown(const Context& context, const model::Service& wish, const model::ServiceState* state,
                          bool tags) {
  // What a primary task set has is the service's.
  std::optional<model::Service> with_primary;
  if (const auto* primary = primary_task_set(wish)) with_primary = service_with(wish, *primary);
  const model::Service& service = with_primary ? *with_primary : wish;
  shapes::Service view{
      .serviceArn = service.arn,
      .serviceName = service.name,
      .clusterArn = cluster_arn(context, service.cluster),
      .loadBalancers = service.load_balancers,
      .serviceRegistries = service.service_registries,
      .status = service.status,
      .desiredCount = service.desired_count,
      .runningCount = state ? state->running_count : 0,
      .pendingCount = state ? state->pending_count : 0,
      .deploymentConfiguration = configuration_of(service),
      .deployments = std::vector<shapes::Deployment>{},
      .roleArn = service.role_arn,
      .events = events_of(state),
      .createdAt = service.created_at,
      .placementConstraints = service.placement_constraints,
      .placementStrategy = service.placement_strategy,
      .networkConfiguration = service.network_configuration,
      .schedulingStrategy = service.scheduling_strategy,
      .deploymentController = shapes::DeploymentController{.type = service.controller},
      .createdBy = fmt::format("arn:aws:iam::{}:root", context.account),
      .enableECSManagedTags = service.enable_ecs_managed_tags,
      .propagateTags = service.propagate_tags,
      .enableExecuteCommand = service.enable_execute_command,
      .availabilityZoneRebalancing = service.availability_zone_rebalancing,
  };
  if (!service.task_definition.empty()) view.taskDefinition = service.task_definition;
  if (service.controller == "ECS") {
    for (const auto& deployment : deployments_of(service, state)) {
      view.deployments->push_back(deployment_view(service, deployment));
    }
    show_history(context, view, service, state);
  } else {
    view.taskSets.emplace();
    for (const auto& set : wish.task_sets) view.taskSets->push_back(shown(context, wish, set, state, tags));
  }
  if (service.capacity_provider_strategy) {
    view.capacityProviderStrategy = service.capacity_provider_strategy;
  } else if (!service.launch_type.empty()) {
    view.launchType = service.launch_type;
  }
  if (is_fargate(service)) {
    view.platformVersion = service.platform_version.value_or("LATEST");
    view.platformFamily = "Linux";
  }
  if (!service.load_balancers.empty()) view.healthCheckGracePeriodSeconds = service.health_check_grace_period_seconds;
  if (tags) view.tags = service.tags.value_or(std::vector<shapes::Tag>{});
  return view;
}

}  // namespace weir::api::ecs
