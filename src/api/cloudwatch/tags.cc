// The operations on tags: of alarms.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api/arn.h"
#include "api/cloudwatch/actions.h"
#include "api/cloudwatch/alarms.h"
#include "api/cloudwatch/errors.h"
#include "api/limits.h"
#include "api/writing.h"

namespace weir::api::cloudwatch {

namespace {

Result<store::Versioned<model::MetricAlarm>> alarm_of(Context& context, const std::string& resource) {
  constexpr std::string_view kAlarm = "alarm:";
  const auto arn = parse_arn(resource);
  if (!arn || arn->service != "cloudwatch" || !arn->resource.starts_with(kAlarm)) {
    return invalid_value("ResourceARN must be the ARN of an alarm: Weir has no other CloudWatch resources with tags");
  }
  if (!arn->within(context)) return client_error("ResourceNotFoundException", "The alarm does not exist.");
  auto alarm = find_alarm(context, arn->resource.substr(kAlarm.size()));
  if (!alarm && alarm.error().code == "ResourceNotFound") {
    return client_error("ResourceNotFoundException", "The alarm does not exist.");
  }
  return alarm;
}

Result<shapes::TagResourceOutput> try_tag(Context& context, const shapes::TagResourceInput& request) {
  auto alarm = TRY(alarm_of(context, request.ResourceARN));
  auto& tags = alarm.document.tags;
  for (const auto& tag : request.Tags) {
    const auto found = std::ranges::find(tags, tag.Key, &shapes::Tag::Key);
    if (found == tags.end()) {
      tags.push_back(tag);
    } else {
      found->Value = tag.Value;
    }
  }
  if (tags.size() > kMaxTags) return invalid_value(fmt::format("An alarm has at most {} tags", kMaxTags));
  TRY(commit(context, {store::put(alarm)}));
  return shapes::TagResourceOutput{};
}

Result<shapes::UntagResourceOutput> try_untag(Context& context, const shapes::UntagResourceInput& request) {
  auto alarm = TRY(alarm_of(context, request.ResourceARN));
  std::erase_if(alarm.document.tags,
                [&](const auto& tag) { return std::ranges::find(request.TagKeys, tag.Key) != request.TagKeys.end(); });
  TRY(commit(context, {store::put(alarm)}));
  return shapes::UntagResourceOutput{};
}

}  // namespace

Result<shapes::TagResourceOutput> tag_resource(Context& context, const shapes::TagResourceInput& request) {
  return writing(kServerError, [&] { return try_tag(context, request); });
}

Result<shapes::UntagResourceOutput> untag_resource(Context& context, const shapes::UntagResourceInput& request) {
  return writing(kServerError, [&] { return try_untag(context, request); });
}

Result<shapes::ListTagsForResourceOutput> list_tags_for_resource(Context& context,
                                                                 const shapes::ListTagsForResourceInput& request) {
  return shapes::ListTagsForResourceOutput{.Tags = TRY(alarm_of(context, request.ResourceARN)).document.tags};
}

}  // namespace weir::api::cloudwatch
