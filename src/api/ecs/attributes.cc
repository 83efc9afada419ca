// Attributes of container instances: words that people keep with a machine, and look machines up by.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "api/ecs/actions.h"
#include "api/ecs/container_instances.h"
#include "api/ecs/errors.h"
#include "api/ecs/references.h"
#include "api/writing.h"

namespace weir::api::ecs {

namespace {

using Attributes = std::vector<shapes::Attribute>;

constexpr std::size_t kMostGiven = 10;  // in one request, as AWS has it
constexpr std::size_t kMostOwn = 10;    // of one container instance, as AWS has it
constexpr std::size_t kMaxText = 128;   // bytes of a name or a value, as AWS has it
constexpr std::size_t kAttributesAPage = 100;
constexpr std::string_view kReserved = "ecs.";
constexpr std::string_view kNameMarks = "-_./\\";

Result<> check_target(const Context& context, const std::string& cluster, const shapes::Attribute& attribute) {
  const std::string target = attribute.targetId.value_or("");
  if (target.empty()) return invalid_parameter("targetId is required: the container instance's id or ARN.");
  if (is_container_instance(context, cluster, target)) return {};
  return client_error("TargetNotFoundException",
                      fmt::format("The target {} was not found in the cluster. ListContainerInstances tells those that "
                                  "there are.",
                                  target));
}

Result<> check_words(const shapes::Attribute& attribute) {
  const auto allowed = [](unsigned char c) {
    return std::isalnum(c) != 0 || kNameMarks.contains(static_cast<char>(c));
  };
  const std::string& name = attribute.name;
  if (name.empty() || name.size() > kMaxText || !std::ranges::all_of(name, allowed)) {
    return invalid_parameter(
        fmt::format("An attribute's name must be 1 to {} letters, numbers and any of {}.", kMaxText, kNameMarks));
  }
  if (name.starts_with(kReserved)) {
    return invalid_parameter(fmt::format("Names of attributes that begin with {} are ECS's own.", kReserved));
  }
  const std::string value = attribute.value.value_or("");
  if (value.size() > kMaxText || value.starts_with(' ') || value.ends_with(' ')) {
    return invalid_parameter(
        fmt::format("An attribute's value must be at most {} characters, without spaces at its ends.", kMaxText));
  }
  return {};
}

// Changes what the cluster's machine has by each of `given` in turn: all or nothing.
template <class Change>
Result<Attributes> change_attributes(Context& context, const std::optional<std::string>& cluster_reference,
                                     const Attributes& given, const Change& change) {
  if (given.empty() || given.size() > kMostGiven) {
    return invalid_parameter(fmt::format("attributes must have 1 to {} elements.", kMostGiven));
  }
  auto cluster = TRY(find_cluster(context, cluster_reference));
  Attributes kept = cluster.document.instance_attributes;
  for (const auto& attribute : given) {
    TRY(check_target(context, cluster.document.name, attribute));
    TRY(check_words(attribute));
    change(kept, attribute);
  }
  if (kept.size() > kMostOwn) {
    return client_error("AttributeLimitExceededException",
                        fmt::format("A container instance has at most {} attributes of its own.", kMostOwn));
  }
  std::ranges::sort(kept, {}, &shapes::Attribute::name);
  cluster.document.instance_attributes = std::move(kept);
  TRY(commit(context, {store::put(cluster)}));
  return given;
}

bool is_wanted(const shapes::Attribute& attribute, const shapes::ListAttributesRequest& request) {
  if (request.attributeName && *request.attributeName != attribute.name) return false;
  return !request.attributeValue || *request.attributeValue == attribute.value.value_or("");
}

}  // namespace

Result<shapes::PutAttributesResponse> put_attributes(Context& context, const shapes::PutAttributesRequest& request) {
  auto put = TRY(change_attributes(context, request.cluster, request.attributes, [](Attributes& kept, const auto& one) {
    std::erase_if(kept, [&](const auto& each) { return each.name == one.name; });
    kept.push_back({.name = one.name, .value = one.value});
  }));
  return shapes::PutAttributesResponse{std::move(put)};
}

// One that is not there, or has another value than the one said, is no error: it is gone, as it is meant to be.
Result<shapes::DeleteAttributesResponse> delete_attributes(Context& context,
                                                           const shapes::DeleteAttributesRequest& request) {
  auto gone =
      TRY(change_attributes(context, request.cluster, request.attributes, [](Attributes& kept, const auto& one) {
        std::erase_if(
            kept, [&](const auto& each) { return each.name == one.name && (!one.value || one.value == each.value); });
      }));
  return shapes::DeleteAttributesResponse{std::move(gone)};
}

Result<shapes::ListAttributesResponse> list_attributes(Context& context, const shapes::ListAttributesRequest& request) {
  if (request.attributeValue && !request.attributeName) {
    return invalid_parameter("attributeValue says what attributeName is to have: it needs one.");
  }
  const auto cluster = TRY(find_cluster(context, request.cluster)).document;
  std::vector<Positioned<shapes::Attribute>> wanted;
  for (auto& attribute : attributes_of(cluster)) {
    if (!is_wanted(attribute, request)) continue;
    attribute.targetId = container_instance_arn(context, cluster.name);
    wanted.push_back({attribute.name, attribute});
  }
  const auto size = static_cast<std::size_t>(request.maxResults.value_or(kAttributesAPage));
  if (size < 1 || size > kAttributesAPage) {
    return invalid_parameter(fmt::format("maxResults must be 1 to {}.", kAttributesAPage));
  }
  auto page = page_of(std::move(wanted), request.nextToken.value_or(""), size);
  if (!page) return invalid_token();
  return shapes::ListAttributesResponse{std::move(page->items), std::move(page->next)};
}

}  // namespace weir::api::ecs
