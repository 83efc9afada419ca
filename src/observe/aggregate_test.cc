#include "observe/aggregate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.h"
#include "observe/limits.h"

namespace weir::observe {
namespace {

std::optional<double> statistic(const char* name, const Aggregate& values) {
  return MUST(Statistic::parse(name)).of(values);
}

TEST(Aggregates, PercentilesAreWithinOnePercent) {
  Random random(3);
  std::vector<double> values;
  Aggregate all;
  for (int i = 0; i < 5000; ++i) {
    values.push_back(std::exp(static_cast<double>(random.below(1000)) / 200) / 1000);  // 1 ms to 148 ms
    all.add(Aggregate::of(values.back()));
  }
  std::sort(values.begin(), values.end());
  for (const auto& [name, rank] : {std::pair{"p50", 2499}, {"p90", 4499}, {"p99", 4949}, {"p99.9", 4994}}) {
    const double exact = values[static_cast<std::size_t>(rank)];
    EXPECT_NEAR(*statistic(name, all), exact, exact * 0.0101) << name;
  }
  EXPECT_EQ(*statistic("p100", all), values.back());
  EXPECT_EQ(*statistic("p0", all), values.front());
}

TEST(Aggregates, AddUpToWhatOneWouldHaveSeen) {
  Aggregate one, two, all;
  for (const double value : {1.0, 1.0, 7.5}) one.add(Aggregate::of(value)), all.add(Aggregate::of(value));
  for (const double value : {0.0, 3.0}) two.add(Aggregate::of(value, 2)), all.add(Aggregate::of(value, 2));
  one.add(two);
  EXPECT_EQ(one, all);
  EXPECT_EQ(*statistic("SampleCount", all), 7);
  EXPECT_EQ(*statistic("Sum", all), 15.5);
  EXPECT_EQ(*statistic("Minimum", all), 0);
  EXPECT_EQ(*statistic("Maximum", all), 7.5);
  EXPECT_EQ(*statistic("Average", all), 15.5 / 7);
}

TEST(Aggregates, HavePercentilesOnlyWhereTheDistributionIsKnown) {
  Aggregate set = Aggregate::of_set(10, 50, 1, 9);
  EXPECT_FALSE(statistic("p50", set));
  set.add(Aggregate::of(3));
  EXPECT_FALSE(statistic("p50", set));
  EXPECT_EQ(*statistic("Sum", set), 53);
  EXPECT_EQ(*statistic("p90", Aggregate::of_set(10, 20, 2, 2)), 2) << "all of them are the same";
  EXPECT_FALSE(statistic("p50", Aggregate::of(-1)));
}

TEST(Aggregates, SurviveTheirText) {
  Aggregate many;
  for (int i = 0; i < 100; ++i) many.add(Aggregate::of(i * 0.37));
  for (const Aggregate& values : {Aggregate::of(0.1, 3), Aggregate::of_set(4, 8, 1, 3), many}) {
    const auto read = parse_aggregate(text_of(values));
    ASSERT_TRUE(read) << text_of(values);
    EXPECT_EQ(*read, values);
  }
  for (const char* bad : {"", "1 2 3", "1 2 3 4", "1 2 3 4 ", "0 0 0 0 -", "1 2 3 4 5", "1 2 3 4 1:1,1:1", "a b c d -",
                          "1 2 3 4 1:-1", "-1 2 3 4 -"}) {
    EXPECT_FALSE(parse_aggregate(bad)) << bad;
  }
}

TEST(Aggregates, KeepABoundedNumberOfBuckets) {
  Sketch sketch;
  for (int i = 0; i < 2000; ++i) sketch.add(std::pow(1.03, i - 1000), 1);
  EXPECT_EQ(sketch.buckets(), kMostSketchBuckets);
  const double exact = std::pow(1.03, 980);
  EXPECT_NEAR(sketch.percentile(99.05), exact, exact * 0.03) << "high percentiles stay";
}

TEST(Statistics, AreReadByTheirNames) {
  for (const char* name : {"p0", "p100", "p99.99", "p99.0123456789", "Average"})
    EXPECT_TRUE(Statistic::parse(name)) << name;
  for (const char* name : {"p", "p101", "p-1", "pa", "p99.01234567890", "average", ""}) {
    const auto parsed = Statistic::parse(name);
    ASSERT_FALSE(parsed) << name;
    EXPECT_EQ(parsed.error().code, "Statistic") << name;
  }
  for (const char* name : {"tm99", "wm95", "IQM", "TM(10%:90%)", "PR(:300)"}) {
    EXPECT_EQ(Statistic::parse(name).error().code, "Unsupported") << name;
  }
}

}  // namespace
}  // namespace weir::observe
