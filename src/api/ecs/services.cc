// The operations on services.
#include <fmt/format.h>

#include <algorithm>

#include "api/arn.h"
#include "api/ecs/actions.h"
#include "api/ecs/controller_rules.h"
#include "api/ecs/deployment_history.h"
#include "api/ecs/errors.h"
#include "api/ecs/placement_rules.h"
#include "api/ecs/references.h"
#include "api/ecs/refusals.h"
#include "api/ecs/service_rules.h"
#include "api/ecs/service_view.h"
#include "api/ecs/strategy_rules.h"
#include "api/writing.h"

namespace weir::api::ecs {

namespace {

constexpr std::size_t kServicesPerPage = 10;
constexpr std::size_t kMaxServicesDescribed = 10;

Result<std::optional<store::Versioned<model::ServiceState>>> state_of(Context& context, const model::Service& service) {
  return store::load<model::ServiceState>(context.store, service.key());
}

Result<shapes::Service> view_of(Context& context, const model::Service& service, bool tags) {
  const auto state = TRY(state_of(context, service));
  return shown(context, service, state ? &state->document : nullptr, tags);
}

// How the request says on what the tasks shall run.
Result<> take_launch(model::Service& service, const shapes::CreateServiceRequest& request) {
  const bool strategy = request.capacityProviderStrategy && !request.capacityProviderStrategy->empty();
  if (strategy && request.launchType) {
    return invalid_parameter(
        "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.");
  }
  if (strategy) {
    TRY(check_strategy(*request.capacityProviderStrategy));
    service.capacity_provider_strategy = request.capacityProviderStrategy;
  }
  service.launch_type = request.launchType.value_or(strategy ? "FARGATE" : "EC2");
  if (service.controller == "EXTERNAL") service.launch_type.clear();
  if (request.platformVersion && !request.platformVersion->empty()) {
    if (service.launch_type != "FARGATE") {
      return invalid_parameter("The platform version must be null when specifying an EC2 launch type.");
    }
    service.platform_version = request.platformVersion;
  }
  return {};
}

// How many tasks: a daemon has one on each machine, and there is one machine.
Result<> take_schedule(model::Service& service, const shapes::CreateServiceRequest& request) {
  service.scheduling_strategy = request.schedulingStrategy.value_or("REPLICA");
  if (service.scheduling_strategy == "DAEMON") {
    if (request.desiredCount) return daemon_has_no_count();
    if (service.capacity_provider_strategy) {
      return invalid_parameter(
          "Specifying a capacity provider strategy is not supported when you create a service using the DAEMON "
          "scheduling strategy.");
    }
    if (service.launch_type == "FARGATE") {
      return invalid_parameter("The DAEMON scheduling strategy is not supported for the FARGATE launch type.");
    }
    service.desired_count = 1;
    service.minimum_healthy_percent = 0;
    service.maximum_percent = 100;
    return {};
  }
  if (!request.desiredCount && service.controller != "EXTERNAL") {
    return invalid_parameter("The desiredCount is required when the scheduling strategy is REPLICA.");
  }
  service.desired_count = request.desiredCount.value_or(0);
  return check_desired_count(service.desired_count);
}

// What its tasks are made from. An EXTERNAL service leaves it to its task sets.
Result<> take_definition(Context& context, model::Service& service, const shapes::CreateServiceRequest& request) {
  if (service.controller == "EXTERNAL") return {};
  if (request.taskDefinition.value_or("").empty()) return invalid_parameter("TaskDefinition can not be blank.");
  const auto definition = TRY(active_definition(context, *request.taskDefinition));
  service.task_definition = *definition.document.definition.taskDefinitionArn;
  TRY(check_fits(context, service, definition.document.definition));
  return check_shifting(context, service);
}

// Where its tasks are to be placed, which is on this machine, and whether people may look into them: kept as given.
template <class Request>
Result<> take_placement(model::Service& service, const Request& request, bool on_fargate) {
  TRY(check_placement_wish({request.placementConstraints, request.placementStrategy, on_fargate}));
  if (request.placementConstraints) service.placement_constraints = *request.placementConstraints;
  if (request.placementStrategy) service.placement_strategy = *request.placementStrategy;
  if (request.enableExecuteCommand) service.enable_execute_command = *request.enableExecuteCommand;
  return {};
}

Result<model::Service> make_service(Context& context, const std::string& cluster,
                                    const shapes::CreateServiceRequest& request) {
  model::Service service{.scope = scope_of(context), .cluster = cluster, .name = request.serviceName};
  service.arn = service_arn(context, cluster, service.name);
  service.created_at = context.now;
  TRY(check_controller(request));
  if (request.deploymentController) service.controller = request.deploymentController->type;
  TRY(take_launch(service, request));
  TRY(take_schedule(service, request));
  if (request.deploymentConfiguration) TRY(take_deployment_configuration(service, *request.deploymentConfiguration));
  service.load_balancers = request.loadBalancers.value_or(std::vector<shapes::LoadBalancer>{});
  service.service_registries = request.serviceRegistries.value_or(std::vector<shapes::ServiceRegistry>{});
  service.health_check_grace_period_seconds = request.healthCheckGracePeriodSeconds.value_or(0);
  const bool balanced = !service.load_balancers.empty() || service.controller == "EXTERNAL";
  TRY(check_grace_period(service.health_check_grace_period_seconds, balanced));
  service.network_configuration = request.networkConfiguration;
  TRY(check_tags(request.tags));
  if (request.tags && !request.tags->empty()) service.tags = request.tags;
  service.propagate_tags = request.propagateTags.value_or("NONE");
  service.role_arn = request.role;
  service.availability_zone_rebalancing = request.availabilityZoneRebalancing.value_or("DISABLED");
  service.enable_ecs_managed_tags = request.enableECSManagedTags.value_or(false);
  service.client_token = request.clientToken.value_or("");
  TRY(take_placement(service, request, request.launchType == "FARGATE" || service.capacity_provider_strategy));
  TRY(take_definition(context, service, request));
  if (service.controller == "CODE_DEPLOY") service.task_sets.push_back(first_task_set(context, service));
  return service;
}

Result<shapes::CreateServiceResponse> try_create(Context& context, const shapes::CreateServiceRequest& request) {
  TRY(refuse(request, refused_of_create_service(), kUnsupported));
  if (!is_name(request.serviceName)) return invalid_name("Service");
  const auto cluster = TRY(find_cluster(context, request.cluster));
  const model::Service named{.scope = scope_of(context), .cluster = cluster.document.name, .name = request.serviceName};
  const auto found = TRY(store::load<model::Service>(context.store, named.key()));
  if (found && found->document.status == "ACTIVE") {
    const std::string token = request.clientToken.value_or("");
    if (!token.empty() && token == found->document.client_token) {
      return shapes::CreateServiceResponse{TRY(view_of(context, found->document, /*tags=*/true))};
    }
    return invalid_parameter("Creation of service was not idempotent.");
  }
  if (found && found->document.status == "DRAINING") {
    return invalid_parameter("Unable to Start a service that is still Draining.");
  }
  model::Service service = TRY(make_service(context, cluster.document.name, request));
  std::vector<store::Write> writes;
  // What was said of an earlier service of this name is not said of this one.
  if (const auto state = TRY(state_of(context, service))) writes.push_back(store::erase(*state));
  if (found) TRY(erase_history(context, service, writes));
  if (service.controller == "ECS") TRY(begin_deployment(context, service, writes));
  writes.push_back(store::put(service, found ? found->revision : store::Expect::kAbsent));
  TRY(commit(context, writes));
  return shapes::CreateServiceResponse{shown(context, service, nullptr, /*tags=*/true)};
}

// What an update changes that only a new deployment can bring about. True where something did.
Result<bool> take_revision(Context& context, model::Service& service, const shapes::UpdateServiceRequest& request) {
  const model::Service before = service;
  if (request.taskDefinition && !request.taskDefinition->empty()) {
    const auto definition = TRY(active_definition(context, *request.taskDefinition));
    service.task_definition = *definition.document.definition.taskDefinitionArn;
  }
  if (request.networkConfiguration) service.network_configuration = request.networkConfiguration;
  if (request.loadBalancers) service.load_balancers = *request.loadBalancers;
  if (request.serviceRegistries) service.service_registries = *request.serviceRegistries;
  if (request.platformVersion && !request.platformVersion->empty()) service.platform_version = request.platformVersion;
  if (request.propagateTags) service.propagate_tags = *request.propagateTags;
  if (request.enableECSManagedTags) service.enable_ecs_managed_tags = *request.enableECSManagedTags;
  if (request.capacityProviderStrategy && !request.capacityProviderStrategy->empty()) {
    TRY(check_strategy(*request.capacityProviderStrategy));
    service.capacity_provider_strategy = request.capacityProviderStrategy;
    service.launch_type = "FARGATE";
  }
  return to_json_shape(before) != to_json_shape(service);
}

// What an update changes that needs no new tasks.
Result<> take_settings(model::Service& service, const shapes::UpdateServiceRequest& request) {
  const bool is_ecs = service.controller == "ECS";
  if (!is_ecs) {
    service.propagate_tags = request.propagateTags.value_or(service.propagate_tags);
    service.enable_ecs_managed_tags = request.enableECSManagedTags.value_or(service.enable_ecs_managed_tags);
  }
  if (request.desiredCount) {
    if (service.scheduling_strategy == "DAEMON") return daemon_has_no_count();
    TRY(check_desired_count(*request.desiredCount));
    service.desired_count = *request.desiredCount;
  }
  if (request.deploymentConfiguration) TRY(take_deployment_configuration(service, *request.deploymentConfiguration));
  if (request.healthCheckGracePeriodSeconds) {
    TRY(check_grace_period(*request.healthCheckGracePeriodSeconds, !service.load_balancers.empty() || !is_ecs));
    service.health_check_grace_period_seconds = *request.healthCheckGracePeriodSeconds;
  }
  if (request.availabilityZoneRebalancing) service.availability_zone_rebalancing = *request.availabilityZoneRebalancing;
  return take_placement(service, request, service.capacity_provider_strategy.has_value());
}

Result<shapes::UpdateServiceResponse> try_update(Context& context, const shapes::UpdateServiceRequest& request) {
  TRY(refuse(request, refused_of_update_service(), kUnsupported));
  const auto cluster = TRY(find_cluster(context, request.cluster));
  auto found = TRY(find_service(context, cluster.document.name, request.service));
  auto& service = found.document;
  if (service.status != "ACTIVE") return service_not_active();
  TRY(check_controller(context, service, request));
  const bool revised = service.controller == "ECS" && TRY(take_revision(context, service, request));
  TRY(take_settings(service, request));
  if (revised) {
    const auto definition = TRY(find_definition(context, service.task_definition));
    if (!definition) return client_exception("TaskDefinition not found.");
    TRY(check_fits(context, service, definition->document.definition));
  }
  if (revised || request.deploymentConfiguration) TRY(check_shifting(context, service));
  for (auto& set : service.task_sets) {
    if (request.desiredCount) set.updated_at = context.now;
  }
  std::vector<store::Write> writes;
  if (revised || request.forceNewDeployment.value_or(false)) TRY(begin_deployment(context, service, writes));
  writes.push_back(store::put(found));
  TRY(commit(context, writes));
  return shapes::UpdateServiceResponse{TRY(view_of(context, service, /*tags=*/true))};
}

Result<shapes::DeleteServiceResponse> try_delete(Context& context, const shapes::DeleteServiceRequest& request) {
  const auto cluster = TRY(find_cluster(context, request.cluster));
  auto found = TRY(find_service(context, cluster.document.name, request.service));
  auto& service = found.document;
  if (service.status == "ACTIVE") {
    if (service.scheduling_strategy == "REPLICA" && service.desired_count > 0 && !request.force.value_or(false)) {
      return invalid_parameter("The service cannot be stopped while it is scaled above 0.");
    }
    service.status = "DRAINING";
    service.desired_count = 0;
    for (auto& set : service.task_sets) set.status = "DRAINING";
    std::vector<store::Write> writes;
    TRY(stop_deployment(context, service, "Service deployment was stopped with its service.", writes));
    writes.push_back(store::put(found));
    TRY(commit(context, writes));
  }
  return shapes::DeleteServiceResponse{TRY(view_of(context, service, /*tags=*/false))};
}

}  // namespace

Result<shapes::CreateServiceResponse> create_service(Context& context, const shapes::CreateServiceRequest& request) {
  return writing(kServerException, [&] { return try_create(context, request); });
}

Result<shapes::UpdateServiceResponse> update_service(Context& context, const shapes::UpdateServiceRequest& request) {
  return writing(kServerException, [&] { return try_update(context, request); });
}

Result<shapes::DeleteServiceResponse> delete_service(Context& context, const shapes::DeleteServiceRequest& request) {
  return writing(kServerException, [&] { return try_delete(context, request); });
}

Result<shapes::DescribeServicesResponse> describe_services(Context& context,
                                                           const shapes::DescribeServicesRequest& request) {
  const auto cluster = TRY(find_cluster(context, request.cluster)).document.name;
  if (request.services.empty()) return invalid_parameter("Services cannot be empty.");
  if (request.services.size() > kMaxServicesDescribed) {
    return invalid_parameter(fmt::format("Services cannot have more than {} elements.", kMaxServicesDescribed));
  }
  shapes::DescribeServicesResponse response;
  response.services.emplace();
  response.failures.emplace();
  for (const auto& reference : request.services) {
    const auto name = name_in_cluster(context, "service", cluster, reference);
    std::optional<store::Snapshot<model::Service>> found;
    if (name) {
      const model::Service named{.scope = scope_of(context), .cluster = cluster, .name = *name};
      found = TRY(store::peek<model::Service>(context.store, named.key()));
    }
    if (!found) {
      const std::string arn = reference.starts_with("arn:") ? reference : service_arn(context, cluster, *name);
      response.failures->push_back({.arn = arn, .reason = "MISSING"});
      continue;
    }
    response.services->push_back(TRY(view_of(context, **found, includes(request.include, "TAGS"))));
  }
  return response;
}

// In the order in which they were created.
Result<shapes::ListServicesResponse> list_services(Context& context, const shapes::ListServicesRequest& request) {
  const auto cluster = TRY(find_cluster(context, request.cluster)).document.name;
  std::vector<Positioned<std::string>> all;
  for (const auto& one : TRY(all_of<model::Service>(context, cluster))) {
    const model::Service& service = *one;
    if (service.status == "INACTIVE") continue;
    const auto* primary = primary_task_set(service);
    if (request.launchType && *request.launchType != (primary ? primary->launch_type : service.launch_type)) continue;
    if (request.schedulingStrategy && *request.schedulingStrategy != service.scheduling_strategy) continue;
    if (request.resourceManagementType && *request.resourceManagementType != "CUSTOMER") continue;
    all.push_back({fmt::format("{} {}", position_number(service.created_at.millis), service.name), service.arn});
  }
  auto page = TRY(arn_page(std::move(all), request.nextToken, request.maxResults, kServicesPerPage));
  return shapes::ListServicesResponse{std::move(page.arns), std::move(page.next)};
}

}  // namespace weir::api::ecs
