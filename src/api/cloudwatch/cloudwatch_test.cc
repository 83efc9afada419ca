#include <gtest/gtest.h>

#include "api/cloudwatch/actions.h"
#include "api/test_world.h"
#include "observe/metric_keep.h"

namespace weir::api::cloudwatch {
namespace {

class CloudWatch : public TestWorld {
 protected:
  CloudWatch() { cloudwatch::add_actions(table, metric_keep); }
  Json aws(const char* operation, std::string_view request) { return expect_reply("cloudwatch", operation, request); }
  void refused(const char* operation, const char* request, const char* code, const char* message) {
    expect_refused("cloudwatch", operation, {request, code, message});
  }
  // The wall clock of a TestWorld stands at 1,700,000,000.
  observe::MetricKeep metric_keep{""};
};

constexpr const char* kAlarm = R"({"AlarmName":"a","Namespace":"N","MetricName":"m","Statistic":"Sum","Period":60,
    "EvaluationPeriods":1,"Threshold":1,"ComparisonOperator":"GreaterThanThreshold")";

TEST_F(CloudWatch, StatisticsAreThoseOfWhatWasPut) {
  aws("PutMetricData", R"({"Namespace":"N","MetricData":[{"MetricName":"m","Value":2,"Unit":"Seconds"},
      {"MetricName":"m","Values":[4,6],"Counts":[1,2],"Unit":"Seconds"},{"MetricName":"m","Value":1}]})");
  const Json reply = aws("GetMetricStatistics", R"({"Namespace":"N","MetricName":"m","Period":60,
      "StartTime":1699999900,"EndTime":1700000100,"Statistics":["Sum","SampleCount","Maximum"]})");
  EXPECT_EQ(reply["Datapoints"].dump(),
            R"([{"Timestamp":1699999980,"SampleCount":1,"Sum":1,"Maximum":1,"Unit":"None"},)"
            R"({"Timestamp":1699999980,"SampleCount":4,"Sum":18,"Maximum":6,"Unit":"Seconds"}])")
      << "each unit for itself";
}

TEST_F(CloudWatch, BadValuesAreRefusedAndNothingIsKept) {
  const struct {
    const char* datum;
    const char* code;
    const char* message;
  } kRows[] = {
      {R"({"MetricName":"m"})", "MissingParameter", "One of the parameters MetricData.member.2.Value"},
      {R"({"MetricName":"m","Value":1,"Values":[1]})", "InvalidParameterCombination", "mutually exclusive"},
      {R"({"MetricName":"m","Values":[1],"Counts":[1,2]})", "InvalidParameterValue", "must be of the same size"},
      {R"({"MetricName":"m","Values":[]})", "InvalidParameterValue", "must not be empty"},
      {R"({"MetricName":"m","Value":1e200})", "InvalidParameterValue", "is invalid"},
      {R"({"MetricName":"m","Value":1,"StorageResolution":30})", "InvalidParameterValue", "StorageResolution"},
      {R"({"MetricName":"m","Value":1,"Timestamp":1600000000})", "InvalidParameterValue", "past two weeks"},
      {R"({"MetricName":"m","Value":1,"Timestamp":1700010000})", "InvalidParameterValue", "two hours in the future"},
      {R"({"MetricName":"m","StatisticValues":{"SampleCount":1,"Sum":1,"Minimum":2,"Maximum":1}})",
       "InvalidParameterValue", "must be greater"},
      {R"({"MetricName":"m","Value":1,"Dimensions":[{"Name":":a","Value":"b"}]})", "InvalidParameterValue", "Name"},
      {R"({"MetricName":"m","Value":1,"Dimensions":[{"Name":"a","Value":"b"},{"Name":"a","Value":"c"}]})",
       "InvalidParameterValue", "twice"},
  };
  for (const auto& row : kRows) {
    const std::string request =
        R"({"Namespace":"N","MetricData":[{"MetricName":"good","Value":1},)" + std::string(row.datum) + "]}";
    refused("PutMetricData", request.c_str(), row.code, row.message);
  }
  EXPECT_EQ(metric_keep.series(), 0u);
  refused("PutMetricData", R"({"Namespace":"AWS/ECS","MetricData":[{"MetricName":"m","Value":1}]})",
          "InvalidParameterValue", "AWS/");
}

