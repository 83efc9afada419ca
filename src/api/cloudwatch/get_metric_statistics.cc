// GetMetricStatistics.
#include <fmt/format.h>

#include <algorithm>

#include "api/arn.h"
#include "api/cloudwatch/actions.h"
#include "api/cloudwatch/errors.h"
#include "api/cloudwatch/rules.h"
#include "observe/metric_keep.h"
#include "observe/metric_query.h"

namespace weir::api::cloudwatch {

namespace {

constexpr std::int64_t kMostDatapointsOfOne = 1440;  // as AWS has it

Result<> check(const shapes::GetMetricStatisticsInput& request) {
  TRY(check_period(request.Period, kInvalidValue));
  TRY(check_dimensions(request.Dimensions, "Dimensions"));
  if (!request.Statistics && !request.ExtendedStatistics) {
    return client_error(kMissing, "Must specify either Statistics or ExtendedStatistics");
  }
  if (request.Statistics && request.ExtendedStatistics) {
    return client_error(kInvalidCombination, "Statistics and ExtendedStatistics are mutually exclusive");
  }
  for (const auto& name : request.ExtendedStatistics.value_or(std::vector<std::string>())) {
    TRY(check_statistic(name, kInvalidValue));
  }
  if (request.StartTime >= request.EndTime) {
    return client_error(kInvalidCombination, "The parameter StartTime must be less than the parameter EndTime.");
  }
  return {};
}

// The start is rounded down to a whole minute, or to the period where that is shorter.
observe::MetricRange range_of(const shapes::GetMetricStatisticsInput& request) {
  const std::int64_t step = std::min<std::int64_t>(request.Period, 60);
  const std::int64_t from = request.StartTime.millis / 1000;
  return {from - from % step, (request.EndTime.millis + 999) / 1000, request.Period};
}

void set(shapes::Datapoint& point, const std::string& name, double value) {
  if (name == "SampleCount") point.SampleCount = value;
  if (name == "Average") point.Average = value;
  if (name == "Sum") point.Sum = value;
  if (name == "Minimum") point.Minimum = value;
  if (name == "Maximum") point.Maximum = value;
}

std::optional<shapes::Datapoint> shown(const shapes::GetMetricStatisticsInput& request,
                                       const observe::MetricPoint& point, const std::string& unit) {
  shapes::Datapoint out;
  out.Timestamp = Timestamp{point.at * 1000};
  out.Unit = unit;
  for (const auto& name : request.Statistics.value_or(std::vector<std::string>())) {
    if (const auto value = MUST(observe::Statistic::parse(name)).of(point.values)) set(out, name, *value);
  }
  if (request.ExtendedStatistics) {
    for (const auto& name : *request.ExtendedStatistics) {
      const auto value = MUST(observe::Statistic::parse(name)).of(point.values);
      if (!value) continue;
      if (!out.ExtendedStatistics) out.ExtendedStatistics.emplace();
      (*out.ExtendedStatistics)[name] = *value;
    }
    if (!out.ExtendedStatistics) return std::nullopt;
  }
  return out;
}

}  // namespace

Result<shapes::GetMetricStatisticsOutput> get_metric_statistics(Context& context, MetricKeep& keep,
                                                                const shapes::GetMetricStatisticsInput& request) {
  TRY(check(request));
  const observe::MetricRange range = range_of(request);
  const std::int64_t asked = (range.to - range.from + range.period - 1) / range.period;
  if (asked > kMostDatapointsOfOne) {
    return client_error(kInvalidCombination,
                        fmt::format("You have requested up to {} datapoints, which exceeds the limit of {}. You may "
                                    "reduce the datapoints requested by increasing Period, or decreasing the time "
                                    "range.",
                                    asked, kMostDatapointsOfOne));
  }
  const auto id = observe::metric_id(scope_of(context), request.Namespace, request.MetricName, request.Dimensions);
  shapes::GetMetricStatisticsOutput output{.Label = request.MetricName, .Datapoints = std::vector<shapes::Datapoint>()};
  for (const auto& unit : keep.units(id)) {
    if (request.Unit && *request.Unit != unit) continue;
    const auto points = keep.read(id, unit, range, context.now);
    if (!points) return fail(kServerError, points.error().message, points.error().source);
    for (const auto& point : *points) {
      if (auto one = shown(request, point, unit)) output.Datapoints->push_back(std::move(*one));
    }
  }
  return output;
}

}  // namespace weir::api::cloudwatch
