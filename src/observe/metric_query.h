// MetricQuery: what GetMetricData and metric alarms ask: metrics by name and expressions over them, each with an id,
// over one stretch of time. Control thread.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/cloudwatch/shapes.h"
#include "observe/metric_keep.h"
#include "observe/metric_math.h"

namespace weir::observe {

// A metric's name as the API has it.
MetricId metric_id(const model::Scope& scope, const std::string& name_space, const std::string& name,
                   const std::optional<std::vector<model::cloudwatch::Dimension>>& dimensions);

// That the ids are unique, that expressions can be read and use only ids that are there, none of itself, and that
// statistics are known. Errors: "Query", "Math", "Statistic", "Unsupported".
Result<> check_queries(std::span<const model::cloudwatch::MetricDataQuery> queries);

// The period of the queries: the largest of the metrics'.
std::int64_t period_of(std::span<const model::cloudwatch::MetricDataQuery> queries);

// Every query's series, by id. `queries` have been checked. Periods begin at multiples of themselves.
// Errors: "Math", "Io".
Result<std::map<std::string, MathSeries>> run_queries(MetricKeep& keep, const model::Scope& scope,
                                                      std::span<const model::cloudwatch::MetricDataQuery> queries,
                                                      std::int64_t from, std::int64_t to, Timestamp now);

}  // namespace weir::observe
