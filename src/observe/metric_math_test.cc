#include "observe/metric_math.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::observe {
namespace {

std::map<std::string, MathValue> named() {
  return {{"m1", MathSeries{60, {{0, 1}, {60, 2}, {120, 4}}}}, {"m2", MathSeries{60, {{0, 10}, {120, 0}}}}};
}

std::string text_of(const MathSeries& series) {
  std::string text;
  for (const auto& [at, value] : series.values) {
    text += std::to_string(at) + "=" + std::to_string(value).substr(0, 4) + " ";
  }
  return text;
}

std::string result_of(const char* expression) {
  const auto parsed = MathExpression::parse(expression);
  if (!parsed) return parsed.error().code + ": " + parsed.error().message;
  const auto all = named();
  const std::vector<MathSeries> metrics{std::get<MathSeries>(all.at("m1")), std::get<MathSeries>(all.at("m2"))};
  const auto value = parsed->evaluate(all, metrics, {0, 180});
  if (!value) return value.error().code + ": " + value.error().message;
  if (const auto* number = std::get_if<double>(&*value)) return std::to_string(*number).substr(0, 4);
  if (const auto* series = std::get_if<MathSeries>(&*value)) return text_of(*series);
  std::string text;
  for (const auto& series : std::get<std::vector<MathSeries>>(*value)) text += "[" + text_of(series) + "]";
  return text;
}

TEST(MetricMath, EvaluatesWhatAwsDescribes) {
  const struct {
    const char* expression;
    const char* result;
  } kRows[] = {
      {"1 + 2 * 3", "7.00"},
      {"(1 + 2) * 3", "9.00"},
      {"2 ^ 3 - -1", "9.00"},
      {"m1 * 100", "0=100. 60=200. 120=400. "},
      {"m1 + m2", "0=11.0 120=4.00 "},
      {"m1 / m2", "0=0.10 "},
      {"100 * (m1 / (m1 + m2))", "0=9.09 120=100. "},
      {"m1 >= 2", "0=0.00 60=1.00 120=1.00 "},
      {"m1 > 1 AND m1 < 4", "0=0.00 60=1.00 120=0.00 "},
      {"m1 == 1 || m1 == 4", "0=1.00 60=0.00 120=1.00 "},
      {"SUM(m1)", "7.00"},
      {"AVG(m2)", "5.00"},
      {"m1 - MIN(m1)", "0=0.00 60=1.00 120=3.00 "},
      {"SUM([m1, m2])", "0=11.0 60=2.00 120=4.00 "},
      {"MAX(METRICS())", "0=10.0 60=2.00 120=4.00 "},
      {"METRICS() * 2", "[0=2.00 60=4.00 120=8.00 ][0=20.0 120=0.00 ]"},
      {"FILL(m2, 7)", "0=10.0 60=7.00 120=0.00 "},
      {"FILL(m2, REPEAT)", "0=10.0 60=10.0 120=0.00 "},
      {"m1 + FILL(m2, 0)", "0=11.0 60=2.00 120=4.00 "},
      {"IF(m1 > 1, m1, 0)", "0=0.00 60=2.00 120=4.00 "},
      {"IF(m1 > 1, m1)", "60=2.00 120=4.00 "},
      {"IF(1, m1, m2)", "0=1.00 60=2.00 120=4.00 "},
      {"DIFF(m1)", "60=1.00 120=2.00 "},
      {"RATE(m1) * PERIOD(m1)", "60=1.00 120=2.00 "},
      {"ABS(0 - m1) + CEIL(0.5) + FLOOR(1.5)", "0=3.00 60=4.00 120=6.00 "},
  };
  for (const auto& row : kRows) EXPECT_EQ(result_of(row.expression), row.result) << row.expression;
}

TEST(MetricMath, SaysWhatIsWrong) {
  const struct {
    const char* expression;
    const char* error;
  } kRows[] = {
      {"", "Math: the expression ends too early"},
      {"m1 +", "Math: the expression ends too early"},
      {"m1 m2", "Math: 'm2' was not expected here"},
      {"(m1", "Math: the expression ends too early"},
      {"SUM(m1, m2)", "Math: SUM does not take 2 arguments"},
      {"M1", "Math: M1 is not the id of a metric"},
      {"SING(m1)", "Math: SING is not a function"},
      {"STDDEV(m1)", "Unsupported: the function STDDEV is not implemented by Weir"},
      {"SEARCH('x', 'y')", "Unsupported: the function SEARCH is not implemented by Weir"},
      {"m3 * 2", "Math: there is no metric with the id m3"},
      {"METRICS() + METRICS()", "Math: two arrays of series cannot be combined"},
      {"FILL(m1, m2)", "Math: FILL fills with a number or with REPEAT"},
      {"RATE(METRICS())", "Math: RATE takes a series"},
  };
  for (const auto& row : kRows) EXPECT_EQ(result_of(row.expression), row.error) << row.expression;
}

TEST(MetricMath, BoundsItsDepthAndLength) {
  EXPECT_EQ(result_of((std::string(1000, '(') + "1").c_str()), "Math: the expression is too deep");
  EXPECT_EQ(result_of((std::string(1000, '-') + "1").c_str()), "Math: the expression is too deep");
  std::string sum = "1";
  for (int i = 0; i < 1000; ++i) sum += "+1";
  EXPECT_EQ(result_of(sum.c_str()), "Math: the expression is too long");
}

}  // namespace
}  // namespace weir::observe
