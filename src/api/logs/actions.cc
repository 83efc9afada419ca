#include "api/logs/actions.h"

namespace weir::api::logs {

namespace {

// An action that works with the kept events too.
}  // namespace

void add_actions(ActionTable& table, LogKeep& keep) {
  table.add("logs", "CreateLogGroup", &create_log_group);
  table.add("logs", "DeleteLogGroup", keep, &delete_log_group);
  table.add("logs", "DescribeLogGroups", keep, &describe_log_groups);
  table.add("logs", "PutRetentionPolicy", &put_retention_policy);
  table.add("logs", "DeleteRetentionPolicy", &delete_retention_policy);
  table.add("logs", "CreateLogStream", &create_log_stream);
  table.add("logs", "DeleteLogStream", keep, &delete_log_stream);
  table.add("logs", "DescribeLogStreams", keep, &describe_log_streams);
  table.add("logs", "PutLogEvents", keep, &put_log_events);
  table.add("logs", "GetLogEvents", keep, &get_log_events);
  table.add("logs", "FilterLogEvents", keep, &filter_log_events);
  table.add("logs", "TagResource", &tag_resource);
  table.add("logs", "UntagResource", &untag_resource);
  table.add("logs", "ListTagsForResource", &list_tags_for_resource);
  table.add("logs", "TagLogGroup", &tag_log_group);
  table.add("logs", "UntagLogGroup", &untag_log_group);
  table.add("logs", "ListTagsLogGroup", &list_tags_log_group);
}

}  // namespace weir::api::logs
