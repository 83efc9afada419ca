#include "observe/alarm_judge.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace weir::observe {
namespace {

constexpr std::int64_t kEnd = 1'700'000'400;

model::cloudwatch::MetricAlarm alarm_of(int needed, int periods, const char* treatment) {
  model::cloudwatch::MetricAlarm alarm;
  alarm.AlarmName = "a";
  alarm.Statistic = "Sum";
  alarm.Period = 60;
  alarm.EvaluationPeriods = periods;
  alarm.DatapointsToAlarm = needed;
  alarm.Threshold = 5;
  alarm.ComparisonOperator = "GreaterThanThreshold";
  alarm.TreatMissingData = treatment;
  return alarm;
}

// "0 - X": newest on the right; X breaches.
AlarmEvidence evidence_of(std::string_view row, std::int64_t period = 60) {
  AlarmEvidence evidence{.end = kEnd, .period = period};
  std::string marks;
  for (const char c : row) {
    if (c != ' ') marks += c;
  }
  for (std::size_t i = 0; i < marks.size(); ++i) {
    const std::int64_t at = kEnd - static_cast<std::int64_t>(marks.size() - i) * period;
    if (marks[i] != '-') evidence.points[at] = {marks[i] == 'X' ? 12.0 : 0.0, 1};
  }
  return evidence;
}

std::string state_of(const std::optional<AlarmVerdict>& verdict) { return verdict ? verdict->state : "retain"; }

// The tables of AWS's page on missing data, and the lines below them.
TEST(AlarmJudge, DecidesEveryRowOfAwsTables) {
  constexpr const char* kUnknown = "INSUFFICIENT_DATA";
  const struct {
    int needed;
    const char* row;
    const char* missing;
    const char* ignore;
    const char* breaching;
    const char* not_breaching;
  } kRows[] = {
      {3, "0 - X - X", "OK", "OK", "OK", "OK"},
      {3, "0 - - - -", "OK", "OK", "OK", "OK"},
      {3, "- - - - -", kUnknown, "retain", "ALARM", "OK"},
      {3, "0 X X - X", "ALARM", "ALARM", "ALARM", "ALARM"},
      {3, "- - X - -", "ALARM", "retain", "ALARM", "OK"},
      {2, "0 - X - X", "ALARM", "ALARM", "ALARM", "ALARM"},
      {2, "0 0 X 0 X", "ALARM", "ALARM", "ALARM", "ALARM"},
      {2, "0 - X - -", "OK", "OK", "ALARM", "OK"},
      {2, "- - - - 0", "OK", "OK", "ALARM", "OK"},
      {2, "- - - X -", "ALARM", "retain", "ALARM", "OK"},
      {3, "- - - - X", "retain", "retain", "ALARM", "OK"},
      {3, "- - - X -", "retain", "retain", "ALARM", "OK"},
      {3, "- - - X 0", "OK", "OK", "OK", "OK"},
      {3, "X X X 0 0", "OK", "OK", "OK", "OK"},
      {1, "X 0 0 0 0", "OK", "OK", "OK", "OK"},
      {1, "0 0 0 X 0", "ALARM", "ALARM", "ALARM", "ALARM"},
  };
  for (const auto& row : kRows) {
    const auto state = [&](const char* treatment) {
      return state_of(judge(alarm_of(row.needed, 3, treatment), evidence_of(row.row), {}));
    };
    EXPECT_EQ(state("missing"), row.missing) << row.needed << " of 3, missing: " << row.row;
    EXPECT_EQ(state("ignore"), row.ignore) << row.needed << " of 3, ignore: " << row.row;
    EXPECT_EQ(state("breaching"), row.breaching) << row.needed << " of 3, breaching: " << row.row;
    EXPECT_EQ(state("notBreaching"), row.not_breaching) << row.needed << " of 3, notBreaching: " << row.row;
  }
}

TEST(AlarmJudge, LooksNoFurtherBackThanItsRange) {
  EXPECT_EQ(evaluation_range(alarm_of(1, 1, "missing")), 3);
  EXPECT_EQ(state_of(judge(alarm_of(1, 1, "missing"), evidence_of("X - - -"), {})), "INSUFFICIENT_DATA");
  EXPECT_EQ(state_of(judge(alarm_of(1, 1, "missing"), evidence_of("0 X - -"), {})), "ALARM");
}

TEST(AlarmJudge, LeavesOutWhatIsNotOverYet) {
  AlarmEvidence evidence = evidence_of("0");
  evidence.points[kEnd] = {12, 1};
  EXPECT_EQ(state_of(judge(alarm_of(1, 1, "missing"), evidence, {})), "OK");
}

TEST(AlarmJudge, ComparesAsItsOperatorSays) {
  const struct {
    const char* comparison;
    bool below, at, above;
  } kRows[] = {
      {"GreaterThanOrEqualToThreshold", false, true, true},
      {"GreaterThanThreshold", false, false, true},
      {"LessThanThreshold", true, false, false},
      {"LessThanOrEqualToThreshold", true, true, false},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(breaches(row.comparison, 4, 5), row.below) << row.comparison;
    EXPECT_EQ(breaches(row.comparison, 5, 5), row.at) << row.comparison;
    EXPECT_EQ(breaches(row.comparison, 6, 5), row.above) << row.comparison;
  }
}

TEST(AlarmJudge, GivesItsReasonInAwsWords) {
  const auto alarm = judge(alarm_of(1, 1, "missing"), evidence_of("X"), {1'700'000'401'000});
  ASSERT_TRUE(alarm);
  EXPECT_EQ(
      alarm->reason,
      "Threshold Crossed: 1 out of the last 1 datapoint [12.0 (14/11/23 22:19:00)] was greater than the threshold "
      "(5.0) (minimum 1 datapoint for OK -> ALARM transition).");
  const auto data = Json::parse(alarm->reason_data);
  ASSERT_TRUE(data);
  EXPECT_EQ((*data)["queryDate"].as_string(), "2023-11-14T22:20:01.000+0000");
  EXPECT_EQ((*data)["startDate"].as_string(), "2023-11-14T22:19:00.000+0000");
  EXPECT_EQ((*data)["recentDatapoints"].dump(), "[12]");
  EXPECT_EQ((*data)["evaluatedDatapoints"].items()[0]["sampleCount"].as_double(), 1);

  const auto filled = judge(alarm_of(2, 2, "notBreaching"), evidence_of("- - - -"), {});
  EXPECT_EQ(filled->reason,
            "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as "
            "[NonBreaching].");
  EXPECT_EQ(judge(alarm_of(1, 1, "missing"), evidence_of("- - -"), {})->reason,
            "Insufficient Data: 1 datapoint was unknown.");
}

}  // namespace
}  // namespace weir::observe
