// Through the whole of control: a task that belongs to no service, and a version that is taken back.
#include <gtest/gtest.h>

#include "control/control.h"
#include "control/test_world.h"

namespace weir::control {
namespace {

using route::BackendState;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::kScope;
using testing::TestWorld;

class RollbackTest : public ::testing::Test, protected TestWorld {
 protected:
  void SetUp() override {
    wish_definition(1);
    wish_definition(2, "web:2");
    wish_group("blue");
  }
};
class LoneTaskTest : public RollbackTest {};

TEST_F(LoneTaskTest, a_task_of_no_service_runs_with_its_overrides_and_is_kept_for_an_hour) {
  model::Task task{.scope = kScope, .cluster = "main", .id = std::string(32, 'a')};
  task.task_definition = testing::definition_arn("web", 1);
  task.created_at = clock.wall();
  task.containers.push_back({.name = "app"});
  auto& override = task.overrides.emplace().containerOverrides.emplace().emplace_back();
  override.name = "app";
  override.command = {"run", "once"};
  override.environment.emplace().push_back({.name = "MODE", .value = "batch"});
  wish(task);
  step();
  const auto& spec = runtime.specs.at(task.id).containers.at(0);
  EXPECT_EQ(spec.command, (std::vector<std::string>{"run", "once"}));
  EXPECT_EQ(spec.environment.at("MODE"), "batch");
  runtime.run(task.id);
  step();
  EXPECT_EQ(tasks("RUNNING").size(), 1u);
  restart();
  runtime.end(task.id, 3);
  step();
  ASSERT_EQ(tasks("STOPPED").size(), 1u);
  EXPECT_EQ(tasks()[0].stop_code, "EssentialContainerExited");
  EXPECT_EQ(tasks()[0].containers[0].exit_code, 3);
  EXPECT_TRUE(runtime.forgotten.contains(task.id));
  clock.advance(hours(1) - milliseconds(1));
  step();
  EXPECT_EQ(tasks().size(), 1u);
  clock.advance(milliseconds(1));
  step();
  EXPECT_EQ(tasks().size(), 0u);
}

TEST_F(RollbackTest, a_version_that_crashes_is_taken_back_also_by_a_control_made_anew) {
  const auto deploy = [&](int revision) {
    wish_service(2, revision, "blue");
    change_service([&](model::Service& service) {
      auto& breaker = service.deployment_configuration.emplace().deploymentCircuitBreaker.emplace();
      breaker.enable = breaker.rollback = true;
      service.revision_id = std::to_string(revision);
      service.service_deployment_id = "deployment-" + std::to_string(revision);
      wish(revision_of(service));
      wish(model::ServiceDeployment{.scope = kScope,
                                    .cluster = "main",
                                    .service = "web",
                                    .id = service.service_deployment_id,
                                    .target_revision = service.revision_id,
                                    .deployment_id = service.deployment_id});
    });
  };
  const auto record = [&](int revision) {
    const std::string key = kScope.prefix() + "main/web/deployment-" + std::to_string(revision);
    return MUST(store::load<model::ServiceDeployment>(store, key))->document;
  };
  deploy(1);
  settle();
  EXPECT_EQ(record(1).status, "SUCCESSFUL");
  const auto first = tasks("RUNNING");
  ASSERT_EQ(first.size(), 2u);

  deploy(2);
  for (int i = 0; i < 10 && record(2).status != "ROLLBACK_SUCCESSFUL"; ++i) {
    step();
    for (const auto& task : tasks()) {
      const bool fresh = task.task_definition == testing::definition_arn("web", 2);
      if (fresh && runtime.tasks.contains(task.id)) runtime.end(task.id, 1);
    }
    restart();
    step();
    acknowledge();
    clock.advance(seconds(60));
    step();
    acknowledge();
  }
  EXPECT_EQ(record(2).status, "ROLLBACK_SUCCESSFUL");
  EXPECT_EQ(record(2).rollback_revision, "1");
  EXPECT_EQ(state().deployments.size(), 1u);
  EXPECT_EQ(state().deployments[0].task_definition, testing::definition_arn("web", 1));
  ASSERT_EQ(tasks("RUNNING").size(), 2u);
  for (const auto& task : first) {
    EXPECT_EQ(backend_state(task.id), BackendState::serving) << "the same tasks serve all the time";
  }
}

}  // namespace
}  // namespace weir::control
