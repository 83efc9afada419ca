// cloudwatch: metrics, kept by observe::MetricKeep, and the alarms over them, which are documents. Control thread.
#pragma once

#include "api/action.h"
#include "model/cloudwatch/shapes.h"

namespace weir::observe {
class MetricKeep;
}  // namespace weir::observe

namespace weir::api::cloudwatch {

namespace shapes = model::cloudwatch;
using observe::MetricKeep;

// `keep` outlives the table.
void add_actions(ActionTable& table, MetricKeep& keep);

Result<shapes::PutMetricDataResponse> put_metric_data(Context& context, MetricKeep& keep,
                                                      const shapes::PutMetricDataInput& request);
Result<shapes::GetMetricDataOutput> get_metric_data(Context& context, MetricKeep& keep,
                                                    const shapes::GetMetricDataInput& request);
Result<shapes::GetMetricStatisticsOutput> get_metric_statistics(Context& context, MetricKeep& keep,
                                                                const shapes::GetMetricStatisticsInput& request);
Result<shapes::ListMetricsOutput> list_metrics(Context& context, MetricKeep& keep,
                                               const shapes::ListMetricsInput& request);

Result<shapes::PutMetricAlarmResponse> put_metric_alarm(Context& context, const shapes::PutMetricAlarmInput& request);
Result<shapes::PutCompositeAlarmResponse> put_composite_alarm(Context& context,
                                                              const shapes::PutCompositeAlarmInput& request);
Result<shapes::DeleteAlarmsResponse> delete_alarms(Context& context, const shapes::DeleteAlarmsInput& request);
Result<shapes::SetAlarmStateResponse> set_alarm_state(Context& context, const shapes::SetAlarmStateInput& request);
Result<shapes::EnableAlarmActionsResponse> enable_alarm_actions(Context& context,
                                                                const shapes::EnableAlarmActionsInput& request);
Result<shapes::DisableAlarmActionsResponse> disable_alarm_actions(Context& context,
                                                                  const shapes::DisableAlarmActionsInput& request);

Result<shapes::DescribeAlarmsOutput> describe_alarms(Context& context, const shapes::DescribeAlarmsInput& request);
Result<shapes::DescribeAlarmsForMetricOutput> describe_alarms_for_metric(
    Context& context, const shapes::DescribeAlarmsForMetricInput& request);
Result<shapes::DescribeAlarmHistoryOutput> describe_alarm_history(Context& context,
                                                                  const shapes::DescribeAlarmHistoryInput& request);

Result<shapes::TagResourceOutput> tag_resource(Context& context, const shapes::TagResourceInput& request);
Result<shapes::UntagResourceOutput> untag_resource(Context& context, const shapes::UntagResourceInput& request);
Result<shapes::ListTagsForResourceOutput> list_tags_for_resource(Context& context,
                                                                 const shapes::ListTagsForResourceInput& request);

}  // namespace weir::api::cloudwatch
