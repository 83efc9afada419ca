// The operations on the tags of log groups.
#include "api/arn.h"
#include "api/limits.h"
#include "api/logs/actions.h"
#include "api/logs/errors.h"
#include "api/logs/references.h"
#include "api/writing.h"

namespace weir::api::logs {

namespace {

using Tags = std::map<std::string, std::string>;

Result<store::Versioned<model::LogGroup>> group_of(Context& context, const std::string& reference) {
  const std::string name = TRY(group_name(context, reference));
  return find_group(context, name);
}

Result<> add_tags(Context& context, const std::string& reference, const Tags& tags) {
  return writing(kServerError, [&]() -> Result<> {
    auto group = TRY(group_of(context, reference));
    for (const auto& [key, value] : tags) group.document.tags[key] = value;
    if (group.document.tags.size() > kMaxTags) {
      return fail("TooManyTagsException", "A log group can have up to 50 tags.", ErrorSource::client);
    }
    return commit(context, {store::put(group)});
  });
}

Result<> remove_tags(Context& context, const std::string& reference, const std::vector<std::string>& keys) {
  return writing(kServerError, [&]() -> Result<> {
    auto group = TRY(group_of(context, reference));
    for (const auto& key : keys) group.document.tags.erase(key);
    return commit(context, {store::put(group)});
  });
}

Result<Tags> tags_of(Context& context, const std::string& reference) {
  return TRY(group_of(context, reference)).document.tags;
}

// The newer operations take ARNs alone.
Result<> check_arn(const std::string& text) {
  if (parse_arn(text)) return {};
  return invalid_parameter("The resourceArn '" + text + "' is not an ARN.");
}

}  // namespace

Result<shapes::TagResourceResponse> tag_resource(Context& context, const shapes::TagResourceRequest& request) {
  TRY(check_arn(request.resourceArn));
  TRY(add_tags(context, request.resourceArn, request.tags));
  return shapes::TagResourceResponse{};
}

Result<shapes::UntagResourceResponse> untag_resource(Context& context, const shapes::UntagResourceRequest& request) {
  TRY(check_arn(request.resourceArn));
  TRY(remove_tags(context, request.resourceArn, request.tagKeys));
  return shapes::UntagResourceResponse{};
}

Result<shapes::ListTagsForResourceResponse> list_tags_for_resource(Context& context,
                                                                   const shapes::ListTagsForResourceRequest& request) {
  TRY(check_arn(request.resourceArn));
  return shapes::ListTagsForResourceResponse{TRY(tags_of(context, request.resourceArn))};
}

Result<shapes::TagLogGroupResponse> tag_log_group(Context& context, const shapes::TagLogGroupRequest& request) {
  TRY(add_tags(context, request.logGroupName, request.tags));
  return shapes::TagLogGroupResponse{};
}

Result<shapes::UntagLogGroupResponse> untag_log_group(Context& context, const shapes::UntagLogGroupRequest& request) {
  TRY(remove_tags(context, request.logGroupName, request.tags));
  return shapes::UntagLogGroupResponse{};
}

Result<shapes::ListTagsLogGroupResponse> list_tags_log_group(Context& context,
                                                             const shapes::ListTagsLogGroupRequest& request) {
  return shapes::ListTagsLogGroupResponse{TRY(tags_of(context, request.logGroupName))};
}

}  // namespace weir::api::logs
