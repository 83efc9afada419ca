#include "rollout/fleet.h"

#include <gtest/gtest.h>

namespace weir::rollout {
namespace {

std::vector<RollingTask> fleet_of(const std::string& stages) {
  std::vector<RollingTask> tasks;
  for (const char stage : stages) {
    const std::string id = std::to_string(tasks.size());
    const Stage means = stage == 'x'   ? Stage::unhealthy
                        : stage == 's' ? Stage::starting
                        : stage == 'u' ? Stage::up
                        : stage == 'S' ? Stage::serving
                        : stage == '?' ? Stage::unsure
                                       : Stage::stopping;
    tasks.push_back({.id = id, .stage = means, .made = {static_cast<std::int64_t>(tasks.size())}});
  }
  return tasks;
}

TEST(FleetTest, comes_to_the_wished_number) {
  struct Row {
    const char* tasks;
    std::int32_t wanted;
    bool may_start;
    std::int32_t start;
    const char* stop;
    const char* why;
  };
  const Row rows[] = {
      {"", 3, true, 3, "", "all of them"},
      {"", 3, false, 0, "", "none while a back-off lasts"},
      {"sS", 3, true, 1, "", "what is missing"},
      {"SSS", 3, true, 0, "", "nothing more"},
      {"SxS", 3, true, 1, "1", "an unhealthy one is replaced"},
      {"SxS", 3, false, 0, "1", "and goes without that too"},
      {"S-S", 3, true, 1, "", "one that stops does not count"},
      {"SsSu", 2, true, 0, "13", "first those that do not serve, as far as they have come"},
      {"SSS", 1, true, 0, "01", "then the oldest"},
      {"S?S", 1, true, 0, "02", "one that the proxy has yet to speak of goes last"},
      {"Ss?u-", 0, true, 0, "1302", "to its end"},
  };
  for (const Row& row : rows) {
    const FleetPlan plan = plan_fleet(row.wanted, row.may_start, fleet_of(row.tasks));
    EXPECT_EQ(plan.start, row.start) << row.why;
    std::string stop;
    for (const auto& id : plan.stop) stop += id;
    EXPECT_EQ(stop, row.stop) << row.why;
  }
}

TEST(FleetTest, counts_those_that_serve) {
  EXPECT_EQ(count_serving(fleet_of("xsuSS?-")), 2);
  EXPECT_EQ(count_serving({}), 0);
}

}  // namespace
}  // namespace weir::rollout
