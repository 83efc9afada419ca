// The operations that list and delete parameters, and those on their tags.
#include <fmt/format.h>

#include "api/arn.h"
#include "api/limits.h"
#include "api/paging.h"
#include "api/ssm/actions.h"
#include "api/ssm/errors.h"
#include "api/ssm/parameter_filters.h"
#include "api/ssm/parameters.h"
#include "api/ssm/refusals.h"
#include "api/writing.h"

namespace weir::api::ssm {

namespace {

constexpr std::int32_t kPerPage = 10;

shapes::ParameterMetadata described(const Context& context, const model::Parameter& parameter) {
  const auto& newest = parameter.versions.back();
  shapes::ParameterMetadata shown{
      .Name = parameter.name,
      .ARN = parameter_arn(context, parameter.name),
      .Type = parameter.type,
      .LastModifiedDate = newest.modified_at,
      .LastModifiedUser = fmt::format("arn:aws:iam::{}:root", context.account),
      .Version = newest.version,
      .Tier = newest.tier,
      .Policies = std::vector<shapes::ParameterInlinePolicy>{},
      .DataType = newest.data_type,
  };
  if (!newest.key_id.empty()) shown.KeyId = newest.key_id;
  if (!newest.description.empty()) shown.Description = newest.description;
  if (!newest.allowed_pattern.empty()) shown.AllowedPattern = newest.allowed_pattern;
  return shown;
}

Result<> try_delete(Context& context, const std::string& text) {
  const auto parameter = TRY(find_parameter(context, TRY(parse_reference(context, text)).name));
  return commit(context, {store::erase(parameter)});
}

Result<store::Versioned<model::Parameter>> tagged(Context& context, const std::string& type, const std::string& id) {
  if (type != "Parameter") {
    return fail_client("InvalidResourceType",
                       fmt::format("The resource type '{}' is not supported by Weir; it has parameters only.", type));
  }
  auto found = find_parameter(context, TRY(parse_reference(context, id)).name);
  if (!found && found.error().code == "ParameterNotFound") {
    return fail_client("InvalidResourceId",
                       "The resource ID is not valid. Verify that you entered the correct ID and "
                       "try again.");
  }
  return found;
}

}  // namespace

Result<shapes::DescribeParametersResult> describe_parameters(Context& context,
                                                             const shapes::DescribeParametersRequest& request) {
  TRY(refuse(request, refused_of_describe_parameters(), kValidation));
  auto filters = request.ParameterFilters.value_or(std::vector<shapes::ParameterStringFilter>{});
  if (request.Filters && !request.Filters->empty()) {
    if (!filters.empty()) return invalid("Filters and ParameterFilters cannot be used at the same time.");
    for (const auto& old : *request.Filters) {
      const bool name = old.Key == "Name";
      filters.push_back({.Key = old.Key, .Option = name ? "Contains" : "Equals", .Values = old.Values});
    }
  }
  TRY(check_filters(filters, FilterUse::describe));
  std::vector<Positioned<shapes::ParameterMetadata>> all;
  for (const auto& one : TRY(store::peek_all<model::Parameter>(context.store, scope_of(context).prefix()))) {
    if (fits(*one, filters)) all.push_back({one->name, described(context, *one)});
  }
  auto page = page_of(std::move(all), request.NextToken.value_or(""),
                      static_cast<std::size_t>(request.MaxResults.value_or(kPerPage)));
  if (!page) return fail_client("InvalidNextToken", "The specified token isn't valid.");
  return shapes::DescribeParametersResult{std::move(page->items), std::move(page->next)};
}

Result<shapes::DeleteParameterResult> delete_parameter(Context& context,
                                                       const shapes::DeleteParameterRequest& request) {
  const auto deleted = writing(kServerError, [&] { return try_delete(context, request.Name); });
  if (!deleted) return std::unexpected(deleted.error());
  return shapes::DeleteParameterResult{};
}

Result<shapes::DeleteParametersResult> delete_parameters(Context& context,
                                                         const shapes::DeleteParametersRequest& request) {
  shapes::DeleteParametersResult result{.DeletedParameters = std::vector<std::string>{},
                                        .InvalidParameters = std::vector<std::string>{}};
  for (const auto& name : request.Names) {
    const auto deleted = writing(kServerError, [&] { return try_delete(context, name); });
    if (!deleted && deleted.error().source != ErrorSource::client) return std::unexpected(deleted.error());
    (deleted ? result.DeletedParameters : result.InvalidParameters)->push_back(name);
  }
  return result;
}

Result<shapes::AddTagsToResourceResult> add_tags(Context& context, const shapes::AddTagsToResourceRequest& request) {
  return writing(kServerError, [&]() -> Result<shapes::AddTagsToResourceResult> {
    auto parameter = TRY(tagged(context, request.ResourceType, request.ResourceId));
    for (const auto& tag : request.Tags) parameter.document.tags[tag.Key] = tag.Value;
    if (parameter.document.tags.size() > kMaxTags)
      return fail_client("TooManyTagsError", "A parameter can have up to 50 tags.");
    TRY(commit(context, {store::put(parameter)}));
    return shapes::AddTagsToResourceResult{};
  });
}

Result<shapes::RemoveTagsFromResourceResult> remove_tags(Context& context,
                                                         const shapes::RemoveTagsFromResourceRequest& request) {
  return writing(kServerError, [&]() -> Result<shapes::RemoveTagsFromResourceResult> {
    auto parameter = TRY(tagged(context, request.ResourceType, request.ResourceId));
    for (const auto& key : request.TagKeys) parameter.document.tags.erase(key);
    TRY(commit(context, {store::put(parameter)}));
    return shapes::RemoveTagsFromResourceResult{};
  });
}

Result<shapes::ListTagsForResourceResult> list_tags(Context& context,
                                                    const shapes::ListTagsForResourceRequest& request) {
  const auto parameter = TRY(tagged(context, request.ResourceType, request.ResourceId));
  shapes::ListTagsForResourceResult result{.TagList = std::vector<shapes::Tag>{}};
  for (const auto& [key, value] : parameter.document.tags) result.TagList->push_back({.Key = key, .Value = value});
  return result;
}

}  // namespace weir::api::ssm
