// ListMetrics.
#include <algorithm>
#include <chrono>

#include "api/arn.h"
#include "api/cloudwatch/actions.h"
#include "api/cloudwatch/errors.h"
#include "api/cloudwatch/refusals.h"
#include "api/paging.h"
#include "observe/metric_keep.h"

namespace weir::api::cloudwatch {

namespace {

constexpr std::size_t kMetricsPerPage = 500;  // as AWS has it

bool matches(const observe::MetricId& id, const shapes::ListMetricsInput& request) {
  if (request.MetricName && *request.MetricName != id.name) return false;
  for (const auto& filter : request.Dimensions.value_or(std::vector<shapes::DimensionFilter>())) {
    const auto fits = [&](const auto& one) {
      return one.first == filter.Name && (!filter.Value || *filter.Value == one.second);
    };
    if (std::ranges::none_of(id.dimensions, fits)) return false;
  }
  return true;
}

// In the order of metrics: no part of a name can hold the character between them.
std::string position_of(const observe::MetricId& id) {
  std::string text = id.name_space + '\x01' + id.name;
  for (const auto& [name, value] : id.dimensions) text += '\x01' + name + '\x01' + value;
  return text;
}

shapes::Metric shown(const observe::MetricId& id) {
  shapes::Metric metric{
      .Namespace = id.name_space, .MetricName = id.name, .Dimensions = std::vector<shapes::Dimension>()};
  for (const auto& [name, value] : id.dimensions) metric.Dimensions->push_back({name, value});
  return metric;
}

}  // namespace

Result<shapes::ListMetricsOutput> list_metrics(Context& context, MetricKeep& keep,
                                               const shapes::ListMetricsInput& request) {
  TRY(refuse(request, refused_of_list_metrics(), kInvalidValue));
  std::optional<Timestamp> since;
  if (request.RecentlyActive) since = context.now + -std::chrono::hours(3);
  std::vector<Positioned<shapes::Metric>> all;
  for (const auto& id : keep.list(scope_of(context), request.Namespace, since, context.now)) {
    if (matches(id, request)) all.push_back({position_of(id), shown(id)});
  }
  auto page = page_of(std::move(all), request.NextToken.value_or(""), kMetricsPerPage);
  if (!page) return invalid_value("The value for parameter NextToken is invalid.");
  return shapes::ListMetricsOutput{.Metrics = std::move(page->items), .NextToken = std::move(page->next)};
}

}  // namespace weir::api::cloudwatch
