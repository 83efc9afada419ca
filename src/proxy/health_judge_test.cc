#include "proxy/health_judge.h"

#include <gtest/gtest.h>

#include "proxy/limits.h"

namespace weir::proxy {
namespace {

using route::Health;

constexpr Instant kStart{std::chrono::seconds(100)};
const CheckOutcome kPass{.passed = true};
const CheckOutcome kMiss{.passed = false, .reason = "Timeout", .description = "Request timed out"};

route::HealthCheck check_of(unsigned healthy, unsigned unhealthy) {
  route::HealthCheck check;
  check.interval = milliseconds(1000);
  check.healthy_threshold = healthy;
  check.unhealthy_threshold = unhealthy;
  return check;
}

TEST(HealthJudgeTest, the_first_pass_of_a_new_backend_is_enough) {
  HealthJudge judge(check_of(5, 2), kStart);
  EXPECT_EQ(judge.health(), Health::unknown);
  EXPECT_TRUE(judge.judge(kPass, kStart));
  EXPECT_EQ(judge.health(), Health::healthy);
}

TEST(HealthJudgeTest, thresholds_count_afterwards) {
  HealthJudge judge(check_of(3, 2), kStart);
  Instant now = kStart;
  const auto step = [&](const CheckOutcome& outcome) { return judge.judge(outcome, now += milliseconds(1000)); };
  step(kPass);
  EXPECT_FALSE(step(kMiss));
  EXPECT_FALSE(step(kPass));  // a pass between starts the count anew
  EXPECT_FALSE(step(kMiss));
  EXPECT_TRUE(step(kMiss));
  EXPECT_EQ(judge.health(), Health::unhealthy);
  EXPECT_EQ(judge.reason(), "Timeout");
  EXPECT_FALSE(step(kPass));
  EXPECT_FALSE(step(kPass));
  EXPECT_EQ(judge.health(), Health::unhealthy);
  EXPECT_TRUE(step(kPass));
  EXPECT_EQ(judge.health(), Health::healthy);
  EXPECT_EQ(judge.reason(), "");
}

TEST(HealthJudgeTest, a_starting_backend_is_tried_often_but_condemned_only_by_the_interval) {
  HealthJudge judge(check_of(5, 2), kStart);
  Instant now = kStart;
  int checks = 0;
  while (judge.health() == Health::unknown && checks < 100) {
    judge.judge(kMiss, now);
    ++checks;
    const Instant next = judge.next_check(now);
    EXPECT_LE(next - now, kRetryCeiling);
    now = next;
  }
  EXPECT_EQ(judge.health(), Health::unhealthy);
  EXPECT_GE(now - kStart, milliseconds(2000));
  EXPECT_GE(checks, 8);
  EXPECT_TRUE(judge.judge(kPass, now));
  EXPECT_EQ(judge.health(), Health::healthy);
  EXPECT_EQ(judge.next_check(now) - now, milliseconds(1000));
}

TEST(HealthJudgeTest, a_backend_that_is_not_checked_is_healthy) {
  route::HealthCheck none;
  none.protocol = route::HealthProtocol::none;
  EXPECT_EQ(HealthJudge(none, kStart).health(), Health::healthy);
}

TEST(HealthJudgeTest, checks_of_many_backends_do_not_go_in_step) {
  Random random(7);
  std::vector<Instant> next;
  for (int i = 0; i < 100; ++i) next.push_back(out_of_step(kStart, kStart + milliseconds(1000), random));
  std::ranges::sort(next);
  EXPECT_GE(next.front(), kStart + milliseconds(900));
  EXPECT_LE(next.back(), kStart + milliseconds(1000));
  EXPECT_GT(next.back() - next.front(), milliseconds(80));
  EXPECT_EQ(std::ranges::adjacent_find(next), next.end());
}

TEST(CodeMatcherTest, knows_single_codes_lists_and_ranges) {
  struct Row {
    const char* matcher;
    unsigned code;
    bool fits;
  };
  const Row rows[] = {{"200", 200, true},      {"200", 201, false},    {"200-299", 299, true},
                      {"200-299", 300, false}, {"200,302", 302, true}, {"200,302", 301, false},
                      {"0-99", 0, true},       {"12", 12, true},       {"", 200, false},
                      {"abc", 200, false},     {"200-x", 200, false},  {"1,200-202", 201, true}};
  for (const Row& row : rows) EXPECT_EQ(code_matches(row.matcher, row.code), row.fits) << row.matcher << row.code;
}

}  // namespace
}  // namespace weir::proxy
