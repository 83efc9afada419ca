#include "observe/metric_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

namespace weir::observe {

namespace cloudwatch = model::cloudwatch;

namespace {

using Query = cloudwatch::MetricDataQuery;

std::unexpected<Error> bad_query(std::string message) { return fail("Query", std::move(message), ErrorSource::client); }

Result<MathSeries> run_metric(MetricKeep& keep, const model::Scope& scope, const cloudwatch::MetricStat& stat,
                              std::int64_t from, std::int64_t to, Timestamp now) {
  const auto statistic = TRY(Statistic::parse(stat.Stat));
  const std::int64_t period = stat.Period;
  const MetricId id =
      metric_id(scope, stat.Metric.Namespace.value_or(""), stat.Metric.MetricName.value_or(""), stat.Metric.Dimensions);
  const MetricRange range{from - from % period, to, period};
  MathSeries series{period, {}};
  for (const auto& point : TRY(keep.read(id, stat.Unit, range, now))) {
    if (const auto value = statistic.of(point.values)) series.values[point.at] = *value;
  }
  return series;
}

// Expressions in an order in which each comes after what it uses.
Result<std::vector<const Query*>> in_order(const std::map<std::string, const Query*>& waiting,
                                           const std::map<std::string, MathExpression>& expressions) {
  std::vector<const Query*> order;
  std::set<std::string> done, entered;
  const auto visit = [&](const auto& self, const std::string& id) -> Result<> {
    if (done.contains(id) || !waiting.contains(id)) return {};
    if (!entered.insert(id).second) return bad_query(fmt::format("the expression {} uses itself", id));
    for (const auto& name : expressions.at(id).names()) TRY(self(self, name));
    done.insert(id);
    order.push_back(waiting.at(id));
    return {};
  };
  for (const auto& [id, query] : waiting) TRY(visit(visit, id));
  return order;
}

struct Plan {
  std::map<std::string, const Query*> metrics;
  std::map<std::string, const Query*> maths;
  std::map<std::string, MathExpression> expressions;
  std::vector<const Query*> order;
};

Result<> check_metric(const Query& query) {
  const auto& stat = *query.MetricStat;
  if (!stat.Metric.Namespace || !stat.Metric.MetricName) {
    return bad_query(fmt::format("the metric {} needs a Namespace and a MetricName", query.Id));
  }
  TRY(Statistic::parse(stat.Stat));
  return {};
}

Result<Plan> plan_of(std::span<const Query> queries) {
  Plan plan;
  std::set<std::string> ids;
  for (const Query& query : queries) {
    const auto word = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    };
    if (query.Id[0] < 'a' || query.Id[0] > 'z' || !std::ranges::all_of(query.Id, word)) {
      return bad_query(
          fmt::format("the id {} must begin with a lower-case letter and consist of letters, digits and "
                      "underscores",
                      query.Id));
    }
    if (!ids.insert(query.Id).second) return bad_query(fmt::format("the id {} is not unique", query.Id));
    if (query.MetricStat.has_value() == query.Expression.has_value()) {
      return bad_query(fmt::format("{} needs either a MetricStat or an Expression", query.Id));
    }
    if (query.MetricStat) {
      TRY(check_metric(query));
      plan.metrics[query.Id] = &query;
    } else {
      auto expression = MathExpression::parse(*query.Expression);
      if (!expression) {
        return fail(expression.error().code,
                    fmt::format("Error in expression '{}': {}", query.Id, expression.error().message),
                    ErrorSource::client);
      }
      plan.expressions.emplace(query.Id, std::move(*expression));
      plan.maths[query.Id] = &query;
    }
  }
  for (const auto& [id, expression] : plan.expressions) {
    for (const auto& name : expression.names()) {
      if (!ids.contains(name)) {
        return bad_query(fmt::format("Error in expression '{}': there is no metric with the id {}", id, name));
      }
    }
  }
  plan.order = TRY(in_order(plan.maths, plan.expressions));
  return plan;
}

}  // namespace

MetricId metric_id(const model::Scope& scope, const std::string& name_space, const std::string& name,
                   const std::optional<std::vector<cloudwatch::Dimension>>& dimensions) {
  MetricId id{scope, name_space, name, {}};
  if (dimensions) {
    for (const auto& one : *dimensions) id.dimensions.emplace_back(one.Name, one.Value);
  }
  std::ranges::sort(id.dimensions);
  return id;
}

Result<> check_queries(std::span<const Query> queries) {
  TRY(plan_of(queries));
  return {};
}

std::int64_t period_of(std::span<const Query> queries) {
  std::int64_t period = 1;
  for (const auto& query : queries) {
    period = std::max<std::int64_t>(period, query.MetricStat ? query.MetricStat->Period : query.Period.value_or(1));
  }
  return period;
}

Result<std::map<std::string, MathSeries>> run_queries(MetricKeep& keep, const model::Scope& scope,
                                                      std::span<const Query> queries, std::int64_t from,
                                                      std::int64_t to, Timestamp now) {
  const Plan plan = TRY(plan_of(queries));
  std::map<std::string, MathValue> named;
  std::map<std::string, MathSeries> results;
  std::vector<MathSeries> metrics;
  for (const auto& [id, query] : plan.metrics) {
    results[id] = TRY(run_metric(keep, scope, *query->MetricStat, from, to, now));
    metrics.push_back(results[id]);
    named[id] = results[id];
  }
  const std::int64_t period = period_of(queries);
  for (const Query* query : plan.order) {
    const MathSpan span{from - from % period, to};
    auto value = plan.expressions.at(query->Id).evaluate(named, metrics, span);
    if (!value) {
      return fail(value.error().code, fmt::format("Error in expression '{}': {}", query->Id, value.error().message),
                  ErrorSource::client);
    }
    if (const auto* series = std::get_if<MathSeries>(&*value)) results[query->Id] = *series;
    const bool wanted = query->ReturnData.value_or(true);
    if (wanted && !std::holds_alternative<MathSeries>(*value)) {
      return bad_query(fmt::format("the expression {} gives {}, where one series is wanted", query->Id,
                                   std::holds_alternative<double>(*value) ? "a number" : "several series"));
    }
    named[query->Id] = std::move(*value);
  }
  return results;
}

}  // namespace weir::observe
