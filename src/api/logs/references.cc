#include "api/logs/references.h"

#include <algorithm>
#include <chrono>

#include "api/arn.h"
#include "api/logs/errors.h"

namespace weir::api::logs {

namespace {

constexpr std::string_view kResource = "log-group:";

}  // namespace

std::string group_arn(const Context& context, const std::string& name) {
  return make_arn(context, "logs", std::string(kResource) + name);
}

Result<std::string> group_name(const Context& context, const std::string& reference) {
  if (!reference.starts_with("arn:")) return reference;
  const auto arn = parse_arn(reference);
  if (!arn || arn->service != "logs" || !arn->resource.starts_with(kResource)) {
    return invalid_parameter("The ARN '" + reference + "' is not that of a log group.");
  }
  if (!arn->within(context)) return group_not_found();
  std::string name = arn->resource.substr(kResource.size());
  if (name.ends_with(":*")) name.resize(name.size() - 2);
  return name;
}

Result<std::string> group_name(const Context& context, const std::optional<std::string>& name,
                               const std::optional<std::string>& identifier) {
  if (name.has_value() == identifier.has_value()) {
    return invalid_parameter("Exactly one of logGroupName and logGroupIdentifier must be specified.");
  }
  return name ? Result<std::string>(*name) : group_name(context, *identifier);
}

Result<store::Versioned<model::LogGroup>> find_group(Context& context, const std::string& name) {
  const model::LogGroup named{.scope = scope_of(context), .name = name};
  auto found = TRY(store::load<model::LogGroup>(context.store, named.key()));
  if (!found) return group_not_found();
  return std::move(*found);
}

Result<store::Versioned<model::LogStream>> find_stream(Context& context, const std::string& group,
                                                       const std::string& name) {
  TRY(find_group(context, group));
  const model::LogStream named{.scope = scope_of(context), .group = group, .name = name};
  auto found = TRY(store::load<model::LogStream>(context.store, named.key()));
  if (!found) return stream_not_found();
  return std::move(*found);
}

Result<std::vector<store::Versioned<model::LogStream>>> streams_of(Context& context, const std::string& group,
                                                                   const std::string& name_prefix) {
  const std::string prefix = model::log_streams_prefix(scope_of(context), group);
  return store::load_all<model::LogStream>(context.store, prefix + name_prefix);
}

std::int64_t retained_from(const model::LogGroup& group, Timestamp now) {
  if (!group.retention_days) return 0;
  const auto kept = std::chrono::milliseconds(std::chrono::days(*group.retention_days)).count();
  return std::max<std::int64_t>(0, now.millis - kept);
}

}  // namespace weir::api::logs
