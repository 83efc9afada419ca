#include "api/ecs/service_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/ecs/errors.h"
#include "api/ecs/registry_rules.h"
#include "api/ecs/strategy_rules.h"
#include "api/elbv2/associations.h"

namespace weir::api::ecs {

namespace {

constexpr std::size_t kMaxSubnets = 16;
constexpr std::size_t kMaxSecurityGroups = 5;
constexpr std::size_t kMaxBalancers = 5;
constexpr std::int32_t kMaxDesired = 5000;
constexpr std::int32_t kMaxWeight = 1000;
constexpr std::int32_t kMaxBase = 100000;

Result<> check_network(const std::optional<shapes::NetworkConfiguration>& network, const std::string& launch_type,
                       const shapes::TaskDefinition& definition) {
  const auto* given = network && network->awsvpcConfiguration ? &*network->awsvpcConfiguration : nullptr;
  if (definition.networkMode != "awsvpc") {
    if (!given) return {};
    return invalid_parameter("Network Configuration is not valid for the given networkMode of this task definition.");
  }
  if (!given) {
    return invalid_parameter("Network Configuration must be provided when networkMode 'awsvpc' is specified.");
  }
  if (given->subnets.empty()) return invalid_parameter("subnets can not be empty.");
  if (given->subnets.size() > kMaxSubnets) {
    return invalid_parameter(fmt::format("subnets can have at most {} items.", kMaxSubnets));
  }
  if (given->securityGroups && given->securityGroups->size() > kMaxSecurityGroups) {
    return invalid_parameter(fmt::format("securityGroups can have at most {} items.", kMaxSecurityGroups));
  }
  if (given->assignPublicIp == "ENABLED" && launch_type != "FARGATE") {
    return invalid_parameter("Assign public IP is not supported for this launch type.");
  }
  return {};
}

Result<> check_port(const shapes::LoadBalancer& balancer, const shapes::TaskDefinition& definition) {
  const std::string name = balancer.containerName.value_or("");
  const auto& containers = *definition.containerDefinitions;
  const auto container =
      std::find_if(containers.begin(), containers.end(), [&](const auto& one) { return one.name == name; });
  if (container == containers.end()) {
    return invalid_parameter(fmt::format("The container {} does not exist in the task definition.", name));
  }
  const std::int32_t port = balancer.containerPort.value_or(0);
  for (const auto& mapping : container->portMappings.value_or(std::vector<shapes::PortMapping>{})) {
    if (mapping.containerPort == port) return {};
  }
  return invalid_parameter(fmt::format("The container {} did not have a container port {} defined.", name, port));
}

Result<> check_balancer(Context& context, const shapes::LoadBalancer& balancer,
                        const shapes::TaskDefinition& definition) {
  if (balancer.containerName.value_or("").empty()) return invalid_parameter("Container name can not be blank.");
  if (!balancer.containerPort) return invalid_parameter("Container port can not be blank.");
  const std::string arn = balancer.targetGroupArn.value_or("");
  if (arn.empty()) return invalid_parameter("targetGroupArn can not be blank.");
  const auto group = TRY(elbv2::find_target_group(context, arn));
  if (!group) return invalid_parameter(fmt::format("The specified target group {} does not exist.", arn));
  TRY(check_port(balancer, definition));
  const std::string mode = definition.networkMode.value_or("bridge");
  const std::string type = group->document.group.TargetType.value_or("instance");
  if ((mode == "awsvpc") != (type == "ip")) {
    return invalid_parameter(
        fmt::format("The provided target group {} has target type {}, which is incompatible with the {} network mode "
                    "specified in the task definition.",
                    arn, type, mode));
  }
  if (TRY(elbv2::balancers_using(context, arn)).empty()) {
    return invalid_parameter(
        fmt::format("The target group with targetGroupArn {} does not have an associated load balancer.", arn));
  }
  return {};
}

}  // namespace

Result<store::Versioned<model::TaskDefinition>> active_definition(Context& context, std::string_view reference) {
  auto found = TRY(find_definition(context, reference));
  if (!found) return client_exception("TaskDefinition not found.");
  if (found->document.definition.status != "ACTIVE") return client_exception("TaskDefinition is inactive");
  return std::move(*found);
}

Result<> check_placement(const std::optional<shapes::NetworkConfiguration>& network, const std::string& launch_type,
                         const shapes::TaskDefinition& definition) {
  if (!includes(definition.compatibilities, launch_type)) {
    return invalid_parameter(fmt::format("Task definition does not support launch_type {}.", launch_type));
  }
  return check_network(network, launch_type, definition);
}

Result<> check_fits(Context& context, const model::Service& service, const shapes::TaskDefinition& definition) {
  TRY(check_placement(service.network_configuration, service.launch_type, definition));
  if (service.load_balancers.size() > kMaxBalancers) {
    return invalid_parameter(fmt::format("loadBalancers can have at most {} items.", kMaxBalancers));
  }
  for (const auto& balancer : service.load_balancers) TRY(check_balancer(context, balancer, definition));
  return check_registries(context, service.service_registries, definition);
}

Result<> take_deployment_configuration(model::Service& service, const shapes::DeploymentConfiguration& given) {
  const std::int32_t least = given.minimumHealthyPercent.value_or(service.minimum_healthy_percent);
  const std::int32_t most = given.maximumPercent.value_or(service.maximum_percent);
  if (least < 0 || least > 100) {
    return invalid_parameter("minimumHealthyPercent must be between 0 and 100.");
  }
  if (most < 100) return invalid_parameter("maximumPercent must be greater than or equal to 100.");
  if (least == 100 && most == 100) {
    return invalid_parameter(
        "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.");
  }
  if (given.alarms && given.alarms->enable && given.alarms->alarmNames.empty()) {
    return invalid_parameter("alarmNames must name at least one alarm where alarms are enabled.");
  }
  service.minimum_healthy_percent = least;
  service.maximum_percent = most;
  // What is not said stays as it was.
  auto& kept = service.deployment_configuration;
  if (!kept) kept.emplace();
  kept->minimumHealthyPercent = least;
  kept->maximumPercent = most;
  if (given.deploymentCircuitBreaker) kept->deploymentCircuitBreaker = given.deploymentCircuitBreaker;
  if (given.alarms) kept->alarms = given.alarms;
  return take_strategy(service, *kept, given);
}

Result<> check_desired_count(std::int32_t count) {
  if (count < 0) return invalid_parameter("desiredCount cannot be a negative value.");
  if (count > kMaxDesired) return invalid_parameter(fmt::format("desiredCount cannot be more than {}.", kMaxDesired));
  return {};
}

Result<> check_grace_period(std::int32_t seconds, bool balanced) {
  if (seconds < 0) return invalid_parameter("healthCheckGracePeriodSeconds cannot be a negative value.");
  if (seconds > 0 && !balanced) {
    return invalid_parameter("Health check grace period is only valid for services configured to use load balancers");
  }
  return {};
}

Result<> check_strategy(const std::vector<shapes::CapacityProviderStrategyItem>& strategy) {
  int based = 0;
  for (const auto& item : strategy) {
    const std::int32_t weight = item.weight.value_or(0);
    const std::int32_t base = item.base.value_or(0);
    if (weight < 0 || weight > kMaxWeight || base < 0 || base > kMaxBase) {
      return invalid_parameter("A capacity provider's weight is from 0 to 1000 and its base from 0 to 100000.");
    }
    if (base > 0) ++based;
  }
  if (based > 1) return invalid_parameter("Only one capacity provider in a strategy can have a base defined.");
  return {};
}

}  // namespace weir::api::ecs
