// PutMetricData.
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <utility>
#include <vector>

#include "api/arn.h"
#include "api/cloudwatch/actions.h"
#include "api/cloudwatch/errors.h"
#include "api/cloudwatch/refusals.h"
#include "api/cloudwatch/rules.h"
#include "observe/metric_keep.h"
#include "observe/metric_query.h"

namespace weir::api::cloudwatch {

namespace {

using observe::Aggregate;

// As AWS has them.
constexpr std::size_t kMostData = 1000;
constexpr std::size_t kMostValues = 150;
constexpr std::int64_t kMaxAge = std::chrono::milliseconds(std::chrono::days(14)).count();
constexpr std::int64_t kMaxAhead = std::chrono::milliseconds(std::chrono::hours(2)).count();
constexpr int kLargestExponent = 360;  // values lie between -2^360 and 2^360

Result<> check_number(double value, const std::string& where, const char* member) {
  if (std::isfinite(value) && std::abs(value) <= std::ldexp(1, kLargestExponent)) return {};
  return invalid_value(fmt::format("The value {} for parameter {}.{} is invalid.",
                                   std::isnan(value)   ? "NaN"
                                   : std::isinf(value) ? value > 0 ? "Infinity" : "-Infinity"
                                                       : fmt::format("{}", value),
                                   where, member));
}

Result<Aggregate> of_values(const shapes::MetricDatum& datum, const std::string& where) {
  const auto& values = *datum.Values;
  if (values.empty()) return invalid_value(fmt::format("The parameter {}.Values must not be empty.", where));
  if (values.size() > kMostValues) {
    return invalid_value(
        fmt::format("The collection {}.Values must not have a size greater than {}.", where, kMostValues));
  }
  if (datum.Counts && datum.Counts->size() != values.size()) {
    return invalid_value(fmt::format("The parameters {0}.Values and {0}.Counts must be of the same size.", where));
  }
  Aggregate all;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double count = datum.Counts ? (*datum.Counts)[i] : 1;
    TRY(check_number(values[i], where, "Values"));
    TRY(check_number(count, where, "Counts"));
    if (count < 0) {
      return invalid_value(fmt::format("The value {} for parameter {}.Counts is invalid.", count, where));
    }
    if (count > 0) all.add(Aggregate::of(values[i], count));
  }
  return all;
}

Result<Aggregate> of_set(const shapes::StatisticSet& set, const std::string& where) {
  TRY(check_number(set.SampleCount, where, "StatisticValues.SampleCount"));
  TRY(check_number(set.Sum, where, "StatisticValues.Sum"));
  TRY(check_number(set.Minimum, where, "StatisticValues.Minimum"));
  TRY(check_number(set.Maximum, where, "StatisticValues.Maximum"));
  if (set.SampleCount < 0) {
    return invalid_value(fmt::format("The parameter {}.StatisticValues.SampleCount must not be negative.", where));
  }
  if (set.Maximum < set.Minimum) {
    return invalid_value(fmt::format(
        "The parameter {0}.StatisticValues.Maximum must be greater than {0}.StatisticValues.Minimum.", where));
  }
  return Aggregate::of_set(set.SampleCount, set.Sum, set.Minimum, set.Maximum);
}

Result<Aggregate> values_of(const shapes::MetricDatum& datum, const std::string& where) {
  const int given = datum.Value.has_value() + datum.Values.has_value() + datum.StatisticValues.has_value();
  if (given > 1) {
    return client_error(kInvalidCombination,
                        fmt::format("The parameters {0}.Value, {0}.Values and {0}.StatisticValues are mutually "
                                    "exclusive and you have specified more than one.",
                                    where));
  }
  if (given == 0) {
    return client_error(
        kMissing,
        fmt::format("One of the parameters {0}.Value, {0}.Values and {0}.StatisticValues is required.", where));
  }
  if (datum.Counts && !datum.Values) {
    return client_error(kInvalidCombination, fmt::format("{0}.Counts needs {0}.Values.", where));
  }
  if (datum.Values) return of_values(datum, where);
  if (datum.StatisticValues) return of_set(*datum.StatisticValues, where);
  TRY(check_number(*datum.Value, where, "Value"));
  return Aggregate::of(*datum.Value);
}

Result<> check_time(Timestamp at, Timestamp now, const std::string& where) {
  if (at.millis < now.millis - kMaxAge) {
    return invalid_value(
        fmt::format("The parameter {}.Timestamp must specify a time within the past two weeks.", where));
  }
  if (at.millis > now.millis + kMaxAhead) {
    return invalid_value(
        fmt::format("The parameter {}.Timestamp must specify a time no more than two hours in the future.", where));
  }
  return {};
}

struct Point {
  observe::MetricId id;
  std::string unit;
  Timestamp at;
  Aggregate values;
  observe::Resolution resolution = observe::Resolution::minute;
};

Result<Point> point_of(const Context& context, const shapes::PutMetricDataInput& request,
                       const shapes::MetricDatum& datum, const std::string& where) {
  const std::int32_t resolution = datum.StorageResolution.value_or(60);
  if (resolution != 1 && resolution != 60) {
    return invalid_value(fmt::format("The value {} for parameter {}.StorageResolution is invalid.", resolution, where));
  }
  TRY(check_dimensions(datum.Dimensions, where + ".Dimensions"));
  auto values = TRY(values_of(datum, where));
  Point point{.id = observe::metric_id(scope_of(context), request.Namespace, datum.MetricName, datum.Dimensions),
              .unit = datum.Unit.value_or("None"),
              .at = datum.Timestamp.value_or(context.now),
              .values = std::move(values),
              .resolution = resolution == 1 ? observe::Resolution::second : observe::Resolution::minute};
  TRY(check_time(point.at, context.now, where));
  return point;
}

}  // namespace

Result<shapes::PutMetricDataResponse> put_metric_data(Context& context, MetricKeep& keep,
                                                      const shapes::PutMetricDataInput& request) {
  TRY(refuse(request, refused_of_put_metric_data(), kInvalidValue));
  if (request.Namespace.starts_with("AWS/")) {
    return invalid_value("The value AWS/ for parameter Namespace is invalid.");
  }
  if (!request.MetricData || request.MetricData->empty()) {
    return client_error(kMissing, "The parameter MetricData is required.");
  }
  if (request.MetricData->size() > kMostData) {
    return invalid_value(fmt::format("The collection MetricData must not have a size greater than {}.", kMostData));
  }
  std::vector<Point> points;
  for (std::size_t i = 0; i < request.MetricData->size(); ++i) {
    points.push_back(
        TRY(point_of(context, request, (*request.MetricData)[i], fmt::format("MetricData.member.{}", i + 1))));
  }
  for (const Point& point : points) {
    const auto kept = keep.put(point.id, point.unit, point.at, point.values, point.resolution, context.now);
    if (kept) continue;
    if (kept.error().source == ErrorSource::client) return std::unexpected(kept.error());
    return fail(kServerError, kept.error().message, kept.error().source);
  }
  return shapes::PutMetricDataResponse{};
}

}  // namespace weir::api::cloudwatch
