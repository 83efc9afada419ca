// The operations on tags.
#include <algorithm>
#include <functional>
#include <set>

#include "api/arn.h"
#include "api/elbv2/actions.h"
#include "api/elbv2/associations.h"
#include "api/elbv2/errors.h"
#include "api/elbv2/names.h"
#include "api/writing.h"

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
  if (kind == "truststore") {
    const auto found = TRY(find_trust_store(context, resource));
    if (!found) return trust_store_not_found();
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

using Tags = std::vector<shapes::Tag>;
using Change = std::function<Result<>(Tags&)>;

template <class D>
Result<store::Write> retagged(std::optional<store::Versioned<D>> found, std::unexpected<Error> missing,
                              const Change& change) {
  if (!found) return missing;
  TRY(change(found->document.tags));
  return store::put(*found);
}

Result<store::Write> retag(Context& context, const std::string& resource, const Change& change) {
  const auto arn = parse_arn(resource);
  const std::string kind = arn ? arn->part(0) : "";
  if (kind == "loadbalancer") return retagged(TRY(find_balancer(context, resource)), balancer_not_found(), change);
  if (kind == "targetgroup") {
    return retagged(TRY(find_target_group(context, resource)), target_group_not_found(), change);
  }
  if (kind == "listener") return retagged(TRY(find_listener(context, resource)), listener_not_found(), change);
  if (kind == "truststore") {
    return retagged(TRY(find_trust_store(context, resource)), trust_store_not_found(), change);
  }
  if (kind != "listener-rule") return validation_error("'" + resource + "' is not a valid ARN");
  auto found = TRY(find_rule(context, resource));
  if (!found) {
    TRY(tags_of(context, resource));
    return client_error(kUnsupported, "A default rule has no tags of its own: tag its listener");
  }
  return retagged(std::move(found), rule_not_found(), change);
}

// All of the resources, or none.
Result<> retag_all(Context& context, const std::vector<std::string>& resources, const Change& change) {
  std::vector<store::Write> writes;
  for (const auto& arn : std::set<std::string>(resources.begin(), resources.end())) {
    writes.push_back(TRY(retag(context, arn, change)));
  }
  return commit(context, writes);
}

Result<> add(Tags& tags, const Tags& more) {
  for (const auto& tag : more) {
    const auto is_it = [&](const shapes::Tag& one) { return one.Key == tag.Key; };
    if (const auto there = std::find_if(tags.begin(), tags.end(), is_it); there != tags.end()) {
      *there = tag;
    } else {
      tags.push_back(tag);
    }
  }
  return check_tags(tags);
}

}  // namespace

Result<shapes::AddTagsOutput> add_tags(Context& context, const shapes::AddTagsInput& input) {
  return writing(kServerError, [&]() -> Result<shapes::AddTagsOutput> {
    TRY(check_tags(input.Tags));
    TRY(retag_all(context, input.ResourceArns, [&](Tags& tags) { return add(tags, input.Tags); }));
    return shapes::AddTagsOutput{};
  });
}

Result<shapes::RemoveTagsOutput> remove_tags(Context& context, const shapes::RemoveTagsInput& input) {
  return writing(kServerError, [&]() -> Result<shapes::RemoveTagsOutput> {
    const std::set<std::string> keys(input.TagKeys.begin(), input.TagKeys.end());
    TRY(retag_all(context, input.ResourceArns, [&](Tags& tags) -> Result<> {
      std::erase_if(tags, [&](const shapes::Tag& tag) { return keys.contains(tag.Key); });
      return {};
    }));
    return shapes::RemoveTagsOutput{};
  });
}

Result<shapes::DescribeTagsOutput> describe_tags(Context& context, const shapes::DescribeTagsInput& input) {
  if (input.ResourceArns.size() > kMaxResources) {
    return validation_error("You can specify up to 20 resources in a single call");
  }
  shapes::DescribeTagsOutput output;
  output.TagDescriptions.emplace();
  for (const auto& arn : input.ResourceArns) {
    auto tags = TRY(tags_of(context, arn));
    output.TagDescriptions->push_back({.ResourceArn = arn, .Tags = std::move(tags)});
  }
  return output;
}

}  // namespace weir::api::elbv2
