#include "api/elbv2/associations.h"

#include <algorithm>

#include "api/arn.h"

namespace weir::api::elbv2 {

namespace {

// The part of an ARN of ours at `i`, where the first is `kind`; empty else.
std::string part_of(const Context& context, std::string_view text, std::string_view kind, std::size_t i) {
  const auto arn = parse_arn(text);
  if (!arn || arn->service != "elasticloadbalancing" || arn->part(0) != kind || !arn->within(context)) return "";
  return arn->part(i);
}

}  // namespace

Result<std::optional<store::Versioned<model::LoadBalancer>>> find_balancer(Context& context, std::string_view arn) {
  const std::string name = part_of(context, arn, "loadbalancer", 2);
  if (name.empty()) return std::nullopt;
  auto found = TRY(store::load<model::LoadBalancer>(context.store, scope_of(context).prefix() + name));
  if (found && found->document.balancer.LoadBalancerArn != arn) found.reset();
  return found;
}

Result<std::optional<store::Versioned<model::TargetGroup>>> find_target_group(Context& context, std::string_view arn) {
  const std::string name = part_of(context, arn, "targetgroup", 1);
  if (name.empty()) return std::nullopt;
  auto found = TRY(store::load<model::TargetGroup>(context.store, scope_of(context).prefix() + name));
  if (found && found->document.group.TargetGroupArn != arn) found.reset();
  return found;
}

Result<std::optional<store::Versioned<model::Listener>>> find_listener(Context& context, std::string_view arn) {
  return store::load<model::Listener>(context.store, scope_of(context).prefix() + std::string(arn));
}

Result<std::vector<store::Versioned<model::Listener>>> all_listeners(Context& context) {
  return store::load_all<model::Listener>(context.store, scope_of(context).prefix());
}

std::vector<std::string> groups_of(const shapes::Action& action) {
  std::vector<std::string> arns;
  if (action.ForwardConfig && action.ForwardConfig->TargetGroups) {
    for (const auto& tuple : *action.ForwardConfig->TargetGroups) arns.push_back(tuple.TargetGroupArn.value_or(""));
  } else if (action.TargetGroupArn) {
    arns.push_back(*action.TargetGroupArn);
  }
  return arns;
}

std::vector<std::string> groups_of(const model::Listener& listener) {
  std::vector<std::string> all;
  for (const auto& action : listener.listener.DefaultActions.value_or(std::vector<shapes::Action>{})) {
    for (auto& arn : groups_of(action)) all.push_back(std::move(arn));
  }
  return all;
}

std::vector<std::string> balancers_using(const std::vector<store::Versioned<model::Listener>>& listeners,
                                         std::string_view arn) {
  std::vector<std::string> balancers;
  for (const auto& listener : listeners) {
    const auto groups = groups_of(listener.document);
    if (std::find(groups.begin(), groups.end(), arn) == groups.end()) continue;
    const std::string balancer = listener.document.listener.LoadBalancerArn.value_or("");
    if (std::find(balancers.begin(), balancers.end(), balancer) == balancers.end()) balancers.push_back(balancer);
  }
  return balancers;
}

Result<std::vector<std::string>> balancers_using(Context& context, std::string_view arn) {
  const auto listeners = TRY(all_listeners(context));
  return balancers_using(listeners, arn);
}

}  // namespace weir::api::elbv2
