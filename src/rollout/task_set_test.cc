#include "rollout/task_set.h"

#include <gtest/gtest.h>

namespace weir::rollout {
namespace {

TEST(TaskSet, is_at_rest_once_exactly_its_tasks_are_there_and_serve) {
  const auto tasks = [](std::vector<Stage> stages) {
    std::vector<RollingTask> all;
    for (const auto stage : stages) all.push_back({"t" + std::to_string(all.size()), true, stage, {}});
    return all;
  };
  EXPECT_TRUE(is_at_rest(0, {}));
  EXPECT_TRUE(is_at_rest(2, tasks({Stage::serving, Stage::serving})));
  EXPECT_TRUE(is_at_rest(1, tasks({Stage::unsure}))) << "the proxy has started again";
  EXPECT_FALSE(is_at_rest(2, tasks({Stage::serving})));
  EXPECT_FALSE(is_at_rest(2, tasks({Stage::serving, Stage::up})));
  EXPECT_FALSE(is_at_rest(1, tasks({Stage::serving, Stage::stopping}))) << "one still drains";
  EXPECT_FALSE(is_at_rest(0, tasks({Stage::stopping})));
  EXPECT_FALSE(is_at_rest(1, tasks({Stage::unhealthy})));
}

}  // namespace
}  // namespace weir::rollout
