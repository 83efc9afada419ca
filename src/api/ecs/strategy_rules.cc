#include "api/ecs/strategy_rules.h"

#include <fmt/format.h>

#include <cmath>
#include <set>

#include "api/arn.h"
#include "api/ecs/errors.h"
#include "api/elbv2/associations.h"

namespace weir::api::ecs {

namespace {

constexpr std::int32_t kMostMinutes = 1440;
constexpr std::size_t kMostHooks = 10;  // of each kind
constexpr double kLeastCanary = 0.1;
constexpr double kLeastStep = 3.0;

Result<> check_minutes(const std::optional<std::int32_t>& minutes, const char* name) {
  if (!minutes || (*minutes >= 0 && *minutes <= kMostMinutes)) return {};
  return invalid_parameter(fmt::format("{} must be between 0 and {}.", name, kMostMinutes));
}

Result<> check_percent(const std::optional<double>& percent, const char* name, double least) {
  if (!percent) return {};
  const double tenths = *percent * 10;
  if (*percent >= least && *percent <= 100 && std::abs(tenths - std::round(tenths)) < 1e-6) return {};
  return invalid_parameter(fmt::format("{} must be a multiple of 0.1 between {:.1f} and 100.0.", name, least));
}

Result<> only_with(bool given, const char* member, const std::string& strategy, const char* wanted) {
  if (!given || strategy == wanted) return {};
  return invalid_parameter(fmt::format("{} is only valid when the deployment strategy is {}.", member, wanted));
}

Result<> check_rolling(const shapes::DeploymentConfiguration& given) {
  const auto refused = [](const char* member) {
    return client_error(kUnsupported, fmt::format("The parameter 'deploymentConfiguration.{}' of the strategy ROLLING "
                                                  "is not supported by Weir.",
                                                  member));
  };
  if (given.bakeTimeInMinutes.value_or(0) > 0) return refused("bakeTimeInMinutes");
  if (given.lifecycleHooks && !given.lifecycleHooks->empty()) return refused("lifecycleHooks");
  return {};
}

Result<> check_hook(const shapes::DeploymentLifecycleHook& hook) {
  const bool pauses = hook.targetType == "PAUSE";
  const std::string target = hook.hookTargetArn.value_or("");
  const auto& stages = hook.lifecycleStages;
  if (!stages || stages->empty()) return invalid_parameter("lifecycleStages can not be empty for a lifecycle hook.");
  if (pauses && !target.empty()) return invalid_parameter("hookTargetArn is not allowed for PAUSE lifecycle hooks.");
  if (!pauses && target.empty()) return invalid_parameter("hookTargetArn can not be blank for a lifecycle hook.");
  if (const auto arn = parse_arn(target); !pauses && (!arn || arn->service != "lambda")) {
    return invalid_parameter("hookTargetArn must be the ARN of a Lambda function. Got: " + target);
  }
  for (const auto& stage : *stages) {
    if (pauses && (stage == "TEST_TRAFFIC_SHIFT" || stage == "PRODUCTION_TRAFFIC_SHIFT")) {
      return invalid_parameter("Invalid lifecycle stage provided for Pause Hook");
    }
  }
  if (hook.hookDetails && !hook.hookDetails->is_object())
    return invalid_parameter("hookDetails must be a JSON object.");
  const auto& timeout = hook.timeoutConfiguration;
  if (!pauses && timeout && timeout->timeoutInMinutes.value_or(1) > kMostMinutes) {
    return invalid_parameter(fmt::format("timeoutInMinutes of a Lambda hook must be between 1 and {}.", kMostMinutes));
  }
  return {};
}

Result<> check_hooks(const std::optional<std::vector<shapes::DeploymentLifecycleHook>>& hooks) {
  if (!hooks) return {};
  std::size_t pausing = 0;
  for (const auto& hook : *hooks) {
    TRY(check_hook(hook));
    pausing += hook.targetType == "PAUSE" ? 1 : 0;
  }
  if (pausing <= kMostHooks && hooks->size() - pausing <= kMostHooks) return {};
  return invalid_parameter(
      fmt::format("A service can have at most {} pause hooks and {} Lambda hooks.", kMostHooks, kMostHooks));
}

// The actions of the rule or listener that a service names. Errors: InvalidParameterException.
Result<std::vector<model::elbv2::Action>> actions_of(Context& context, const std::string& arn, const char* member) {
  using Actions = std::vector<model::elbv2::Action>;
  const auto parsed = parse_arn(arn);
  const std::string kind = parsed ? parsed->part(0) + "/" + parsed->part(1) : "";
  if (kind != "listener-rule/app" && kind != "listener/net") {
    return invalid_parameter(fmt::format(
        "{} has an invalid ARN format. Must be RuleArn for ALB or ListenerArn for NLB. Got: {}", member, arn));
  }
  if (kind == "listener-rule/app") {
    if (const auto rule = TRY(elbv2::find_rule(context, arn))) return rule->document.rule.Actions.value_or(Actions{});
  }
  const std::string of_rule = model::listener_of_rule(arn);
  const auto listener = TRY(elbv2::find_listener(context, of_rule.empty() ? arn : of_rule));
  const bool is_it = listener && (of_rule.empty() || model::default_rule_arn(listener->document) == arn);
  if (!is_it) return invalid_parameter("One or more rules not found");
  return listener->document.listener.DefaultActions.value_or(Actions{});
}

bool forwards_to(const std::vector<model::elbv2::Action>& actions, const std::string& group) {
  for (const auto& action : actions) {
    if (action.TargetGroupArn == group) return true;
    if (!action.ForwardConfig || !action.ForwardConfig->TargetGroups) continue;
    for (const auto& to : *action.ForwardConfig->TargetGroups) {
      if (to.TargetGroupArn == group) return true;
    }
  }
  return false;
}

Result<> check_pair(Context& context, const shapes::LoadBalancer& balancer) {
  const auto& advanced = *balancer.advancedConfiguration;
  const std::string alternate = advanced.alternateTargetGroupArn.value_or("");
  const std::string production = advanced.productionListenerRule.value_or("");
  const std::string test = advanced.testListenerRule.value_or("");
  if (alternate.empty()) return invalid_parameter("alternateTargetGroupArn can not be blank.");
  if (production.empty()) return invalid_parameter("productionListenerRule can not be blank.");
  const auto group = TRY(elbv2::find_target_group(context, alternate));
  if (!group) return invalid_parameter(fmt::format("The specified target group {} does not exist.", alternate));
  const auto actions = TRY(actions_of(context, production, "productionListenerRule"));
  if (!test.empty()) {
    TRY(actions_of(context, test, "testListenerRule"));
    if (test != production) return {};
    return invalid_parameter(
        fmt::format("The following rules cannot be used as both production and test listener rules: {}", test));
  }
  if (forwards_to(actions, alternate) && forwards_to(actions, balancer.targetGroupArn.value_or(""))) return {};
  return invalid_parameter(
      "For Application LoadBalancer, testListenerRule is required when productionListenerRule is not associated with "
      "both targetGroup and alternateTargetGroup");
}

}  // namespace

std::string strategy_of(const model::Service& service) {
  return service.deployment_configuration ? service.deployment_configuration->strategy.value_or("ROLLING") : "ROLLING";
}

Result<> take_strategy(const model::Service& service, shapes::DeploymentConfiguration& kept,
                       const shapes::DeploymentConfiguration& given) {
  const std::string strategy = given.strategy.value_or(kept.strategy.value_or("ROLLING"));
  TRY(check_minutes(given.bakeTimeInMinutes, "bakeTimeInMinutes"));
  TRY(only_with(given.linearConfiguration.has_value(), "linearConfiguration", strategy, "LINEAR"));
  TRY(only_with(given.canaryConfiguration.has_value(), "canaryConfiguration", strategy, "CANARY"));
  if (const auto& linear = given.linearConfiguration) {
    TRY(check_percent(linear->stepPercent, "stepPercent", kLeastStep));
    TRY(check_minutes(linear->stepBakeTimeInMinutes, "stepBakeTimeInMinutes"));
  }
  if (const auto& canary = given.canaryConfiguration) {
    TRY(check_percent(canary->canaryPercent, "canaryPercent", kLeastCanary));
    TRY(check_minutes(canary->canaryBakeTimeInMinutes, "canaryBakeTimeInMinutes"));
  }
  TRY(check_hooks(given.lifecycleHooks));
  if (strategy == "ROLLING") TRY(check_rolling(given));
  if (strategy != "ROLLING" && service.scheduling_strategy == "DAEMON") {
    return invalid_parameter(fmt::format(
        "The {} deployment strategy is not supported for services using the DAEMON scheduling strategy.", strategy));
  }
  kept.strategy = strategy;
  if (given.bakeTimeInMinutes) kept.bakeTimeInMinutes = given.bakeTimeInMinutes;
  if (given.linearConfiguration) kept.linearConfiguration = given.linearConfiguration;
  if (given.canaryConfiguration) kept.canaryConfiguration = given.canaryConfiguration;
  if (given.lifecycleHooks) kept.lifecycleHooks = given.lifecycleHooks;
  if (strategy != "LINEAR") kept.linearConfiguration.reset();
  if (strategy != "CANARY") kept.canaryConfiguration.reset();
  if (strategy == "ROLLING") {
    kept.bakeTimeInMinutes.reset();
    kept.lifecycleHooks.reset();
  }
  return {};
}

Result<> check_shifting(Context& context, const model::Service& service) {
  const auto& balancers = service.load_balancers;
  std::size_t advanced = 0;
  for (const auto& balancer : balancers) advanced += balancer.advancedConfiguration ? 1 : 0;
  if (advanced != 0 && advanced != balancers.size()) {
    return invalid_parameter(
        "Either all or none of the provided loadBalancers must have advancedConfiguration defined");
  }
  if (advanced != balancers.size() && strategy_of(service) != "ROLLING") {
    return invalid_parameter(
        "advancedConfiguration field is required for all loadBalancers when using a non-ROLLING deployment strategy");
  }
  std::set<std::string> seen;
  for (const auto& balancer : balancers) {
    for (const auto& arn : {balancer.targetGroupArn, balancer.advancedConfiguration
                                                         ? balancer.advancedConfiguration->alternateTargetGroupArn
                                                         : std::optional<std::string>()}) {
      if (arn && !seen.insert(*arn).second && advanced != 0) {
        return invalid_parameter("Duplicate targetGroupArn found: " + *arn);
      }
    }
  }
  for (const auto& balancer : balancers) {
    if (balancer.advancedConfiguration) TRY(check_pair(context, balancer));
  }
  return {};
}

}  // namespace weir::api::ecs