TEST_F(CloudWatch, AlarmsOfTheSameMetricAreFoundWithinExpressionsToo) {
  aws("PutMetricAlarm", std::string(kAlarm) + "}");
  aws("PutMetricAlarm", R"({"AlarmName":"b","EvaluationPeriods":1,"Threshold":1,
      "ComparisonOperator":"LessThanThreshold","Metrics":[
      {"Id":"m","MetricStat":{"Metric":{"Namespace":"N","MetricName":"m"},"Period":60,"Stat":"p90"},"ReturnData":false},
      {"Id":"e","Expression":"m * 2"}]})");
  const Json found = aws("DescribeAlarmsForMetric", R"({"Namespace":"N","MetricName":"m"})");
  ASSERT_EQ(found["MetricAlarms"].items().size(), 2u);
  EXPECT_EQ(found["MetricAlarms"].items()[0]["StateReason"].as_string(), "Unchecked: Initial alarm creation");
  EXPECT_EQ(aws("DescribeAlarmsForMetric", R"({"Namespace":"N","MetricName":"m","Statistic":"Sum"})")["MetricAlarms"]
                .items()
                .size(),
            1u);
}

TEST_F(CloudWatch, AnAlarmKeepsItsStateWhenItIsPutAgain) {
  aws("PutMetricAlarm", std::string(kAlarm) + R"(,"Tags":[{"Key":"k","Value":"v"}]})");
  aws("SetAlarmState", R"({"AlarmName":"a","StateValue":"ALARM","StateReason":"r"})");
  clock.advance(std::chrono::seconds(1));
  aws("PutMetricAlarm", std::string(kAlarm) + R"(,"Tags":[{"Key":"other","Value":"v"}]})");
  const Json alarm = aws("DescribeAlarms", "{}")["MetricAlarms"].items().at(0);
  EXPECT_EQ(alarm["StateValue"].as_string(), "ALARM");
  EXPECT_EQ(alarm["AlarmConfigurationUpdatedTimestamp"].as_int(), 1'700'000'001);
  const std::string tags = R"({"ResourceARN":")" + alarm["AlarmArn"].as_string() + "\"}";
  EXPECT_EQ(aws("ListTagsForResource", tags)["Tags"].dump(), R"([{"Key":"k","Value":"v"}])") << "of its creation";
  aws("DeleteAlarms", R"({"AlarmNames":["a"]})");
  const Json history = aws("DescribeAlarmHistory", R"({"AlarmName":"a","ScanBy":"TimestampAscending"})");
  ASSERT_EQ(history["AlarmHistoryItems"].items().size(), 4u) << "kept beyond the alarm";
  EXPECT_EQ(history["AlarmHistoryItems"].items()[3]["HistorySummary"].as_string(), "Alarm \"a\" deleted");
}

TEST_F(CloudWatch, BadAlarmsAreRefused) {
  const struct {
    const char* more;
    const char* message;
  } kRows[] = {
      {R"(,"Period":7})", "Period must be 1, 5, 10"},
      {R"(,"DatapointsToAlarm":2})", "less than or equal to EvaluationPeriods"},
      {R"(,"TreatMissingData":"maybe"})", "TreatMissingData"},
      {R"(,"EvaluationPeriods":1441})", "more than a day"},
      {R"(,"Namespace":"AWS/ECS","Period":1,"EvaluationPeriods":601})", "600 seconds"},
      {R"(,"Statistic":null,"ExtendedStatistic":"tm99"})", "not implemented by Weir"},
      {R"(,"ExtendedStatistic":"p99"})", "Exactly one of Statistic and ExtendedStatistic"},
      {R"(,"ThresholdMetricId":"t"})", "ThresholdMetricId"},
  };
  for (const auto& row : kRows) {
    refused("PutMetricAlarm", (std::string(kAlarm) + row.more).c_str(), "ValidationError", row.message);
  }
}

}  // namespace
}  // namespace weir::api::cloudwatch
