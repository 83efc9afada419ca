#include "runtime/health_tally.h"

#include <gtest/gtest.h>

namespace weir::runtime {
namespace {

using std::chrono::seconds;

// One letter a check, each five seconds after the last: + passed, - failed. Then the health after each: u + -
TEST(HealthTallyTest, one_success_is_healthy_and_failures_in_a_row_are_not) {
  const struct {
    int retries;
    int start_period;
    const char* checks;
    const char* health;
  } rows[] = {
      {1, 0, "+", "+"},
      {1, 0, "-", "-"},
      {3, 0, "---", "uu-"},
      {3, 0, "--+", "uu+"},
      {3, 0, "+--+---+", "++++++-+"},
      {2, 20, "-----", "uuuu-"},
      {2, 20, "+--", "++-"},
      {1, 15, "--+", "uu+"},
      {1, 15, "---", "uu-"},
  };
  for (const auto& row : rows) {
    HealthTally tally({.interval = seconds(5), .retries = row.retries, .start_period = seconds(row.start_period)});
    std::string health;
    for (const char* check = row.checks; *check; ++check) {
      tally.note(*check == '+', seconds(5 * (check - row.checks + 1)));
      health += tally.health() == ContainerHealth::healthy     ? '+'
                : tally.health() == ContainerHealth::unhealthy ? '-'
                                                               : 'u';
    }
    EXPECT_EQ(health, row.health) << row.checks << ", retries " << row.retries;
  }
}

TEST(HealthTallyTest, failures_before_the_first_interval_is_over_do_not_count) {
  HealthTally tally({.interval = seconds(30), .retries = 1});
  EXPECT_EQ(tally.pause(seconds(0)), seconds(1));
  tally.note(false, seconds(29));
  EXPECT_EQ(tally.health(), ContainerHealth::unknown);
  EXPECT_EQ(tally.pause(seconds(29)), seconds(1));
  EXPECT_EQ(tally.pause(seconds(30)), seconds(30));
  tally.note(true, seconds(29));
  EXPECT_EQ(tally.pause(seconds(29)), seconds(30));
}

}  // namespace
}  // namespace weir::runtime
