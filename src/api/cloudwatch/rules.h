// What is checked of metrics' names, periods and statistics beyond the model's limits. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/cloudwatch/shapes.h"

namespace weir::api::cloudwatch {

namespace shapes = model::cloudwatch;

// `where` names the parameter: "MetricData.member.1.Dimensions". Errors: InvalidParameterValue.
Result<> check_dimensions(const std::optional<std::vector<shapes::Dimension>>& dimensions, const std::string& where);

// 1, 5, 10, 20, 30 or a multiple of 60. Errors: `code`.
Result<> check_period(std::int64_t period, const char* code);

// Errors: `code`, also for statistics that Weir does not have.
Result<> check_statistic(const std::string& statistic, const char* code);

// The queries of GetMetricData or of an alarm, their periods too. Errors: ValidationError.
Result<> check_metric_queries(const std::vector<shapes::MetricDataQuery>& queries);

}  // namespace weir::api::cloudwatch
