// logs: CloudWatch Logs. Groups and streams are documents; their events are kept by observe::LogKeep. Control thread.
#pragma once

#include "api/action.h"
#include "model/logs/shapes.h"

namespace weir::observe {
class LogKeep;
}  // namespace weir::observe

namespace weir::api::logs {

namespace shapes = model::logs;
using observe::LogKeep;

// `keep` outlives the table.
void add_actions(ActionTable& table, LogKeep& keep);

Result<shapes::CreateLogGroupResponse> create_log_group(Context& context, const shapes::CreateLogGroupRequest& request);
Result<shapes::DeleteLogGroupResponse> delete_log_group(Context& context, LogKeep& keep,
                                                        const shapes::DeleteLogGroupRequest& request);
Result<shapes::DescribeLogGroupsResponse> describe_log_groups(Context& context, LogKeep& keep,
                                                              const shapes::DescribeLogGroupsRequest& request);
Result<shapes::PutRetentionPolicyResponse> put_retention_policy(Context& context,
                                                                const shapes::PutRetentionPolicyRequest& request);
Result<shapes::DeleteRetentionPolicyResponse> delete_retention_policy(
    Context& context, const shapes::DeleteRetentionPolicyRequest& request);

Result<shapes::CreateLogStreamResponse> create_log_stream(Context& context,
                                                          const shapes::CreateLogStreamRequest& request);
Result<shapes::DeleteLogStreamResponse> delete_log_stream(Context& context, LogKeep& keep,
                                                          const shapes::DeleteLogStreamRequest& request);
Result<shapes::DescribeLogStreamsResponse> describe_log_streams(Context& context, LogKeep& keep,
                                                                const shapes::DescribeLogStreamsRequest& request);

Result<shapes::PutLogEventsResponse> put_log_events(Context& context, LogKeep& keep,
                                                    const shapes::PutLogEventsRequest& request);
Result<shapes::GetLogEventsResponse> get_log_events(Context& context, LogKeep& keep,
                                                    const shapes::GetLogEventsRequest& request);
Result<shapes::FilterLogEventsResponse> filter_log_events(Context& context, LogKeep& keep,
                                                          const shapes::FilterLogEventsRequest& request);

Result<shapes::TagResourceResponse> tag_resource(Context& context, const shapes::TagResourceRequest& request);
Result<shapes::UntagResourceResponse> untag_resource(Context& context, const shapes::UntagResourceRequest& request);
Result<shapes::ListTagsForResourceResponse> list_tags_for_resource(Context& context,
                                                                   const shapes::ListTagsForResourceRequest& request);
Result<shapes::TagLogGroupResponse> tag_log_group(Context& context, const shapes::TagLogGroupRequest& request);
Result<shapes::UntagLogGroupResponse> untag_log_group(Context& context, const shapes::UntagLogGroupRequest& request);
Result<shapes::ListTagsLogGroupResponse> list_tags_log_group(Context& context,
                                                             const shapes::ListTagsLogGroupRequest& request);

}  // namespace weir::api::logs
