#include "rollout/backoff.h"

#include <gtest/gtest.h>

#include "rollout/limits.h"

namespace weir::rollout {
namespace {

using std::chrono::seconds;

TEST(BackoffTest, grows_from_nothing_to_the_longest_delay) {
  const struct {
    std::int32_t failures;
    seconds delay;
  } kRows[] = {
      {-1, seconds(0)}, {0, seconds(0)},  {1, seconds(0)},      {2, seconds(1)},      {3, seconds(2)},
      {4, seconds(4)},  {7, seconds(32)}, {8, kLongestBackoff}, {9, kLongestBackoff}, {2'000'000'000, kLongestBackoff}};
  for (const auto& row : kRows) EXPECT_EQ(backoff_delay(row.failures), row.delay) << row.failures;
}

}  // namespace
}  // namespace weir::rollout
