#include "observe/metric_text.h"

#include <gtest/gtest.h>

namespace weir::observe {
namespace {

TEST(MetricText, MakesNamesThatPrometheusTakes) {
  const struct {
    const char* name;
    const char* made;
  } kRows[] = {
      {"AWS/ApplicationELB", "aws_application_elb"},
      {"RequestCount", "request_count"},
      {"HTTPCode_Target_5XX_Count", "http_code_target_5xx_count"},
      {"CPUUtilization", "cpu_utilization"},
      {"my metric!", "my_metric_"},
      {"5xx", "_5xx"},
      {"\u00fc", "_"},
  };
  for (const auto& row : kRows) EXPECT_EQ(prometheus_name(row.name), row.made) << row.name;
}

TEST(MetricText, TellsEveryMetricWithItsDimensions) {
  MetricKeep keep("");
  const MetricId id{{"0", "r"}, "AWS/ECS", "CPUUtilization", {{"ServiceName", "a\"b"}}};
  (void)MUST([&]() -> Result<int> {
    TRY(keep.feed(id, "Percent", Aggregate::of(50), {1'700'000'000'000}));
    TRY(keep.feed(id, "Percent", Aggregate::of(30), {1'700'000'001'000}));
    return 0;
  }());
  const std::string labels = R"({account="0",region="r",service_name="a\"b",unit="Percent"})";
  EXPECT_EQ(prometheus_text(keep),
            "# HELP aws_ecs_cpu_utilization The average of the last values of AWS/ECS CPUUtilization.\n"
            "# TYPE aws_ecs_cpu_utilization gauge\n"
            "aws_ecs_cpu_utilization" +
                labels +
                " 30\n"
                "# HELP aws_ecs_cpu_utilization_samples_total How many values AWS/ECS CPUUtilization had.\n"
                "# TYPE aws_ecs_cpu_utilization_samples_total counter\n"
                "aws_ecs_cpu_utilization_samples_total" +
                labels +
                " 2\n"
                "# HELP aws_ecs_cpu_utilization_sum_total The sum of the values of AWS/ECS CPUUtilization.\n"
                "# TYPE aws_ecs_cpu_utilization_sum_total counter\n"
                "aws_ecs_cpu_utilization_sum_total" +
                labels + " 80\n");
}

}  // namespace
}  // namespace weir::observe
