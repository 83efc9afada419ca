// PutMetricAlarm.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>
#include <utility>

#include "api/arn.h"
#include "api/cloudwatch/actions.h"
#include "api/cloudwatch/alarms.h"
#include "api/cloudwatch/errors.h"
#include "api/cloudwatch/refusals.h"
#include "api/cloudwatch/rules.h"
#include "api/limits.h"
#include "api/writing.h"
#include "observe/limits.h"

namespace weir::api::cloudwatch {

namespace {

constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kHour = 3'600;
constexpr std::string_view kTreatments[] = {"breaching", "notBreaching", "ignore", "missing"};

// How far back an alarm may look.
Result<> check_span(std::int64_t periods, std::int64_t period, bool published_by_weir) {
  if (period < 60 && published_by_weir && periods * period > observe::kFeedSeconds) {
    return validation_error(fmt::format(
        "Metrics of AWS namespaces are kept by the second for {} seconds (EvaluationPeriods * Period must be <= {})",
        observe::kFeedSeconds, observe::kFeedSeconds));
  }
  if (period < 60 && periods * period > observe::kMemorySeconds) {
    return validation_error(
        "Metrics with a period under a minute cannot be checked across more than 3 hours "
        "(EvaluationPeriods * Period must be <= 10800)");
  }
  if (period < kHour && periods * period > kDay) {
    return validation_error(
        "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400)");
  }
  if (periods * period > 7 * kDay) {
    return validation_error(
        "Metrics cannot be checked across more than seven days (EvaluationPeriods * Period must be <= 604800)");
  }
  return {};
}

Result<> check_one_metric(const shapes::PutMetricAlarmInput& request) {
  if (!request.MetricName || !request.Namespace) {
    return validation_error("Either Metrics, or MetricName and Namespace must be specified");
  }
  if (request.Statistic.has_value() == request.ExtendedStatistic.has_value()) {
    return validation_error("Exactly one of Statistic and ExtendedStatistic must be specified");
  }
  if (request.ExtendedStatistic) TRY(check_statistic(*request.ExtendedStatistic, kValidation));
  if (!request.Period) return validation_error("Period must be specified");
  TRY(check_period(*request.Period, kValidation));
  TRY(check_dimensions(request.Dimensions, "Dimensions"));
  return check_span(*request.EvaluationPeriods, *request.Period, request.Namespace->starts_with("AWS/"));
}

Result<> check_math(const shapes::PutMetricAlarmInput& request) {
  if (request.MetricName || request.Namespace || request.Statistic || request.ExtendedStatistic || request.Dimensions ||
      request.Period || request.Unit) {
    return validation_error(
        "Metrics is mutually exclusive with MetricName, Namespace, Statistic, ExtendedStatistic, Dimensions, Period "
        "and Unit");
  }
  TRY(check_metric_queries(*request.Metrics));
  const auto returned = [](const auto& query) { return query.ReturnData.value_or(true); };
  if (std::ranges::count_if(*request.Metrics, returned) != 1) {
    return validation_error("Exactly one element of the metrics list should return data.");
  }
  std::set<std::int64_t> periods;
  bool published = false;
  for (const auto& query : *request.Metrics) {
    if (!query.MetricStat) continue;
    periods.insert(query.MetricStat->Period);
    published = published || query.MetricStat->Metric.Namespace.value_or("").starts_with("AWS/");
  }
  if (periods.size() != 1) return validation_error("All metrics of an alarm must have the same period.");
  return check_span(*request.EvaluationPeriods, *periods.begin(), published);
}

Result<> check(const shapes::PutMetricAlarmInput& request) {
  TRY(refuse(request, refused_of_put_metric_alarm(), kValidation));
  TRY(check_alarm(request.AlarmName, request.Tags));
  if (!request.EvaluationPeriods) return validation_error("EvaluationPeriods must be specified");
  if (!request.ComparisonOperator) return validation_error("ComparisonOperator must be specified");
  if (!request.Threshold) return validation_error("Threshold must be specified");
  if (!std::isfinite(*request.Threshold)) return validation_error("Threshold must be a number");
  if (request.DatapointsToAlarm.value_or(1) > *request.EvaluationPeriods) {
    return validation_error("DatapointsToAlarm must be less than or equal to EvaluationPeriods");
  }
  if (request.TreatMissingData && std::ranges::find(kTreatments, *request.TreatMissingData) == std::end(kTreatments)) {
    return validation_error(fmt::format(
        "The value {} is unsupported for TreatMissingData. Supported values are [breaching, notBreaching, ignore, "
        "missing].",
        *request.TreatMissingData));
  }
  return request.Metrics && !request.Metrics->empty() ? check_math(request) : check_one_metric(request);
}

shapes::MetricAlarm wish_of(const Context& context, const shapes::PutMetricAlarmInput& request) {
  const std::vector<std::string> none;
  shapes::MetricAlarm alarm{
      .AlarmName = request.AlarmName,
      .AlarmArn = alarm_arn(context, request.AlarmName),
      .AlarmDescription = request.AlarmDescription,
      .AlarmConfigurationUpdatedTimestamp = context.now,
      .ActionsEnabled = request.ActionsEnabled.value_or(true),
      .OKActions = request.OKActions.value_or(none),
      .AlarmActions = request.AlarmActions.value_or(none),
      .InsufficientDataActions = request.InsufficientDataActions.value_or(none),
      .MetricName = request.MetricName,
      .Namespace = request.Namespace,
      .Statistic = request.Statistic,
      .ExtendedStatistic = request.ExtendedStatistic,
      .Period = request.Period,
      .Unit = request.Unit,
      .EvaluationPeriods = request.EvaluationPeriods,
      .DatapointsToAlarm = request.DatapointsToAlarm,
      .Threshold = request.Threshold,
      .ComparisonOperator = request.ComparisonOperator,
      .TreatMissingData = request.TreatMissingData,
      .EvaluateLowSampleCountPercentile = request.EvaluateLowSampleCountPercentile,
  };
  if (request.Metrics && !request.Metrics->empty()) {
    alarm.Metrics = request.Metrics;
  } else {
    alarm.Dimensions = request.Dimensions.value_or(std::vector<shapes::Dimension>());
  }
  return alarm;
}

Result<shapes::PutMetricAlarmResponse> try_put(Context& context, const shapes::PutMetricAlarmInput& request) {
  TRY(put_alarm(context, wish_of(context, request), "", request.Tags));
  return shapes::PutMetricAlarmResponse{};
}

}  // namespace

Result<shapes::PutMetricAlarmResponse> put_metric_alarm(Context& context, const shapes::PutMetricAlarmInput& request) {
  TRY(check(request));
  return writing(kServerError, [&] { return try_put(context, request); });
}

}  // namespace weir::api::cloudwatch
