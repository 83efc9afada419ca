#include "observe/metric_keep.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "observe/metric_files.h"

namespace weir::observe {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kNoon = 1'700'006'400 - 1'700'006'400 % 86'400 + 43'200;

class MetricKeeping : public ::testing::TestWithParam<bool> {
 protected:
  MetricKeeping() {
    char pattern[] = "/tmp/weir-metric-keep-XXXXXX";
    folder = ::mkdtemp(pattern);
    reopen();
  }
  ~MetricKeeping() override { fs::remove_all(folder); }
  bool on_disk() const { return GetParam(); }
  void reopen(std::size_t most = kMostSeries) {
    if (on_disk() || !keep) keep = std::make_unique<MetricKeep>(on_disk() ? folder + "/metrics" : "", most);
  }
  static Timestamp at(std::int64_t second) { return {second * 1000}; }
  static MetricId id(std::string name = "m") { return {{"0", "r"}, "N", std::move(name), {{"d", "v"}}}; }
  void put(std::int64_t second, double value, Resolution resolution = Resolution::minute, std::int64_t now = kNoon) {
    MUST(keep->put(id(), "Count", at(second), Aggregate::of(value), resolution, at(now)));
  }
  // "time=count/sum …" with times since noon.
  std::string read(std::int64_t from, std::int64_t to, std::int64_t period, std::int64_t now = kNoon) {
    std::string text;
    for (const auto& point : MUST(keep->read(id(), std::nullopt, {kNoon + from, kNoon + to, period}, at(now)))) {
      text += std::to_string(point.at - kNoon) + "=" + std::to_string(static_cast<int>(point.values.count)) + "/" +
              std::to_string(static_cast<int>(point.values.sum)) + " ";
    }
    return text;
  }
  std::string folder;
  std::unique_ptr<MetricKeep> keep;
};

TEST_P(MetricKeeping, GivesWhatWasPutByPeriod) {
  put(kNoon - 119, 1);
  put(kNoon - 61, 2);
  put(kNoon - 60, 4);
  put(kNoon, 8);
  EXPECT_EQ(read(-120, 60, 60), "-120=2/3 -60=1/4 0=1/8 ");
  EXPECT_EQ(read(-120, 60, 120), "-120=3/7 0=1/8 ");
  EXPECT_EQ(read(-60, 0, 60), "-60=1/4 ");
  EXPECT_EQ(read(60, 120, 60), "");
}

TEST_P(MetricKeeping, KeepsSecondsWhereTheyAreAskedFor) {
  put(kNoon + 1, 1, Resolution::second);
  put(kNoon + 3, 2, Resolution::second);
  put(kNoon + 1, 4, Resolution::second);
  EXPECT_EQ(read(0, 10, 1), "1=2/5 3=1/2 ");
  EXPECT_EQ(read(0, 60, 60), "0=3/7 ");
}

TEST_P(MetricKeeping, GoesOnAfterARestartByTheMinute) {
  put(kNoon - 4 * 3600, 1, Resolution::minute);
  put(kNoon - 59, 2, Resolution::second);
  put(kNoon - 1, 3, Resolution::second);
  reopen();
  EXPECT_EQ(read(-60, 60, 60), "-60=2/5 ");
  put(kNoon, 4, Resolution::second);
  EXPECT_EQ(read(-60, 60, 60), "-60=2/5 0=1/4 ");
  EXPECT_EQ(read(-5 * 3600, -3 * 3600, 3600), "-14400=1/1 ");
  EXPECT_EQ(keep->units(id()), std::vector<std::string>{"Count"});
}

TEST_P(MetricKeeping, TakesWhatComesLate) {
  put(kNoon, 1);
  put(kNoon - 10 * 3600, 2);
  put(kNoon - 10 * 86400, 3);
  EXPECT_EQ(read(-10 * 86400, -10 * 86400 + 60, 60), "-864000=1/3 ");
  EXPECT_EQ(read(-10 * 3600, -10 * 3600 + 60, 60), "-36000=1/2 ");
  reopen();
  EXPECT_EQ(read(-10 * 86400, -10 * 86400 + 60, 60), "-864000=1/3 ");
}

TEST_P(MetricKeeping, FoldsWhatItPublishesItselfIntoMinutes) {
  std::int64_t now = kNoon;
  for (; now < kNoon + 1200; ++now) {
    MUST(keep->feed(id(), "Count", Aggregate::of(1), at(now)));
    MUST(keep->tick(at(now)));
  }
  EXPECT_EQ(read(1190, 1200, 5, now), "1190=5/5 1195=5/5 ");
  EXPECT_EQ(read(0, 120, 60, now), "0=60/60 60=60/60 ");
  EXPECT_EQ(read(0, 60, 1, now), "0=60/60 ") << "by the minute only";
  MUST(keep->flush());
  reopen();
  EXPECT_EQ(read(0, 1200, 1200, now), "0=1200/1200 ") << "nothing twice, nothing lost";
}

TEST_P(MetricKeeping, KeepsHoursAndDaysBeyondItsMemory) {
  std::int64_t now = kNoon;
  for (; now < kNoon + 8 * 3600; now += 60) {
    put(now, 1, Resolution::minute, now);
    MUST(keep->tick(at(now)));
  }
  EXPECT_EQ(read(0, 8 * 3600, 3600, now),
            "0=60/60 3600=60/60 7200=60/60 10800=60/60 14400=60/60 18000=60/60 "
            "21600=60/60 25200=60/60 ");
}

TEST_P(MetricKeeping, ForgetsMetricsAfterTheirDays) {
  put(kNoon, 1);
  MUST(keep->tick(at(kNoon + 4 * 3600)));
  EXPECT_EQ(keep->series(), 1u);
  for (int i = 0; i < 3; ++i) MUST(keep->tick(at(kNoon + 17 * 86400 + 60 * i)));
  EXPECT_EQ(keep->series(), 0u);
  reopen();
  EXPECT_EQ(keep->series(), 0u);
}

TEST_P(MetricKeeping, ListsByScopeNamespaceAndActivity) {
  put(kNoon, 1);
  MUST(keep->put({{"0", "r"}, "O", "m", {}}, "None", at(kNoon - 5 * 3600), Aggregate::of(1), Resolution::minute,
                 at(kNoon)));
  MUST(keep->put({{"0", "s"}, "N", "m", {}}, "None", at(kNoon), Aggregate::of(1), Resolution::minute, at(kNoon)));
  EXPECT_EQ(keep->list({"0", "r"}, std::nullopt, std::nullopt, at(kNoon)).size(), 2u);
  EXPECT_EQ(keep->list({"0", "r"}, "N", std::nullopt, at(kNoon)).size(), 1u);
  EXPECT_EQ(keep->list({"0", "r"}, std::nullopt, at(kNoon - 3600), at(kNoon)), std::vector<MetricId>{id()});
}

TEST_P(MetricKeeping, TakesNoMoreMetricsThanItsLimit) {
  keep.reset();
  reopen(1);
  put(kNoon, 1);
  const auto refused = keep->put(id("other"), "None", at(kNoon), Aggregate::of(1), Resolution::minute, at(kNoon));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "Throttling");
  put(kNoon, 1);
}

