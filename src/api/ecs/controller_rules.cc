#include "api/ecs/controller_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/arn.h"
#include "api/ecs/errors.h"
#include "api/ecs/service_rules.h"

namespace weir::api::ecs {

namespace {

constexpr unsigned kTaskSetDigits = 19;
constexpr double kWholeShare = 100;

template <class T>
bool says(const std::optional<std::vector<T>>& list) {
  return list && !list->empty();
}

bool is_ecs(const std::string& controller) { return controller == "ECS"; }

std::unexpected<Error> must_be_blank(const char* member) {
  return invalid_parameter(fmt::format("{} must be blank.", member));
}

// What an EXTERNAL service leaves to its task sets.
Result<> check_external(const shapes::CreateServiceRequest& request) {
  if (request.taskDefinition && request.taskDefinition->empty()) {
    return invalid_parameter("Family should not be null or empty.");
  }
  if (request.taskDefinition) return must_be_blank("TaskDefinition");
  if (request.launchType) return must_be_blank("LaunchType");
  if (request.platformVersion.value_or("") != "") return must_be_blank("PlatformVersion");
  if (says(request.capacityProviderStrategy)) return must_be_blank("CapacityProviderStrategy");
  if (says(request.loadBalancers)) return must_be_blank("LoadBalancers");
  if (says(request.serviceRegistries)) return must_be_blank("ServiceRegistries");
  if (request.networkConfiguration) return must_be_blank("NetworkConfiguration");
  return {};
}

Result<> check_code_deploy(const shapes::CreateServiceRequest& request) {
  if (!says(request.loadBalancers)) return {};
  if (request.loadBalancers->size() > 1) {
    return invalid_parameter(
        "Multiple target groups are not supported for services with a CODE_DEPLOY deployment "
        "controller.");
  }
  if (!request.loadBalancers->front().advancedConfiguration) return {};
  return invalid_parameter("advancedConfiguration is only valid for services with an ECS deployment controller.");
}

// What of the configuration is about deployments of ECS's own.
Result<> check_configuration(const std::optional<shapes::DeploymentConfiguration>& given,
                             const std::string& controller) {
  if (!given) return {};
  const auto refused = [&](const char* member) {
    return invalid_parameter(
        fmt::format("{} is not supported for services with a {} deployment controller.", member, controller));
  };
  if (given->deploymentCircuitBreaker && given->deploymentCircuitBreaker->enable) {
    return refused("deploymentCircuitBreaker");
  }
  if (given->alarms && given->alarms->enable) return refused("alarms");
  if (given->strategy.value_or("ROLLING") != "ROLLING") return refused("strategy");
  return {};
}

std::unexpected<Error> unable(const char* what, const std::string& controller) {
  return invalid_parameter(
      fmt::format("{} on services with a {} deployment controller. Use {} to trigger a new "
                  "deployment.",
                  what, controller, controller == "EXTERNAL" ? "CreateTaskSet" : "AWS CodeDeploy"));
}

template <class T>
bool differs(const T& given, const T& now) {
  return to_json_shape(given) != to_json_shape(now);
}

template <class T>
bool same_lists(const std::vector<T>& a, const std::vector<T>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return !differs(x, y); });
}

}  // namespace

Result<> check_controller(const shapes::CreateServiceRequest& request) {
  const std::string controller = request.deploymentController ? request.deploymentController->type : "ECS";
  if (is_ecs(controller)) return {};
  if (request.schedulingStrategy == "DAEMON") {
    return invalid_parameter(fmt::format(
        "The DAEMON scheduling strategy is not supported for services with a {} deployment controller.", controller));
  }
  TRY(check_configuration(request.deploymentConfiguration, controller));
  return controller == "EXTERNAL" ? check_external(request) : check_code_deploy(request);
}

Result<> check_controller(Context& context, const model::Service& wish, const shapes::UpdateServiceRequest& request) {
  if (request.deploymentController && request.deploymentController->type != wish.controller) {
    return client_error(kUnsupported,
                        fmt::format("The parameter 'deploymentController.type' with value {} is not supported by Weir: "
                                    "the service keeps its {} deployment controller.",
                                    request.deploymentController->type, wish.controller));
  }
  if (is_ecs(wish.controller)) return {};
  const auto* primary = primary_task_set(wish);
  const model::Service now = primary ? service_with(wish, *primary) : wish;
  if (request.taskDefinition && !request.taskDefinition->empty()) {
    const auto definition = TRY(active_definition(context, *request.taskDefinition));
    if (definition.document.definition.taskDefinitionArn != now.task_definition) {
      return unable("Unable to update task definition", wish.controller);
    }
  }
  if (request.forceNewDeployment.value_or(false)) return unable("Cannot force a new deployment", wish.controller);
  if (request.networkConfiguration &&
      (!now.network_configuration || differs(*request.networkConfiguration, *now.network_configuration))) {
    return unable("Unable to update network parameters", wish.controller);
  }
  if (request.loadBalancers && !same_lists(*request.loadBalancers, now.load_balancers)) {
    return unable("Unable to update load balancers", wish.controller);
  }
  if (request.serviceRegistries && !same_lists(*request.serviceRegistries, now.service_registries)) {
    return unable("Unable to update service registries", wish.controller);
  }
  if (request.platformVersion.value_or("") != "" && request.platformVersion != now.platform_version) {
    return unable("Unable to update platform version", wish.controller);
  }
  if (says(request.capacityProviderStrategy)) return unable("Cannot force a new deployment", wish.controller);
  return check_configuration(request.deploymentConfiguration, wish.controller);
}

model::TaskSet new_task_set(Context& context, const model::Service& service) {
  model::TaskSet set{.id = "ecs-svc/" + random_digits(context.random, kTaskSetDigits)};
  set.arn = make_arn(context, "ecs", fmt::format("task-set/{}/{}/{}", service.cluster, service.name, set.id));
  set.created_at = set.updated_at = context.now;
  return set;
}

model::TaskSet first_task_set(Context& context, const model::Service& service) {
  model::TaskSet set = new_task_set(context, service);
  set.status = "PRIMARY";
  set.percent = kWholeShare;
  set.task_definition = service.task_definition;
  set.launch_type = service.launch_type;
  set.capacity_provider_strategy = service.capacity_provider_strategy;
  set.platform_version = service.platform_version;
  set.network_configuration = service.network_configuration;
  set.load_balancers = service.load_balancers;
  set.service_registries = service.service_registries;
  return set;
}

}  // namespace weir::api::ecs
