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

Result<std::optional<store::Versioned<model::TrustStore>>> find_trust_store(Context& context, std::string_view arn) {
  const std::string name = part_of(context, arn, "truststore", 1);
  if (name.empty()) return std::nullopt;
  auto found = TRY(store::load<model::TrustStore>(context.store, scope_of(context).prefix() + name));
  if (found && found->document.arn != arn) found.reset();
  return found;
}

Result<std::optional<store::Versioned<model::Rule>>> find_rule(Context& context, std::string_view arn) {
  return store::load<model::Rule>(context.store, scope_of(context).prefix() + std::string(arn));
}

Result<std::vector<store::Versioned<model::Listener>>> all_listeners(Context& context) {
  return store::load_all<model::Listener>(context.store, scope_of(context).prefix());
}

Result<> erase_rules(Context& context, std::string_view arn, std::vector<store::Write>& writes) {
  const std::string prefix = model::rules_of_listener(scope_of(context), arn);
  for (const auto& rule : TRY(store::load_all<model::Rule>(context.store, prefix)))
    writes.push_back(store::erase(rule));
  return {};
}

Result<std::vector<Use>> all_uses(Context& context) {
  std::vector<Use> uses;
  const auto add = [&](const std::string& balancer, const std::optional<std::vector<shapes::Action>>& actions) {
    if (!actions) return;
    for (const auto& action : *actions) {
      if (action.ForwardConfig && action.ForwardConfig->TargetGroups) {
        for (const auto& to : *action.ForwardConfig->TargetGroups)
          uses.push_back({balancer, to.TargetGroupArn.value_or("")});
      } else if (action.TargetGroupArn) {
        uses.push_back({balancer, *action.TargetGroupArn});
      }
    }
  };
  for (const auto& one : TRY(all_listeners(context))) {
    add(one.document.listener.LoadBalancerArn.value_or(""), one.document.listener.DefaultActions);
  }
  for (const auto& one : TRY(store::load_all<model::Rule>(context.store, scope_of(context).prefix()))) {
    add(one.document.balancer, one.document.rule.Actions);
  }
  return uses;
}

std::vector<std::string> balancers_using(const std::vector<Use>& uses, std::string_view arn) {
  std::vector<std::string> balancers;
  for (const auto& use : uses) {
    if (use.group != arn) continue;
    if (std::find(balancers.begin(), balancers.end(), use.balancer) == balancers.end())
      balancers.push_back(use.balancer);
  }
  return balancers;
}

Result<std::vector<std::string>> balancers_using(Context& context, std::string_view arn) {
  const auto uses = TRY(all_uses(context));
  return balancers_using(uses, arn);
}

}  // namespace weir::api::elbv2
