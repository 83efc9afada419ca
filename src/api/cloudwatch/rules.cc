#include "api/cloudwatch/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/cloudwatch/errors.h"
#include "observe/aggregate.h"
#include "observe/metric_query.h"

namespace weir::api::cloudwatch {

Result<> check_dimensions(const std::optional<std::vector<shapes::Dimension>>& dimensions, const std::string& where) {
  std::set<std::string> names;
  std::size_t number = 0;
  for (const auto& one : dimensions.value_or(std::vector<shapes::Dimension>())) {
    ++number;
    const auto blank = [](const std::string& text) { return text.find_first_not_of(" \t\r\n") == std::string::npos; };
    if (one.Name.starts_with(':') || blank(one.Name)) {
      return invalid_value(
          fmt::format("The value {} for parameter {}.member.{}.Name is invalid.", one.Name, where, number));
    }
    if (blank(one.Value)) {
      return invalid_value(
          fmt::format("The value {} for parameter {}.member.{}.Value is invalid.", one.Value, where, number));
    }
    if (!names.insert(one.Name).second) {
      return invalid_value(fmt::format("The parameter {} must not name the dimension {} twice.", where, one.Name));
    }
  }
  return {};
}

Result<> check_period(std::int64_t period, const char* code) {
  const bool short_one = period == 1 || period == 5 || period == 10 || period == 20 || period == 30;
  if (short_one || (period > 0 && period % 60 == 0)) return {};
  return client_error(
      code, fmt::format("The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60, not {}.", period));
}

Result<> check_statistic(const std::string& statistic, const char* code) {
  const auto parsed = observe::Statistic::parse(statistic);
  if (parsed) return {};
  return client_error(code, parsed.error().code == "Unsupported"
                                ? fmt::format("The statistic {} is not implemented by Weir.", statistic)
                                : fmt::format("The value {} for parameter Stat is not a valid statistic.", statistic));
}

Result<> check_metric_queries(const std::vector<shapes::MetricDataQuery>& queries) {
  for (const auto& query : queries) {
    if (query.MetricStat) {
      TRY(check_period(query.MetricStat->Period, kValidation));
      TRY(check_statistic(query.MetricStat->Stat, kValidation));
      TRY(check_dimensions(query.MetricStat->Metric.Dimensions, "Dimensions"));
    } else if (query.Period) {
      TRY(check_period(*query.Period, kValidation));
    }
    if (query.Label && query.Label->find("${") != std::string::npos) {
      return validation_error("Dynamic labels (${...} in Label) are not implemented by Weir");
    }
  }
  if (const auto checked = observe::check_queries(queries); !checked) return validation_error(checked.error().message);
  return {};
}

}  // namespace weir::api::cloudwatch
