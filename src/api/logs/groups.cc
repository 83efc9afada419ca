// The operations on log groups.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/arn.h"
#include "api/logs/actions.h"
#include "api/logs/errors.h"
#include "api/logs/references.h"
#include "api/logs/refusals.h"
#include "api/paging.h"
#include "api/writing.h"
#include "observe/log_keep.h"

namespace weir::api::logs {

namespace {

constexpr std::int32_t kGroupsPerPage = 50;
constexpr std::int32_t kRetentions[] = {1,   3,   5,   7,   14,   30,   60,   90,   120,  150,  180,
                                        365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653};

Result<shapes::CreateLogGroupResponse> try_create(Context& context, const shapes::CreateLogGroupRequest& request) {
  TRY(refuse(request, refused_of_create_log_group(), kInvalidParameter));
  model::LogGroup group{.scope = scope_of(context), .name = request.logGroupName, .created_at = context.now};
  if (TRY(store::load<model::LogGroup>(context.store, group.key()))) {
    return already_exists("The specified log group already exists");
  }
  if (request.tags) group.tags = *request.tags;
  TRY(commit(context, {store::put(group, store::Expect::kAbsent)}));
  return shapes::CreateLogGroupResponse{};
}

Result<std::vector<std::string>> try_delete(Context& context, const std::string& name) {
  const auto group = TRY(find_group(context, name));
  std::vector<store::Write> writes{store::erase(group)};
  std::vector<std::string> ids;
  for (const auto& stream : TRY(streams_of(context, name))) {
    writes.push_back(store::erase(stream));
    ids.push_back(stream.document.id);
  }
  TRY(commit(context, writes));
  return ids;
}

Result<> set_retention(Context& context, const std::string& name, std::optional<std::int32_t> days) {
  auto group = TRY(find_group(context, name));
  if (group.document.retention_days == days) return {};
  group.document.retention_days = days;
  return commit(context, {store::put(group)});
}

Result<std::int64_t> stored_bytes(Context& context, LogKeep& keep, const std::string& group) {
  std::int64_t bytes = 0;
  for (const auto& stream : TRY(streams_of(context, group))) {
    bytes += TRY(keep.figures(stream.document.id)).bytes;
  }
  return bytes;
}

shapes::LogGroup shown(const Context& context, const model::LogGroup& group) {
  const std::string arn = group_arn(context, group.name);
  return {
      .logGroupName = group.name,
      .creationTime = group.created_at.millis,
      .retentionInDays = group.retention_days,
      .metricFilterCount = 0,
      .arn = arn + ":*",
      .logGroupClass = group.log_group_class,
      .logGroupArn = arn,
      .deletionProtectionEnabled = false,
  };
}

}  // namespace

Result<shapes::CreateLogGroupResponse> create_log_group(Context& context,
                                                        const shapes::CreateLogGroupRequest& request) {
  return writing(kServerError, [&] { return try_create(context, request); });
}

Result<shapes::DeleteLogGroupResponse> delete_log_group(Context& context, LogKeep& keep,
                                                        const shapes::DeleteLogGroupRequest& request) {
  const auto deleted = writing(kServerError, [&] { return try_delete(context, request.logGroupName); });
  if (!deleted) return std::unexpected(deleted.error());
  for (const auto& id : *deleted) keep.remove(id);
  return shapes::DeleteLogGroupResponse{};
}

Result<shapes::DescribeLogGroupsResponse> describe_log_groups(Context& context, LogKeep& keep,
                                                              const shapes::DescribeLogGroupsRequest& request) {
  TRY(refuse(request, refused_of_describe_log_groups(), kInvalidParameter));
  const std::string prefix = request.logGroupNamePrefix.value_or("");
  const std::string part = request.logGroupNamePattern.value_or("");
  if (!prefix.empty() && !part.empty()) {
    return invalid_parameter("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
  }
  std::set<std::string> named;
  for (const auto& reference : request.logGroupIdentifiers.value_or(std::vector<std::string>{})) {
    named.insert(TRY(group_name(context, reference)));
  }
  std::vector<Positioned<model::LogGroup>> all;
  for (auto& group : TRY(store::load_all<model::LogGroup>(context.store, scope_of(context).prefix() + prefix))) {
    const std::string& name = group.document.name;
    if (name.find(part) == std::string::npos || (!named.empty() && !named.contains(name))) continue;
    if (group.document.log_group_class != request.logGroupClass.value_or(group.document.log_group_class)) continue;
    all.push_back({name, group.document});
  }
  auto page = page_of(std::move(all), request.nextToken.value_or(""),
                      static_cast<std::size_t>(request.limit.value_or(kGroupsPerPage)));
  if (!page) return invalid_token();
  shapes::DescribeLogGroupsResponse response{.logGroups = std::vector<shapes::LogGroup>{}, .nextToken = page->next};
  for (const auto& group : page->items) {
    response.logGroups->push_back(shown(context, group));
    response.logGroups->back().storedBytes = TRY(stored_bytes(context, keep, group.name));
  }
  return response;
}

Result<shapes::PutRetentionPolicyResponse> put_retention_policy(Context& context,
                                                                const shapes::PutRetentionPolicyRequest& request) {
  if (!std::ranges::binary_search(kRetentions, request.retentionInDays)) {
    return invalid_parameter(
        fmt::format("1 validation error detected: Value '{}' at 'retentionInDays' failed to satisfy constraint: Member "
                    "must satisfy enum value set: [{}]",
                    request.retentionInDays, fmt::join(kRetentions, ", ")));
  }
  TRY(writing(kServerError, [&] { return set_retention(context, request.logGroupName, request.retentionInDays); }));
  return shapes::PutRetentionPolicyResponse{};
}

Result<shapes::DeleteRetentionPolicyResponse> delete_retention_policy(
    Context& context, const shapes::DeleteRetentionPolicyRequest& request) {
  TRY(writing(kServerError, [&] { return set_retention(context, request.logGroupName, std::nullopt); }));
  return shapes::DeleteRetentionPolicyResponse{};
}

}  // namespace weir::api::logs
