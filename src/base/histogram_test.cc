#include "base/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/random.h"

namespace weir {
namespace {

TEST(HistogramTest, buckets_follow_one_another_without_gap_or_overlap) {
  std::uint64_t next = 0;
  for (unsigned bucket = 0; bucket < Histogram::kBuckets; ++bucket) {
    ASSERT_EQ(Histogram::low(bucket), next);
    next = Histogram::low(bucket) + Histogram::width(bucket);
    ASSERT_EQ(Histogram::bucket_of(Histogram::low(bucket)), bucket);
    ASSERT_EQ(Histogram::bucket_of(next - 1), bucket);
    if (bucket >= Histogram::kSub) {
      ASSERT_LE(Histogram::width(bucket) * Histogram::kSub, Histogram::low(bucket));
    }
  }
  EXPECT_EQ(next, Histogram::kLargest + 1);
  EXPECT_EQ(Histogram::bucket_of(~std::uint64_t{0}), Histogram::kBuckets - 1);
}

TEST(HistogramTest, percentiles_are_within_their_error_of_the_exact_ones) {
  Random random(7);
  Histogram histogram;
  std::vector<std::uint64_t> exact;
  std::uint64_t sum = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto bits = random.between(0, 31);  // every magnitude
    const auto value = static_cast<std::uint64_t>(random.between(0, (std::int64_t{1} << bits)));
    histogram.record(value);
    exact.push_back(value);
    sum += value;
  }
  std::ranges::sort(exact);
  EXPECT_EQ(histogram.count(), exact.size());
  EXPECT_EQ(histogram.sum(), sum);
  for (const double percent : {0.1, 1.0, 10.0, 50.0, 90.0, 99.0, 99.9, 100.0}) {
    const auto rank = static_cast<std::size_t>(percent / 100 * static_cast<double>(exact.size()));
    const auto truth = static_cast<double>(exact[rank - 1]);
    EXPECT_NEAR(static_cast<double>(histogram.percentile(percent)), truth, truth * 0.016 + 0.5) << percent;
  }
  for (const std::uint64_t bound : {0, 1, 31, 32, 64, 1 << 20}) {
    EXPECT_EQ(histogram.count_below(bound), std::ranges::lower_bound(exact, bound) - exact.begin()) << bound;
  }
}

TEST(HistogramTest, two_added_are_what_one_would_have_seen) {
  Histogram one, two, both;
  for (std::uint64_t value = 1; value < 1'000'000; value = value * 3 / 2 + 1) {
    (value % 2 == 0 ? one : two).record(value);
    both.record(value);
  }
  Histogram sum = one;
  sum.add(two);
  EXPECT_EQ(sum, both);
  EXPECT_FALSE(sum == one);
}

TEST(HistogramTest, nothing_seen_has_no_percentile) {
  Histogram histogram;
  EXPECT_EQ(histogram.percentile(99), 0u);
  histogram.record(5'000);
  histogram.reset();
  EXPECT_EQ(histogram.percentile(99), 0u);
  EXPECT_EQ(histogram, Histogram());
}

TEST(HistogramTest, comes_together_again_from_its_buckets) {
  Histogram histogram, again;
  for (std::uint64_t value = 1; value < 100'000; value *= 3) histogram.record(value);
  histogram.each([&](unsigned bucket, std::uint64_t count) { again.add(bucket, count); });
  again.add_sum(histogram.sum());
  EXPECT_EQ(again, histogram);
}

}  // namespace
}  // namespace weir
