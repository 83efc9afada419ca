#include "api/ssm/parameters.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/arn.h"
#include "api/ssm/errors.h"

namespace weir::api::ssm {

std::string parameter_arn(const Context& context, const std::string& name) {
  return make_arn(context, "ssm", (name.starts_with('/') ? "parameter" : "parameter/") + name);
}

Result<Reference> parse_reference(Context& context, const std::string& text) {
  std::string name = text;
  if (text.starts_with("arn:")) {
    const auto arn = parse_arn(text);
    constexpr std::string_view kResource = "parameter/";
    if (!arn || arn->service != "ssm" || !arn->resource.starts_with(kResource)) {
      return invalid("The ARN of the parameter is not valid: " + text);
    }
    if (!arn->within(context)) return parameter_not_found(text);
    name = arn->resource.substr(kResource.size());
    // Names of several levels begin with a slash; of one level "name" and "/name" have the same ARN.
    const std::string plain = name.substr(0, name.find(':'));
    const model::Parameter named{.scope = scope_of(context), .name = plain};
    const bool has_levels = plain.find('/') != std::string::npos;
    if (has_levels || !TRY(context.store.get({model::Parameter::kKind, named.key()}))) name.insert(name.begin(), '/');
  }
  const std::size_t colon = name.find(':');
  if (colon == std::string::npos) return Reference{name, ""};
  if (colon == 0 || colon + 1 == name.size() || name.find(':', colon + 1) != std::string::npos) {
    return invalid("Parameter name: can't be prefixed with \"ssm\" (case-insensitive) and names at most one selector.");
  }
  return Reference{name.substr(0, colon), name.substr(colon)};
}

Result<store::Versioned<model::Parameter>> find_parameter(Context& context, const std::string& name) {
  const model::Parameter named{.scope = scope_of(context), .name = name};
  auto found = TRY(store::load<model::Parameter>(context.store, named.key()));
  if (!found) return parameter_not_found(name);
  return std::move(*found);
}

Result<const model::ParameterVersion*> find_version(const model::Parameter& parameter, const Reference& reference) {
  if (reference.selector.empty()) return &parameter.versions.back();
  const std::string wished = reference.selector.substr(1);
  for (const auto& version : parameter.versions) {
    if (std::to_string(version.version) == wished) return &version;
  }
  const bool number = std::ranges::all_of(wished, [](char c) { return c >= '0' && c <= '9'; });
  return fail_client("ParameterVersionNotFound",
                     fmt::format("Systems Manager could not find {} {} of {}. Verify the {} and try again.",
                                 number ? "version" : "label", wished, reference.name, number ? "version" : "label"));
}

Result<std::string> value_of(const SecretBox& box, const model::Parameter& parameter,
                             const model::ParameterVersion& version, bool decrypt) {
  if (parameter.type != "SecureString" || !decrypt) return version.value;
  auto opened = box.open(version.value, parameter.key());
  if (!opened) return fail(kServerError, opened.error().message);
  return opened;
}

Result<model::ssm::Parameter> shown(const Context& context, const SecretBox& box, const model::Parameter& parameter,
                                    const model::ParameterVersion& version, bool decrypt) {
  auto value = TRY(value_of(box, parameter, version, decrypt));
  return model::ssm::Parameter{
      .Name = parameter.name,
      .Type = parameter.type,
      .Value = std::move(value),
      .Version = version.version,
      .LastModifiedDate = version.modified_at,
      .ARN = parameter_arn(context, parameter.name),
      .DataType = version.data_type,
  };
}

}  // namespace weir::api::ssm
