// PutParameter: a new parameter, or a new version of one.
#include <fmt/format.h>

#include <algorithm>

#include "api/arn.h"
#include "api/limits.h"
#include "api/ssm/actions.h"
#include "api/ssm/errors.h"
#include "api/ssm/parameters.h"
#include "api/ssm/refusals.h"
#include "api/writing.h"
#include "base/ascii.h"
#include "base/regex.h"

namespace weir::api::ssm {

namespace {

// As AWS has them.
constexpr std::size_t kStandardBytes = 4096;
constexpr std::size_t kAdvancedBytes = 8192;
constexpr std::ptrdiff_t kMaxLevels = 15;
constexpr std::size_t kLongestName = 1011;
constexpr std::size_t kVersionsKept = 100;

bool begins_with(const std::string& name, std::string_view word) {
  const std::string_view bare = std::string_view(name).substr(name.starts_with('/') ? 1 : 0, word.size());
  return same_letters(bare, word);
}

Result<> check_name(const std::string& name) {
  if (begins_with(name, "aws")) {
    return fail_client("AccessDeniedException", "No access to reserved parameter name: " + name + ".");
  }
  const bool allowed = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_' || c == '/';
  });
  if (!allowed || begins_with(name, "ssm") || name.find("//") != std::string::npos || name.ends_with('/')) {
    return invalid(
        "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it can consist of "
        "sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following "
        "3 symbols .-_");
  }
  if (name.find('/') != std::string::npos && !name.starts_with('/')) {
    return invalid("Parameter name must be a fully qualified name.");
  }
  if (std::ranges::count(name, '/') > kMaxLevels) {
    return fail_client("HierarchyLevelLimitExceededException",
                       fmt::format("A hierarchy can have a maximum of {} levels. Consider restructuring the parameter "
                                   "hierarchy and try again.",
                                   kMaxLevels));
  }
  if (name.size() > kLongestName) {
    return invalid(fmt::format("Parameter name: the maximum length is {} characters.", kLongestName));
  }
  return {};
}

Result<std::string> tier_of(const shapes::PutParameterRequest& request, const std::string& before) {
  const std::string wished = request.Tier.value_or(before.empty() ? "Standard" : before);
  const bool large = request.Value.size() > kStandardBytes;
  if (request.Value.size() > kAdvancedBytes) {
    return invalid(
        fmt::format("Advanced tier parameters support a maximum parameter value of {} characters.", kAdvancedBytes));
  }
  if (large && wished == "Standard") {
    return invalid(
        fmt::format("Standard tier parameters support a maximum parameter value of {} characters. To create "
                    "a larger parameter value, upgrade the parameter to use the advanced-parameter tier.",
                    kStandardBytes));
  }
  if (wished == "Intelligent-Tiering") return large || before == "Advanced" ? "Advanced" : "Standard";
  if (wished == "Standard" && before == "Advanced") {
    return invalid(
        "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the "
        "advanced-parameter tier to the standard-parameter tier.");
  }
  return wished;
}

Result<> check_value(const shapes::PutParameterRequest& request) {
  if (request.Value.empty()) return invalid("Parameter value can't be empty.");
  const std::string pattern = request.AllowedPattern.value_or("");
  if (pattern.empty()) return {};
  const auto compiled = Regex::compile(pattern);
  if (!compiled) {
    return fail_client("InvalidAllowedPatternException",
                       "The request doesn't meet the regular expression requirement: " + compiled.error().message);
  }
  if (compiled->found_in(request.Value)) return {};
  return fail_client("ParameterPatternMismatchException",
                     "Parameter value, cannot be validated against allowedPattern: " + pattern);
}

Result<> check_repeat(const shapes::PutParameterRequest& request, const model::Parameter& before) {
  if (!request.Overwrite.value_or(false)) {
    return fail_client("ParameterAlreadyExists",
                       "The parameter already exists. To overwrite this value, set the overwrite option in the request "
                       "to true.");
  }
  if (request.Type && *request.Type != before.type) {
    return fail_client("HierarchyTypeMismatchException",
                       fmt::format("Parameter Store doesn't support changing a parameter type: {} is a {}.",
                                   before.name, before.type));
  }
  return {};
}

Result<shapes::PutParameterResult> try_put(Context& context, const SecretBox& box,
                                           const shapes::PutParameterRequest& request) {
  TRY(refuse(request, refused_of_put_parameter(), kValidation));
  const auto reference = TRY(parse_reference(context, request.Name));
  if (!reference.selector.empty()) return invalid("Parameter name: a selector cannot be written to.");
  TRY(check_name(reference.name));
  TRY(check_value(request));
  const bool tagged = request.Tags && !request.Tags->empty();
  if (tagged && request.Overwrite.value_or(false)) {
    return invalid(
        "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove "
        "overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or "
        "RemoveTagsFromResource.");
  }
  model::Parameter parameter{.scope = scope_of(context), .name = reference.name};
  const auto before = TRY(store::load<model::Parameter>(context.store, parameter.key()));
  model::ParameterVersion version{.modified_at = context.now};
  if (before) {
    TRY(check_repeat(request, before->document));
    parameter = before->document;
    version.version = parameter.versions.back().version + 1;
    version.description = parameter.versions.back().description;
  } else {
    if (!request.Type) return invalid("A parameter type is required when you create a parameter.");
    parameter.type = *request.Type;
    if (tagged) {
      for (const auto& tag : *request.Tags) parameter.tags[tag.Key] = tag.Value;
    }
    if (parameter.tags.size() > kMaxTags) return fail_client("TooManyTagsError", "A parameter can have up to 50 tags.");
  }
  if (request.KeyId && parameter.type != "SecureString") {
    return invalid("KeyId is required for SecureString type parameter only.");
  }
  version.tier = TRY(tier_of(request, before ? before->document.versions.back().tier : ""));
  version.description = request.Description.value_or(version.description);
  version.allowed_pattern = request.AllowedPattern.value_or("");
  if (parameter.type == "SecureString") {
    version.key_id = request.KeyId.value_or("alias/aws/ssm");
    version.value = box.seal(request.Value, parameter.key());
  } else {
    version.value = request.Value;
  }
  shapes::PutParameterResult result{.Version = version.version, .Tier = version.tier};
  parameter.versions.push_back(std::move(version));
  if (parameter.versions.size() > kVersionsKept) parameter.versions.erase(parameter.versions.begin());
  TRY(commit(context, {store::put(parameter, before ? before->revision : store::Expect::kAbsent)}));
  return result;
}

}  // namespace

Result<shapes::PutParameterResult> put_parameter(Context& context, const SecretBox& box,
                                                 const shapes::PutParameterRequest& request) {
  return writing(kServerError, [&] { return try_put(context, box, request); });
}

}  // namespace weir::api::ssm
