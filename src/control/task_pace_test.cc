#include <gtest/gtest.h>

#include "control/limits.h"
#include "control/task_reconciler.h"
#include "control/test_time.h"

namespace weir::control {
namespace {

using std::chrono::seconds;

// What `last` and the instance's health are at each second, the runtime being as quick as it can.
std::vector<std::string> life_of_paced(Duration pace, int length) {
  model::Task task;
  task.id = "t";
  task.containers = {{.name = "app", .image = "", .image_digest = "", .reason = "", .health = ""}};
  task.registries = {{.service = "srv-1", .container = "", .external_id = ""}};
  runtime::TaskObservation seen{.id = "t", .phase = runtime::TaskPhase::running};
  seen.containers.push_back({.name = "app", .running = true});
  std::vector<std::string> life;
  for (int second = 0; second < length; ++second) {
    TaskView view{.observation = &seen};
    view.pace = pace;
    for (bool changed = true; changed;) {
      const TaskStep step = step_task(task, view, kNow + seconds(second));
      changed = step.changed;
      task = step.task;
    }
    life.push_back(task.last_status + " " + task.registries[0].health);
  }
  return life;
}

TEST(TaskPace, is_as_quick_as_it_can_be_without_one) {
  EXPECT_EQ(life_of_paced({}, 1), std::vector<std::string>{"RUNNING HEALTHY"});
}

TEST(TaskPace, shows_each_state_to_those_who_look_now_and_then) {
  const auto life = life_of_paced(kPace, 22);
  for (const int second : {0, 2}) EXPECT_EQ(life[static_cast<std::size_t>(second)], "PROVISIONING UNHEALTHY");
  for (const int second : {3, 5}) EXPECT_EQ(life[static_cast<std::size_t>(second)], "PENDING UNHEALTHY");
  for (const int second : {6, 8}) EXPECT_EQ(life[static_cast<std::size_t>(second)], "ACTIVATING UNHEALTHY");
  for (const int second : {9, 20}) EXPECT_EQ(life[static_cast<std::size_t>(second)], "RUNNING UNHEALTHY");
  EXPECT_EQ(life[21], "RUNNING HEALTHY");
}

TEST(TaskPace, says_when_to_look_again) {
  model::Task task;
  const runtime::TaskObservation seen{.id = "t", .phase = runtime::TaskPhase::running};
  TaskView view{.observation = &seen};
  view.pace = seconds(3);
  EXPECT_EQ(step_task(task, view, kNow).next, kNow + seconds(3));
}

}  // namespace
}  // namespace weir::control
