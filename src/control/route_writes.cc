#include "control/route_writes.h"

namespace weir::control {

namespace {

// The listener whose default rule `arn` is, or that has this ARN; null for none.
const store::Versioned<model::Listener>* listener_of(const model::Scope& scope, const Mirror& mirror,
                                                     const std::string& arn) {
  const std::string of_rule = model::listener_of_rule(arn);
  const auto found = mirror.listeners().find(scope.prefix() + (of_rule.empty() ? arn : of_rule));
  if (found == mirror.listeners().end()) return nullptr;
  const bool is_it = of_rule.empty() || model::default_rule_arn(found->second.document) == arn;
  return is_it ? &found->second : nullptr;
}

void view_route(const model::Scope& scope, const Mirror& mirror, const Publication& publication, const std::string& arn,
                RouteViews& views) {
  if (arn.empty() || views.contains(arn)) return;
  if (const auto rule = mirror.rules().find(scope.prefix() + arn); rule != mirror.rules().end()) {
    views[arn] = {rule->second.document.rule.Actions.value_or(Actions{}),
                  publication.acknowledged_rule(arn, rule->second.revision)};
  } else if (const auto* listener = listener_of(scope, mirror, arn)) {
    views[arn] = {
        listener->document.listener.DefaultActions.value_or(Actions{}),
        publication.acknowledged_rule(listener->document.listener.ListenerArn.value_or(""), listener->revision)};
  }
}

}  // namespace

RouteViews view_routes(const model::Service& service, const model::ServiceState& state, const Mirror& mirror,
                       const Publication& publication) {
  RouteViews views;
  const model::Scope& scope = service.scope;
  if (state.staged) {
    for (const auto& route : state.staged->routes) {
      view_route(scope, mirror, publication, route.production_rule, views);
      view_route(scope, mirror, publication, route.test_rule, views);
    }
  }
  const auto& given = service.deployment_configuration;
  if (!given || given->strategy.value_or("ROLLING") == "ROLLING") return views;
  const auto& deployments = state.deployments;
  const bool begins = deployments.empty() || deployments.front().id != service.deployment_id ||
                      deployments.front().rollout_state == "IN_PROGRESS";
  if (!begins) return views;
  for (const auto& balancer : service.load_balancers) {
    if (!balancer.advancedConfiguration) continue;
    view_route(scope, mirror, publication, balancer.advancedConfiguration->productionListenerRule.value_or(""), views);
    view_route(scope, mirror, publication, balancer.advancedConfiguration->testListenerRule.value_or(""), views);
  }
  return views;
}

void write_routes(const model::Scope& scope, const std::map<std::string, Actions>& routes, const Mirror& mirror,
                  std::vector<store::Write>& writes) {
  for (const auto& [arn, actions] : routes) {
    if (const auto found = mirror.rules().find(scope.prefix() + arn); found != mirror.rules().end()) {
      auto rule = found->second;
      rule.document.rule.Actions = actions;
      writes.push_back(store::put(rule));
    } else if (const auto* at = listener_of(scope, mirror, arn)) {
      auto listener = *at;
      listener.document.listener.DefaultActions = actions;
      writes.push_back(store::put(listener));
    }
  }
}

}  // namespace weir::control
