// What the health checks of containers mean to their service.
#include <gtest/gtest.h>

#include "control/test_world.h"

namespace weir::control {
namespace {

class ContainerHealthTest : public testing::TestWorld, public ::testing::Test {
 protected:
  ContainerHealthTest() { wish_definition(1); }
  std::string only_task() { return tasks().at(0).id; }
};

TEST_F(ContainerHealthTest, a_task_counts_only_once_its_containers_are_healthy) {
  using runtime::ContainerHealth;
  wish_service(1);
  step();
  const std::string id = only_task();
  runtime.run(id);
  auto& container = runtime.tasks[id].containers[0];
  container.health = ContainerHealth::unknown;
  step();
  EXPECT_EQ(tasks()[0].last_status, "RUNNING");
  EXPECT_EQ(model::health_of(tasks()[0]), "UNKNOWN");
  EXPECT_FALSE(state().steady);
  container.health = ContainerHealth::healthy;
  step();
  EXPECT_EQ(model::health_of(tasks()[0]), "HEALTHY");
  EXPECT_TRUE(state().steady);

  clock.advance(std::chrono::minutes(1));
  container.health = ContainerHealth::unhealthy;
  settle();
  const auto gone = tasks("STOPPED");
  ASSERT_EQ(gone.size(), 1u);
  EXPECT_EQ(gone[0].id, id);
  EXPECT_EQ(gone[0].stop_code, "ServiceSchedulerInitiated");
  EXPECT_EQ(gone[0].stopped_reason, "Task failed container health checks");
  EXPECT_TRUE(said("(task " + id + ") failed container health checks."));
  EXPECT_EQ(tasks("RUNNING").size(), 1u);
  EXPECT_EQ(state().failures_in_a_row, 0) << "it was healthy once";
}

TEST_F(ContainerHealthTest, tasks_that_never_get_healthy_are_started_ever_more_slowly) {
  wish_service(1);
  step();
  const std::string id = only_task();
  runtime.run(id);
  runtime.tasks[id].containers[0].health = runtime::ContainerHealth::unhealthy;
  clock.advance(std::chrono::minutes(2));
  settle();
  EXPECT_EQ(state().failures_in_a_row, 1);
  EXPECT_EQ(tasks("STOPPED").size(), 1u);
}

TEST_F(ContainerHealthTest, the_health_of_a_container_that_is_not_essential_ends_nothing) {
  wish_service(1);
  step();
  const std::string id = only_task();
  auto stored = tasks()[0];
  stored.containers[0].essential = false;
  wish(stored);
  runtime.run(id);
  runtime.tasks[id].containers[0].health = runtime::ContainerHealth::unhealthy;
  settle();
  EXPECT_EQ(model::health_of(tasks()[0]), "UNKNOWN");
  EXPECT_TRUE(state().steady);
}

}  // namespace
}  // namespace weir::control
