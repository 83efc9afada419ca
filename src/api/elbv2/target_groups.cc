// The operations on target groups.
#include <fmt/format.h>

#include <algorithm>

#include "api/arn.h"
#include "api/elbv2/actions.h"
#include "api/elbv2/associations.h"
#include "api/elbv2/attributes.h"
#include "api/elbv2/names.h"
#include "api/elbv2/refusals.h"
#include "api/elbv2/target_group_rules.h"
#include "api/limits.h"
#include "api/writing.h"

namespace weir::api::elbv2 {

namespace {

Result<shapes::TargetGroup> shown(Context& context, shapes::TargetGroup group) {
  group.LoadBalancerArns = TRY(balancers_using(context, *group.TargetGroupArn));
  return group;
}

bool same_settings(shapes::TargetGroup there, const shapes::TargetGroup& asked) {
  there.TargetGroupArn.reset();
  return to_json_shape(there) == to_json_shape(asked);
}

Result<shapes::CreateTargetGroupOutput> try_create(Context& context, const shapes::CreateTargetGroupInput& input) {
  TRY(refuse(input, refused_of_create_target_group(), kUnsupported));
  auto group = TRY(make_group(input));
  model::TargetGroup made{.scope = scope_of(context), .group = std::move(group)};
  shapes::CreateTargetGroupOutput output;
  output.TargetGroups.emplace();
  if (const auto found = TRY(store::load<model::TargetGroup>(context.store, made.key()))) {
    if (!same_settings(found->document.group, made.group)) {
      return client_error(
          "DuplicateTargetGroupName",
          fmt::format("A target group with the same name '{}' exists, but with different settings", input.Name));
    }
    output.TargetGroups->push_back(TRY(shown(context, found->document.group)));
    return output;
  }
  if (TRY(context.store.list(model::TargetGroup::kKind, made.scope.prefix())).size() >= kMaxTargetGroups) {
    return client_error("TooManyTargetGroups",
                        fmt::format("An account can have at most {} target groups", kMaxTargetGroups));
  }
  const std::string path = fmt::format("targetgroup/{}/{}", input.Name, context.random.hex(kIdDigits));
  made.group.TargetGroupArn = make_arn(context, "elasticloadbalancing", path);
  made.tags = input.Tags.value_or(std::vector<shapes::Tag>{});
  made.attributes = defaults_of(target_group_attributes(*made.group.Protocol));
  TRY(commit(context, {store::put(made, store::Expect::kAbsent)}));
  output.TargetGroups->push_back(made.group);
  output.TargetGroups->back().LoadBalancerArns.emplace();
  return output;
}

Result<shapes::DeleteTargetGroupOutput> try_delete(Context& context, const shapes::DeleteTargetGroupInput& input) {
  const auto found = TRY(find_target_group(context, input.TargetGroupArn));
  if (!found) return shapes::DeleteTargetGroupOutput{};
  const auto users = TRY(balancers_using(context, input.TargetGroupArn));
  if (!users.empty()) {
    return client_error("ResourceInUse", fmt::format("Target group '{}' is currently in use by a listener or a rule",
                                                     input.TargetGroupArn));
  }
  std::vector<store::Write> writes{store::erase(*found)};
  const std::string targets = model::targets_of_group(scope_of(context), input.TargetGroupArn);
  for (const auto& target : TRY(store::load_all<model::Target>(context.store, targets))) {
    writes.push_back(store::erase(target));
  }
  TRY(commit(context, writes));
  return shapes::DeleteTargetGroupOutput{};
}

Result<shapes::ModifyTargetGroupOutput> try_modify(Context& context, const shapes::ModifyTargetGroupInput& input) {
  TRY(refuse(input, refused_of_modify_target_group(), kUnsupported));
  auto found = TRY(find_target_group(context, input.TargetGroupArn));
  if (!found) return target_group_not_found();
  take_health_check(found->document.group, input);
  complete_health_check(found->document.group);
  TRY(check_health_check(found->document.group));
  TRY(commit(context, {store::put(*found)}));
  shapes::ModifyTargetGroupOutput output;
  output.TargetGroups.emplace();
  output.TargetGroups->push_back(TRY(shown(context, found->document.group)));
  return output;
}

std::vector<shapes::TargetGroupAttribute> shown(const std::map<std::string, std::string>& attributes) {
  std::vector<shapes::TargetGroupAttribute> all;
  for (const auto& [key, value] : attributes) all.push_back({.Key = key, .Value = value});
  return all;
}

Result<shapes::ModifyTargetGroupAttributesOutput> try_modify_attributes(
    Context& context, const shapes::ModifyTargetGroupAttributesInput& input) {
  auto found = TRY(find_target_group(context, input.TargetGroupArn));
  if (!found) return target_group_not_found();
  const auto table = target_group_attributes(found->document.group.Protocol.value_or("HTTP"));
  for (const auto& given : input.Attributes) {
    const std::string key = given.Key.value_or("");
    const std::string value = given.Value.value_or("");
    TRY(check_attribute(table, "Target group", key, value));
    found->document.attributes[key] = value;
  }
  TRY(check_target_group_attributes(found->document.attributes));
  TRY(commit(context, {store::put(*found)}));
  return shapes::ModifyTargetGroupAttributesOutput{shown(found->document.attributes)};
}

// Leaves in `groups` those that `input` asks for. Errors: where one that it names is not there.
Result<> keep_named(std::vector<shapes::TargetGroup>& groups, const shapes::DescribeTargetGroupsInput& input) {
  const auto keep = [&](const std::vector<std::string>& wanted, auto member) -> Result<> {
    for (const auto& one : wanted) {
      const auto is_it = [&](const shapes::TargetGroup& group) { return group.*member == one; };
      if (std::none_of(groups.begin(), groups.end(), is_it)) return target_group_not_found();
    }
    std::erase_if(groups, [&](const shapes::TargetGroup& group) {
      return std::find(wanted.begin(), wanted.end(), *(group.*member)) == wanted.end();
    });
    return {};
  };
  const bool by_arn = input.TargetGroupArns && !input.TargetGroupArns->empty();
  const bool by_name = input.Names && !input.Names->empty();
  if (by_arn + by_name + input.LoadBalancerArn.has_value() > 1) {
    return validation_error("Only one of target group ARNs, names and a load balancer ARN can be specified");
  }
  if (by_arn) return keep(*input.TargetGroupArns, &shapes::TargetGroup::TargetGroupArn);
  if (by_name) return keep(*input.Names, &shapes::TargetGroup::TargetGroupName);
  return {};
}

}  // namespace

Result<shapes::CreateTargetGroupOutput> create_target_group(Context& context,
                                                            const shapes::CreateTargetGroupInput& input) {
  return writing(kServerError, [&] { return try_create(context, input); });
}

Result<shapes::DescribeTargetGroupsOutput> describe_target_groups(Context& context,
                                                                  const shapes::DescribeTargetGroupsInput& input) {
  std::vector<shapes::TargetGroup> groups;
  for (auto& one : TRY(store::load_all<model::TargetGroup>(context.store, scope_of(context).prefix()))) {
    groups.push_back(std::move(one.document.group));
  }
  TRY(keep_named(groups, input));
  if (input.LoadBalancerArn) {
    const auto balancer = TRY(find_balancer(context, *input.LoadBalancerArn));
    if (!balancer) return balancer_not_found();
  }
  const auto uses = TRY(all_uses(context));
  std::vector<Positioned<shapes::TargetGroup>> all;
  for (auto& group : groups) {
    group.LoadBalancerArns = balancers_using(uses, *group.TargetGroupArn);
    const auto& users = *group.LoadBalancerArns;
    if (input.LoadBalancerArn && std::find(users.begin(), users.end(), *input.LoadBalancerArn) == users.end()) continue;
    std::string name = *group.TargetGroupName;
    all.push_back({std::move(name), std::move(group)});
  }
  auto page = TRY(marked_page(std::move(all), input.Marker, input.PageSize));
  return shapes::DescribeTargetGroupsOutput{std::move(page.items), std::move(page.next)};
}

Result<shapes::DeleteTargetGroupOutput> delete_target_group(Context& context,
                                                            const shapes::DeleteTargetGroupInput& input) {
  return writing(kServerError, [&] { return try_delete(context, input); });
}

Result<shapes::ModifyTargetGroupOutput> modify_target_group(Context& context,
                                                            const shapes::ModifyTargetGroupInput& input) {
  return writing(kServerError, [&] { return try_modify(context, input); });
}

Result<shapes::ModifyTargetGroupAttributesOutput> modify_target_group_attributes(
    Context& context, const shapes::ModifyTargetGroupAttributesInput& input) {
  return writing(kServerError, [&] { return try_modify_attributes(context, input); });
}

Result<shapes::DescribeTargetGroupAttributesOutput> describe_target_group_attributes(
    Context& context, const shapes::DescribeTargetGroupAttributesInput& input) {
  const auto found = TRY(find_target_group(context, input.TargetGroupArn));
  if (!found) return target_group_not_found();
  return shapes::DescribeTargetGroupAttributesOutput{shown(found->document.attributes)};
}

}  // namespace weir::api::elbv2