INSTANTIATE_TEST_SUITE_P(, MetricKeeping, testing::Bool(),
                         [](const auto& one) { return one.param ? "OnDisk" : "InMemory"; });

class MetricFiles : public ::testing::Test {
 protected:
  MetricFiles() {
    char pattern[] = "/tmp/weir-metric-files-XXXXXX";
    folder = ::mkdtemp(pattern);
  }
  ~MetricFiles() override { fs::remove_all(folder); }
  std::string folder;
};

TEST_F(MetricFiles, PassOverATornLine) {
  MUST(append_minute(folder, 60, Aggregate::of(1)));
  std::ofstream(folder + "/0.points", std::ios::app) << "120 1 2";
  MUST(append_minute(folder, 180, Aggregate::of(3)));
  Minutes minutes;
  MUST(read_minutes(folder, 0, 86400, minutes));
  EXPECT_EQ(minutes, (Minutes{{60, Aggregate::of(1)}, {180, Aggregate::of(3)}}));
}

TEST_F(MetricFiles, ArePutTogetherWhereTheyGrow) {
  std::string lines;
  while (lines.size() <= kMostDayBytes) lines += "60 1 2 2 2 -\n";
  std::ofstream(folder + "/0.points") << lines;
  const auto before = static_cast<double>(lines.size() / 13);
  MUST(append_minute(folder, 60, Aggregate::of(2)));
  EXPECT_LT(fs::file_size(folder + "/0.points"), 100u);
  Minutes minutes;
  MUST(read_minutes(folder, 0, 86400, minutes));
  EXPECT_EQ(minutes[60].count, before + 1);
}

}  // namespace
}  // namespace weir::observe
