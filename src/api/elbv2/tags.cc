// The operations on tags.
#include <algorithm>

#include "api/arn.h"
#include "api/elbv2/actions.h"
#include "api/elbv2/associations.h"
#include "api/elbv2/errors.h"

namespace weir::api::elbv2 {

namespace {

constexpr std::size_t kMaxResources = 20;

Result<std::vector<shapes::Tag>> tags_of(Context& context, const std::string& resource) {
  const auto arn = parse_arn(resource);
  const std::string kind = arn ? arn->part(0) : "";
  if (kind == "loadbalancer") {
    const auto found = TRY(find_balancer(context, resource));
    if (!found) return balancer_not_found();
    return found->document.tags;
  }
  if (kind == "targetgroup") {
    const auto found = TRY(find_target_group(context, resource));
    if (!found) return target_group_not_found();
    return found->document.tags;
  }
  if (kind == "listener") {
    const auto found = TRY(find_listener(context, resource));
    if (!found) return listener_not_found();
    return found->document.tags;
  }
  if (kind == "listener-rule") {
    if (auto found = TRY(find_rule(context, resource))) return std::move(found->document.tags);
    shapes::DescribeRulesInput rule;
    rule.RuleArns = {resource};
    if (const auto found = describe_rules(context, rule); !found) return std::unexpected(found.error());
    return std::vector<shapes::Tag>{};  // a default rule has none
  }
  return validation_error("'" + resource + "' is not a valid ARN");
}

}  // namespace

Result<shapes::DescribeTagsOutput> describe_tags(Context& context, const shapes::DescribeTagsInput& input) {
  if (input.ResourceArns.size() > kMaxResources) {
    return validation_error("You can specify up to 20 resources in a single call");
  }
  shapes::DescribeTagsOutput output;
  output.TagDescriptions.emplace();
  for (const auto& arn : input.ResourceArns) {
    output.TagDescriptions->push_back({.ResourceArn = arn, .Tags = TRY(tags_of(context, arn))});
  }
  return output;
}

}  // namespace weir::api::elbv2
