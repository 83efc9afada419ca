// GetMetricData.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "api/arn.h"
#include "api/cloudwatch/actions.h"
#include "api/cloudwatch/errors.h"
#include "api/cloudwatch/refusals.h"
#include "api/cloudwatch/rules.h"
#include "api/paging.h"
#include "observe/metric_keep.h"
#include "observe/metric_query.h"

namespace weir::api::cloudwatch {

namespace {

// As AWS has them.
constexpr std::size_t kMostQueries = 500;
constexpr std::int64_t kMostDatapoints = 100'800;

Result<> check(const shapes::GetMetricDataInput& request) {
  TRY(refuse(request, refused_of_get_metric_data(), kValidation));
  if (request.MetricDataQueries.empty()) return validation_error("The parameter MetricDataQueries must not be empty.");
  if (request.MetricDataQueries.size() > kMostQueries) {
    return validation_error(
        fmt::format("The collection MetricDataQueries must not have a size greater than {}.", kMostQueries));
  }
  if (request.StartTime >= request.EndTime) {
    return validation_error("The parameter EndTime must be greater than StartTime");
  }
  const std::int64_t most = request.MaxDatapoints.value_or(kMostDatapoints);
  if (most < 1 || most > kMostDatapoints) {
    return validation_error(fmt::format("The parameter MaxDatapoints must be between 1 and {}.", kMostDatapoints));
  }
  TRY(check_metric_queries(request.MetricDataQueries));
  const auto returned = [](const auto& query) { return query.ReturnData.value_or(true); };
  if (std::ranges::none_of(request.MetricDataQueries, returned)) {
    return validation_error("At least one of the MetricDataQueries must have ReturnData true.");
  }
  return {};
}

// How many datapoints, in the order of the queries, earlier pages have given.
Result<std::size_t> given_before(const shapes::GetMetricDataInput& request) {
  if (!request.NextToken) return std::size_t{0};
  const auto position = page_position(*request.NextToken);
  std::size_t given = 0;
  if (!position) return invalid_token();
  const auto [end, error] = std::from_chars(position->data(), position->data() + position->size(), given);
  if (error != std::errc() || end != position->data() + position->size()) return invalid_token();
  return given;
}

std::string label_of(const shapes::MetricDataQuery& query) {
  if (query.Label) return *query.Label;
  return query.MetricStat ? query.MetricStat->Metric.MetricName.value_or("") : query.Id;
}

// The datapoints of one result in the order that is asked for.
std::vector<std::pair<std::int64_t, double>> ordered(const observe::MathSeries& series, bool ascending) {
  std::vector<std::pair<std::int64_t, double>> points(series.values.begin(), series.values.end());
  if (!ascending) std::ranges::reverse(points);
  return points;
}

}  // namespace

Result<shapes::GetMetricDataOutput> get_metric_data(Context& context, MetricKeep& keep,
                                                    const shapes::GetMetricDataInput& request) {
  TRY(check(request));
  std::size_t skipped = TRY(given_before(request));
  const std::size_t before = skipped;
  const auto results =
      observe::run_queries(keep, scope_of(context), request.MetricDataQueries, request.StartTime.millis / 1000,
                           (request.EndTime.millis + 999) / 1000, context.now);
  if (!results) {
    if (results.error().source == ErrorSource::client) return validation_error(results.error().message);
    return fail(kServerError, results.error().message, results.error().source);
  }
  const bool ascending = request.ScanBy == "TimestampAscending";
  auto left = static_cast<std::size_t>(request.MaxDatapoints.value_or(kMostDatapoints));
  const std::size_t most = left;
  shapes::GetMetricDataOutput output{.MetricDataResults = std::vector<shapes::MetricDataResult>(),
                                     .Messages = std::vector<shapes::MessageData>()};
  bool all = true;
  for (const auto& query : request.MetricDataQueries) {
    if (!query.ReturnData.value_or(true)) continue;
    const auto found = results->find(query.Id);
    const auto points = ordered(found == results->end() ? observe::MathSeries() : found->second, ascending);
    const std::size_t from = std::min(skipped, points.size());
    const std::size_t to = from + std::min(left, points.size() - from);
    skipped -= from;
    left -= to - from;
    if (before > 0 && from == points.size() && !points.empty()) continue;  // an earlier page had it whole
    shapes::MetricDataResult result{.Id = query.Id,
                                    .Label = label_of(query),
                                    .Timestamps = std::vector<Timestamp>(),
                                    .Values = std::vector<double>(),
                                    .StatusCode = to == points.size() ? "Complete" : "PartialData"};
    for (std::size_t i = from; i < to; ++i) {
      result.Timestamps->push_back({points[i].first * 1000});
      result.Values->push_back(points[i].second);
    }
    all = all && to == points.size();
    output.MetricDataResults->push_back(std::move(result));
  }
  if (!all) output.NextToken = page_token(std::to_string(before + most));
  return output;
}

}  // namespace weir::api::cloudwatch
