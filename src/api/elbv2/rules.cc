// The operations on the rules of listeners. A listener's default rule is no document of its own: it is made from the
// listener when it is asked for.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "api/arn.h"
#include "api/elbv2/actions.h"
#include "api/elbv2/associations.h"
#include "api/elbv2/listener_rules.h"
#include "api/elbv2/names.h"
#include "api/elbv2/refusals.h"
#include "api/elbv2/rule_conditions.h"
#include "api/limits.h"
#include "api/writing.h"

namespace weir::api::elbv2 {

namespace {

constexpr const char* kDefault = "default";

using Rules = std::vector<store::Versioned<model::Rule>>;

shapes::Rule default_rule(const model::Listener& listener) {
  return {
      .RuleArn = model::default_rule_arn(listener),
      .Priority = kDefault,
      .Conditions = std::vector<shapes::RuleCondition>{},
      .Actions = listener.listener.DefaultActions,
      .IsDefault = true,
  };
}

Result<Rules> rules_of(Context& context, std::string_view listener) {
  return store::load_all<model::Rule>(context.store, model::rules_of_listener(scope_of(context), listener));
}

std::unexpected<Error> priority_in_use(std::int32_t priority) {
  return client_error("PriorityInUse", fmt::format("Priority '{}' is currently in use", priority));
}

// The rule `arn`. Errors: RuleNotFound; OperationNotPermitted where it is the default one.
Result<store::Versioned<model::Rule>> changeable(Context& context, const std::string& arn, std::string_view verb) {
  if (auto found = TRY(find_rule(context, arn))) return std::move(*found);
  for (const auto& listener : TRY(all_listeners(context))) {
    if (model::default_rule_arn(listener.document) != arn) continue;
    return client_error("OperationNotPermitted", fmt::format("Default rule '{}' cannot be {}", arn, verb));
  }
  return rule_not_found();
}

Result<shapes::CreateRuleOutput> try_create(Context& context, const shapes::CreateRuleInput& input) {
  TRY(refuse(input, refused_of_create_rule(), kUnsupported));
  const auto listener = TRY(find_listener(context, input.ListenerArn));
  if (!listener) return listener_not_found();
  const std::string protocol = listener->document.listener.Protocol.value_or("HTTP");
  if (protocol != "HTTP" && protocol != "HTTPS") {
    return validation_error(fmt::format("A {} listener has its default rule only", protocol));
  }
  TRY(check_tags(input.Tags));
  const std::string balancer = listener->document.listener.LoadBalancerArn.value_or("");
  model::Rule made{.scope = scope_of(context),
                   .balancer = balancer,
                   .listener = input.ListenerArn,
                   .priority = input.Priority,
                   .tags = input.Tags.value_or(std::vector<shapes::Tag>{})};
  made.rule.Conditions = TRY(make_conditions(input.Conditions));
  made.rule.Actions = TRY(make_actions(context, balancer, protocol, input.Actions));
  const auto rules = TRY(rules_of(context, input.ListenerArn));
  for (const auto& other : rules) {
    if (other.document.priority == input.Priority) return priority_in_use(input.Priority);
  }
  if (rules.size() >= kMaxRules) {
    return client_error("TooManyRules", fmt::format("A listener can have at most {} rules", kMaxRules));
  }
  const std::string begin = model::rules_of_listener(made.scope, input.ListenerArn).substr(made.scope.prefix().size());
  made.rule.RuleArn = begin + context.random.hex(kIdDigits);
  made.rule.Priority = std::to_string(input.Priority);
  made.rule.IsDefault = false;
  // The listener is written too, so that of two rules made at once with one priority one comes to see the other.
  TRY(commit(context, {store::put(made, store::Expect::kAbsent), store::put(*listener)}));
  return shapes::CreateRuleOutput{std::vector<shapes::Rule>{made.rule}};
}

Result<shapes::ModifyRuleOutput> try_modify(Context& context, const shapes::ModifyRuleInput& input) {
  TRY(refuse(input, refused_of_modify_rule(), kUnsupported));
  auto found = TRY(changeable(context, input.RuleArn, "modified"));
  auto& rule = found.document.rule;
  if (input.Conditions) rule.Conditions = TRY(make_conditions(*input.Conditions));
  if (input.Actions) rule.Actions = TRY(make_actions(context, found.document.balancer, "HTTP", *input.Actions));
  TRY(commit(context, {store::put(found)}));
  return shapes::ModifyRuleOutput{std::vector<shapes::Rule>{rule}};
}

Result<shapes::DeleteRuleOutput> try_delete(Context& context, const shapes::DeleteRuleInput& input) {
  const auto found = TRY(changeable(context, input.RuleArn, "deleted"));
  TRY(commit(context, {store::erase(found)}));
  return shapes::DeleteRuleOutput{};
}

// The rules that `input` names, with their new priorities. Errors: ValidationError where it is not clear, RuleNotFound.
Result<Rules> prioritized(Context& context, const shapes::SetRulePrioritiesInput& input) {
  Rules rules;
  std::set<std::string> seen;
  for (const auto& pair : input.RulePriorities) {
    const std::string arn = pair.RuleArn.value_or("");
    if (arn.empty() || !pair.Priority) return validation_error("A rule ARN and a priority must be specified");
    if (!seen.insert(arn).second) return validation_error(fmt::format("Rule '{}' is specified more than once", arn));
    rules.push_back(TRY(changeable(context, arn, "modified")));
    rules.back().document.priority = *pair.Priority;
    rules.back().document.rule.Priority = std::to_string(*pair.Priority);
  }
  return rules;
}

Result<shapes::SetRulePrioritiesOutput> try_set(Context& context, const shapes::SetRulePrioritiesInput& input) {
  if (input.RulePriorities.empty()) return validation_error("A rule ARN and a priority must be specified");
  const auto moved = TRY(prioritized(context, input));
  std::map<std::string, std::map<std::string, std::int32_t>> wished;  // by listener and rule
  for (const auto& rule : moved) wished[rule.document.listener][*rule.document.rule.RuleArn] = rule.document.priority;
  std::vector<store::Write> writes;
  for (auto& [listener, priorities] : wished) {
    for (const auto& rule : TRY(rules_of(context, listener))) {
      priorities.emplace(*rule.document.rule.RuleArn, rule.document.priority);
    }
    std::set<std::int32_t> taken;
    for (const auto& [arn, priority] : priorities) {
      if (!taken.insert(priority).second) return priority_in_use(priority);
    }
    if (const auto found = TRY(find_listener(context, listener))) writes.push_back(store::put(*found));
  }
  shapes::SetRulePrioritiesOutput output;
  output.Rules.emplace();
  for (const auto& rule : moved) {
    writes.push_back(store::put(rule));
    output.Rules->push_back(rule.document.rule);
  }
  TRY(commit(context, writes));
  return output;
}

Positioned<shapes::Rule> positioned(shapes::Rule rule, std::int32_t priority) {
  std::string position = position_number(priority) + *rule.RuleArn;
  return {std::move(position), std::move(rule)};
}

}  // namespace

Result<shapes::CreateRuleOutput> create_rule(Context& context, const shapes::CreateRuleInput& input) {
  return writing(kServerError, [&] { return try_create(context, input); });
}

Result<shapes::ModifyRuleOutput> modify_rule(Context& context, const shapes::ModifyRuleInput& input) {
  return writing(kServerError, [&] { return try_modify(context, input); });
}

Result<shapes::DeleteRuleOutput> delete_rule(Context& context, const shapes::DeleteRuleInput& input) {
  return writing(kServerError, [&] { return try_delete(context, input); });
}

Result<shapes::SetRulePrioritiesOutput> set_rule_priorities(Context& context,
                                                            const shapes::SetRulePrioritiesInput& input) {
  return writing(kServerError, [&] { return try_set(context, input); });
}

Result<shapes::DescribeRulesOutput> describe_rules(Context& context, const shapes::DescribeRulesInput& input) {
  const std::vector<std::string> arns = input.RuleArns.value_or(std::vector<std::string>{});
  if (arns.empty() == !input.ListenerArn) {
    return validation_error("You must specify either listener rule ARNs or a listener ARN");
  }
  std::vector<Positioned<shapes::Rule>> all;
  if (input.ListenerArn) {
    const auto listener = TRY(find_listener(context, *input.ListenerArn));
    if (!listener) return listener_not_found();
    for (const auto& rule : TRY(rules_of(context, *input.ListenerArn))) {
      all.push_back(positioned(rule.document.rule, rule.document.priority));
    }
    all.push_back(positioned(default_rule(listener->document), kMaxPriority + 1));
  } else {
    const std::set<std::string> asked(arns.begin(), arns.end());
    for (const auto& arn : asked) {
      if (const auto rule = TRY(find_rule(context, arn))) {
        all.push_back(positioned(rule->document.rule, rule->document.priority));
      }
    }
    for (const auto& listener : TRY(all_listeners(context))) {
      if (!asked.contains(model::default_rule_arn(listener.document))) continue;
      all.push_back(positioned(default_rule(listener.document), kMaxPriority + 1));
    }
    if (all.size() < asked.size()) return rule_not_found();
  }
  auto page = TRY(marked_page(std::move(all), input.Marker, input.PageSize));
  return shapes::DescribeRulesOutput{std::move(page.items), std::move(page.next)};
}

}  // namespace weir::api::elbv2
