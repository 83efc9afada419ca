#include "control/traffic.h"

#include <fmt/format.h>

#include <algorithm>

namespace weir::control {

namespace {

using model::StagedRoute;
using Tuples = std::vector<model::elbv2::TargetGroupTuple>;

// The forward among the actions: the last, as others only check who asks.
template <class A>
auto* forward_of(A& actions) {
  const auto found = std::find_if(actions.rbegin(), actions.rend(), [](const auto& a) { return a.Type == "forward"; });
  return found == actions.rend() ? nullptr : &*found;
}

Tuples tuples_of(const Actions& actions) {
  const auto* forward = forward_of(actions);
  if (!forward) return {};
  if (forward->ForwardConfig && forward->ForwardConfig->TargetGroups) return *forward->ForwardConfig->TargetGroups;
  if (!forward->TargetGroupArn) return {};
  return {{.TargetGroupArn = forward->TargetGroupArn, .Weight = 1}};
}

bool leads_to(const Tuples& tuples, const std::string& group) {
  return std::any_of(tuples.begin(), tuples.end(), [&](const auto& each) { return each.TargetGroupArn == group; });
}

void set_weight(Tuples& tuples, const std::string& group, std::int32_t weight) {
  const auto found =
      std::find_if(tuples.begin(), tuples.end(), [&](const auto& each) { return each.TargetGroupArn == group; });
  if (found == tuples.end()) {
    tuples.push_back({.TargetGroupArn = group, .Weight = weight});
  } else {
    found->Weight = weight;
  }
}

constexpr const char* kNetwork = "Service deployment rolled back because of invalid networking configuration. ";

std::optional<std::string> fault_of(const StagedRoute& route, const RouteViews& views) {
  const auto production = views.find(route.production_rule);
  const auto test = views.find(route.test_rule);
  if (production == views.end() || (!route.test_rule.empty() && test == views.end())) {
    return "One or more rules not found";
  }
  const Tuples now = tuples_of(production->second.actions);
  const Tuples tested = test == views.end() ? Tuples{} : tuples_of(test->second.actions);
  for (const auto& group : {route.blue_group, route.green_group}) {
    if (leads_to(now, group) || leads_to(tested, group)) continue;
    return "Both targetGroup and alternateTargetGroup must be associated with the productionListenerRule or "
           "testListenerRule.";
  }
  std::vector<std::string> serving;
  for (const auto& each : now) {
    if (each.Weight.value_or(1) > 0) serving.push_back(each.TargetGroupArn.value_or(""));
  }
  if (serving.size() != 1) {
    return fmt::format(
        "productionListenerRule {} should have exactly one target group serving traffic but found {} target groups "
        "which are serving traffic",
        route.production_rule, serving.size());
  }
  if (serving[0] == route.blue_group || serving[0] == route.green_group) return std::nullopt;
  return fmt::format(
      "Production listener rule is forwarding traffic to unexpected target group {}. Expected traffic to be forwarded "
      "to either targetGroupArn: {} or alternateTargetGroupArn: {}",
      serving[0], route.blue_group, route.green_group);
}

}  // namespace

std::vector<std::string> groups_of_deployment(const model::Service& service, const std::string& strategy,
                                              const std::vector<std::string>& completed_groups) {
  std::vector<std::string> groups;
  const auto& balancers = service.load_balancers;
  for (std::size_t i = 0; i < balancers.size(); ++i) {
    const std::string primary = balancers[i].targetGroupArn.value_or("");
    const auto& advanced = balancers[i].advancedConfiguration;
    const std::string alternate = advanced ? advanced->alternateTargetGroupArn.value_or("") : "";
    const std::string used = completed_groups.size() == balancers.size() ? completed_groups[i] : "";
    const bool uses_alternate = !alternate.empty() && used == alternate;
    const bool uses_primary = !alternate.empty() && used == primary;
    const bool staged = strategy != "ROLLING";
    groups.push_back(staged ? (uses_primary ? alternate : primary) : (uses_alternate ? alternate : primary));
  }
  return groups;
}

std::vector<StagedRoute> routes_of(const model::Service& service, const std::vector<std::string>& groups) {
  std::vector<StagedRoute> routes;
  for (std::size_t i = 0; i < service.load_balancers.size() && i < groups.size(); ++i) {
    const auto& balancer = service.load_balancers[i];
    if (!balancer.advancedConfiguration) continue;
    const std::string primary = balancer.targetGroupArn.value_or("");
    const std::string alternate = balancer.advancedConfiguration->alternateTargetGroupArn.value_or("");
    routes.push_back({.production_rule = balancer.advancedConfiguration->productionListenerRule.value_or(""),
                      .test_rule = balancer.advancedConfiguration->testListenerRule.value_or(""),
                      .green_group = groups[i],
                      .blue_group = groups[i] == primary ? alternate : primary});
  }
  return routes;
}

std::optional<Actions> with_weights(const Actions& actions, const StagedRoute& route, const rollout::Weights& weights) {
  Tuples tuples = tuples_of(actions);
  if (tuples.empty()) return std::nullopt;
  set_weight(tuples, route.blue_group, weights.blue);
  set_weight(tuples, route.green_group, weights.green);
  Actions changed = actions;
  auto* forward = forward_of(changed);
  forward->TargetGroupArn.reset();  // it stands for one group only
  if (!forward->ForwardConfig) forward->ForwardConfig.emplace();
  forward->ForwardConfig->TargetGroups = std::move(tuples);
  return changed;
}

std::optional<std::string> network_fault(const std::vector<StagedRoute>& routes, const RouteViews& views) {
  for (const auto& route : routes) {
    if (auto fault = fault_of(route, views)) return kNetwork + *fault;
  }
  return std::nullopt;
}

}  // namespace weir::control
