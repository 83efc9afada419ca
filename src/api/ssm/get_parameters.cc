// The operations that read parameters' values.
#include <fmt/format.h>

#include "api/arn.h"
#include "api/paging.h"
#include "api/ssm/actions.h"
#include "api/ssm/errors.h"
#include "api/ssm/parameter_filters.h"
#include "api/ssm/parameters.h"

namespace weir::api::ssm {

namespace {

constexpr std::int32_t kByPathPerPage = 10;
constexpr std::int32_t kHistoryPerPage = 50;

Result<shapes::Parameter> get_one(Context& context, const SecretBox& box, const std::string& text, bool decrypt) {
  const auto reference = TRY(parse_reference(context, text));
  const auto parameter = TRY(find_parameter(context, reference.name));
  const auto* version = TRY(find_version(parameter.document, reference));
  auto found = TRY(shown(context, box, parameter.document, *version, decrypt));
  if (!reference.selector.empty()) found.Selector = reference.selector;
  return found;
}

bool is_missing(const Error& error) {
  return error.code == "ParameterNotFound" || error.code == "ParameterVersionNotFound";
}

}  // namespace

Result<shapes::GetParameterResult> get_parameter(Context& context, const SecretBox& box,
                                                 const shapes::GetParameterRequest& request) {
  return shapes::GetParameterResult{TRY(get_one(context, box, request.Name, request.WithDecryption.value_or(false)))};
}

Result<shapes::GetParametersResult> get_parameters(Context& context, const SecretBox& box,
                                                   const shapes::GetParametersRequest& request) {
  shapes::GetParametersResult result{.Parameters = std::vector<shapes::Parameter>{},
                                     .InvalidParameters = std::vector<std::string>{}};
  for (const auto& name : request.Names) {
    auto found = get_one(context, box, name, request.WithDecryption.value_or(false));
    if (found) {
      result.Parameters->push_back(std::move(*found));
    } else if (is_missing(found.error())) {
      result.InvalidParameters->push_back(name);
    } else {
      return std::unexpected(found.error());
    }
  }
  return result;
}

Result<shapes::GetParametersByPathResult> get_parameters_by_path(Context& context, const SecretBox& box,
                                                                 const shapes::GetParametersByPathRequest& request) {
  if (!request.Path.starts_with('/')) {
    return invalid("The parameter path must begin with a forward slash: " + request.Path);
  }
  const std::string path = request.Path.ends_with('/') ? request.Path : request.Path + "/";
  const auto filters = request.ParameterFilters.value_or(std::vector<shapes::ParameterStringFilter>{});
  TRY(check_filters(filters, FilterUse::by_path));
  std::vector<Positioned<shapes::Parameter>> all;
  for (const auto& one : TRY(store::peek_all<model::Parameter>(context.store, scope_of(context).prefix() + path))) {
    const bool deeper = one->name.find('/', path.size()) != std::string::npos;
    if ((deeper && !request.Recursive.value_or(false)) || !fits(*one, filters)) continue;
    all.push_back(
        {one->name, TRY(shown(context, box, *one, one->versions.back(), request.WithDecryption.value_or(false)))});
  }
  auto page = page_of(std::move(all), request.NextToken.value_or(""),
                      static_cast<std::size_t>(request.MaxResults.value_or(kByPathPerPage)));
  if (!page) return fail_client("InvalidNextToken", "The specified token isn't valid.");
  return shapes::GetParametersByPathResult{std::move(page->items), std::move(page->next)};
}

Result<shapes::GetParameterHistoryResult> get_parameter_history(Context& context, const SecretBox& box,
                                                                const shapes::GetParameterHistoryRequest& request) {
  const auto parameter = TRY(find_parameter(context, TRY(parse_reference(context, request.Name)).name)).document;
  std::vector<Positioned<shapes::ParameterHistory>> all;
  for (const auto& version : parameter.versions) {
    auto value = TRY(value_of(box, parameter, version, request.WithDecryption.value_or(false)));
    shapes::ParameterHistory shown{
        .Name = parameter.name,
        .Type = parameter.type,
        .LastModifiedDate = version.modified_at,
        .LastModifiedUser = fmt::format("arn:aws:iam::{}:root", context.account),
        .Value = std::move(value),
        .Version = version.version,
        .Labels = std::vector<std::string>{},
        .Tier = version.tier,
        .Policies = std::vector<shapes::ParameterInlinePolicy>{},
        .DataType = version.data_type,
    };
    if (!version.key_id.empty()) shown.KeyId = version.key_id;
    if (!version.description.empty()) shown.Description = version.description;
    if (!version.allowed_pattern.empty()) shown.AllowedPattern = version.allowed_pattern;
    all.push_back({position_number(version.version), std::move(shown)});
  }
  auto page = page_of(std::move(all), request.NextToken.value_or(""),
                      static_cast<std::size_t>(request.MaxResults.value_or(kHistoryPerPage)));
  if (!page) return fail_client("InvalidNextToken", "The specified token isn't valid.");
  return shapes::GetParameterHistoryResult{std::move(page->items), std::move(page->next)};
}

}  // namespace weir::api::ssm
