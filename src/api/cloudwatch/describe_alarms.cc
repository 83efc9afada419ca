// DescribeAlarms, DescribeAlarmsForMetric, DescribeAlarmHistory.
#include <algorithm>
#include <set>
#include <utility>

#include "api/arn.h"
#include "api/cloudwatch/actions.h"
#include "api/cloudwatch/alarms.h"
#include "api/cloudwatch/errors.h"
#include "api/cloudwatch/refusals.h"
#include "api/cloudwatch/rules.h"
#include "api/paging.h"
#include "observe/metric_query.h"

namespace weir::api::cloudwatch {

namespace {

constexpr std::int32_t kPerPage = 100;  // as AWS has it, also by default: its 50 would hide what fits

using Alarms = std::vector<store::Snapshot<model::MetricAlarm>>;

Result<Alarms> alarms_of(Context& context, const std::string& prefix = "") {
  return store::peek_all<model::MetricAlarm>(context.store, scope_of(context).prefix() + prefix);
}

bool has_action(const shapes::MetricAlarm& alarm, const std::string& prefix) {
  for (const auto* actions : {&alarm.OKActions, &alarm.AlarmActions, &alarm.InsufficientDataActions}) {
    for (const auto& action : actions->value_or(std::vector<std::string>())) {
      if (action.starts_with(prefix)) return true;
    }
  }
  return false;
}

// Without types only alarms of metrics, as AWS has it.
bool wants(const std::optional<std::vector<std::string>>& types, bool composite) {
  if (!types || types->empty()) return !composite;
  return std::ranges::find(*types, composite ? "CompositeAlarm" : "MetricAlarm") != types->end();
}

shapes::CompositeAlarm composite_of(shapes::MetricAlarm alarm, const std::string& rule) {
  return {.ActionsEnabled = alarm.ActionsEnabled,
          .AlarmActions = std::move(alarm.AlarmActions),
          .AlarmArn = std::move(alarm.AlarmArn),
          .AlarmConfigurationUpdatedTimestamp = alarm.AlarmConfigurationUpdatedTimestamp,
          .AlarmDescription = std::move(alarm.AlarmDescription),
          .AlarmName = std::move(alarm.AlarmName),
          .AlarmRule = rule,
          .InsufficientDataActions = std::move(alarm.InsufficientDataActions),
          .OKActions = std::move(alarm.OKActions),
          .StateReason = std::move(alarm.StateReason),
          .StateReasonData = std::move(alarm.StateReasonData),
          .StateUpdatedTimestamp = alarm.StateUpdatedTimestamp,
          .StateValue = std::move(alarm.StateValue),
          .StateTransitionedTimestamp = alarm.StateTransitionedTimestamp};
}

// Of either type.
struct Found {
  shapes::MetricAlarm alarm;
  std::string rule;
};

// Whether the alarm is about that metric, itself or within an expression.
bool is_about(const shapes::MetricAlarm& alarm, const model::Scope& scope, const observe::MetricId& id) {
  if (!alarm.Metrics) {
    return observe::metric_id(scope, alarm.Namespace.value_or(""), alarm.MetricName.value_or(""), alarm.Dimensions) ==
           id;
  }
  return std::ranges::any_of(*alarm.Metrics, [&](const auto& query) {
    if (!query.MetricStat) return false;
    const auto& metric = query.MetricStat->Metric;
    return observe::metric_id(scope, metric.Namespace.value_or(""), metric.MetricName.value_or(""),
                              metric.Dimensions) == id;
  });
}

template <class T>
bool fits(const std::optional<T>& asked, const std::optional<T>& held) {
  return !asked || asked == held;
}

bool is_wanted(const shapes::DescribeAlarmHistoryInput& request, const model::AlarmHistory& item) {
  return (!request.AlarmName || *request.AlarmName == item.alarm) &&
         (!request.HistoryItemType || *request.HistoryItemType == item.type) &&
         (!request.StartDate || item.at >= *request.StartDate) && (!request.EndDate || item.at <= *request.EndDate);
}

}  // namespace

Result<shapes::DescribeAlarmsOutput> describe_alarms(Context& context, const shapes::DescribeAlarmsInput& request) {
  TRY(refuse(request, refused_of_describe_alarms(), kValidation));
  if (request.AlarmNames && request.AlarmNamePrefix) {
    return client_error(kInvalidCombination, "AlarmNames and AlarmNamePrefix are mutually exclusive");
  }
  const auto names = request.AlarmNames.value_or(std::vector<std::string>());
  const std::set<std::string> wanted(names.begin(), names.end());
  std::vector<Positioned<Found>> all;
  for (const auto& one : TRY(alarms_of(context, request.AlarmNamePrefix.value_or("")))) {
    if (!wants(request.AlarmTypes, one->composite())) continue;
    const std::string& name = *one->alarm.AlarmName;
    if (!wanted.empty() && !wanted.contains(name)) continue;
    if (request.ActionPrefix && !has_action(one->alarm, *request.ActionPrefix)) continue;
    auto alarm = TRY(shown(context, *one));
    if (fits(request.StateValue, alarm.StateValue)) all.push_back({name, {std::move(alarm), one->rule}});
  }
  const auto size = static_cast<std::size_t>(request.MaxRecords.value_or(kPerPage));
  auto page = page_of(std::move(all), request.NextToken.value_or(""), size);
  if (!page) return invalid_token();
  shapes::DescribeAlarmsOutput output{.CompositeAlarms = std::vector<shapes::CompositeAlarm>(),
                                      .MetricAlarms = std::vector<shapes::MetricAlarm>(),
                                      .NextToken = std::move(page->next)};
  for (auto& one : page->items) {
    if (one.rule.empty()) {
      output.MetricAlarms->push_back(std::move(one.alarm));
    } else {
      output.CompositeAlarms->push_back(composite_of(std::move(one.alarm), one.rule));
    }
  }
  return output;
}

Result<shapes::DescribeAlarmsForMetricOutput> describe_alarms_for_metric(
    Context& context, const shapes::DescribeAlarmsForMetricInput& request) {
  const model::Scope scope = scope_of(context);
  const auto id = observe::metric_id(scope, request.Namespace, request.MetricName, request.Dimensions);
  shapes::DescribeAlarmsForMetricOutput output{.MetricAlarms = std::vector<shapes::MetricAlarm>()};
  for (const auto& one : TRY(alarms_of(context))) {
    const auto& alarm = one->alarm;
    if (!is_about(alarm, scope, id) || !fits(request.Statistic, alarm.Statistic) ||
        !fits(request.ExtendedStatistic, alarm.ExtendedStatistic) || !fits(request.Period, alarm.Period) ||
        !fits(request.Unit, alarm.Unit)) {
      continue;
    }
    output.MetricAlarms->push_back(TRY(shown(context, *one)));
  }
  return output;
}

Result<shapes::DescribeAlarmHistoryOutput> describe_alarm_history(Context& context,
                                                                  const shapes::DescribeAlarmHistoryInput& request) {
  TRY(refuse(request, refused_of_describe_alarm_history(), kValidation));
  const model::Scope scope = scope_of(context);
  const std::string prefix =
      request.AlarmName ? model::alarm_history_prefix(scope, *request.AlarmName) : scope.prefix();
  std::vector<Positioned<shapes::AlarmHistoryItem>> all;
  for (const auto& item : TRY(store::peek_all<model::AlarmHistory>(context.store, prefix))) {
    if (!is_wanted(request, *item) || !wants(request.AlarmTypes, item->composite)) continue;
    all.push_back({item->id + item->alarm,
                   shapes::AlarmHistoryItem{.AlarmName = item->alarm,
                                            .AlarmType = item->composite ? "CompositeAlarm" : "MetricAlarm",
                                            .Timestamp = item->at,
                                            .HistoryItemType = item->type,
                                            .HistorySummary = item->summary,
                                            .HistoryData = item->data}});
  }
  const auto size = static_cast<std::size_t>(request.MaxRecords.value_or(kPerPage));
  const Order order = request.ScanBy == "TimestampAscending" ? Order::ascending : Order::descending;
  auto page = page_of(std::move(all), request.NextToken.value_or(""), size, order);
  if (!page) return invalid_token();
  return shapes::DescribeAlarmHistoryOutput{.AlarmHistoryItems = std::move(page->items),
                                            .NextToken = std::move(page->next)};
}

}  // namespace weir::api::cloudwatch
