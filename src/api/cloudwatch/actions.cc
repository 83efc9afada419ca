#include "api/cloudwatch/actions.h"

namespace weir::api::cloudwatch {

namespace {

// An action that works with the kept values too.
}  // namespace

void add_actions(ActionTable& table, MetricKeep& keep) {
  table.add("cloudwatch", "PutMetricData", keep, &put_metric_data);
  table.add("cloudwatch", "GetMetricData", keep, &get_metric_data);
  table.add("cloudwatch", "GetMetricStatistics", keep, &get_metric_statistics);
  table.add("cloudwatch", "ListMetrics", keep, &list_metrics);
  table.add("cloudwatch", "PutMetricAlarm", &put_metric_alarm);
  table.add("cloudwatch", "PutCompositeAlarm", &put_composite_alarm);
  table.add("cloudwatch", "DeleteAlarms", &delete_alarms);
  table.add("cloudwatch", "SetAlarmState", &set_alarm_state);
  table.add("cloudwatch", "EnableAlarmActions", &enable_alarm_actions);
  table.add("cloudwatch", "DisableAlarmActions", &disable_alarm_actions);
  table.add("cloudwatch", "DescribeAlarms", &describe_alarms);
  table.add("cloudwatch", "DescribeAlarmsForMetric", &describe_alarms_for_metric);
  table.add("cloudwatch", "DescribeAlarmHistory", &describe_alarm_history);
  table.add("cloudwatch", "TagResource", &tag_resource);
  table.add("cloudwatch", "UntagResource", &untag_resource);
  table.add("cloudwatch", "ListTagsForResource", &list_tags_for_resource);
}

}  // namespace weir::api::cloudwatch
