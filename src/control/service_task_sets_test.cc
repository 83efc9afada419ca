// Task sets through control as a whole: real documents, a fake runtime and a proxy that says what a test wants.
#include <gtest/gtest.h>

#include "control/test_world.h"

namespace weir::control {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::definition_arn;
using testing::group_arn;
using testing::kScope;
using testing::TestWorld;

class TaskSetsTest : public ::testing::Test, protected TestWorld {
 protected:
  void SetUp() override {
    for (int revision = 1; revision <= 2; ++revision) wish_definition(revision, "web:" + std::to_string(revision));
    wish_group("blue");
    wish_group("green");
    model::Service service{.scope = kScope, .cluster = "main", .name = "web"};
    service.created_at = clock.wall();
    service.desired_count = 2;
    service.launch_type.clear();
    service.controller = "EXTERNAL";
    wish(service);
  }
  void wish_set(const std::string& id, int revision, double percent, const std::string& group = "") {
    change_service([&](model::Service& service) {
      model::TaskSet set{.id = id, .task_definition = definition_arn("web", revision), .percent = percent};
      set.created_at = set.updated_at = clock.wall();
      if (!group.empty()) {
        auto& balancer = set.load_balancers.emplace_back();
        balancer.targetGroupArn = group_arn(group);
        balancer.containerName = "app";
        balancer.containerPort = 8080;
      }
      service.task_sets.push_back(set);
    });
  }
  void change_set(const std::string& id, const std::function<void(model::TaskSet&)>& change) {
    change_service([&](model::Service& service) {
      for (auto& set : service.task_sets) {
        if (set.id == id) change(set);
      }
    });
  }
  std::vector<model::Task> tasks_of(const std::string& set, const std::string& status = "RUNNING") {
    auto all = tasks(status);
    std::erase_if(all, [&](const auto& task) { return task.task_set != set; });
    return all;
  }
  model::TaskSetState set_state(const std::string& id) {
    for (const auto& each : state().task_sets) {
      if (each.id == id) return each;
    }
    ADD_FAILURE() << "no set " << id;
    return {};
  }
  std::vector<model::TaskSet> wished_sets() {
    return MUST(store::load<model::Service>(store, kScope.prefix() + "main/web"))->document.task_sets;
  }
};

TEST_F(TaskSetsTest, each_keeps_its_share_from_its_own_definition_in_its_own_group) {
  wish_set("ecs-svc/1", 1, 100, "blue");
  wish_set("ecs-svc/2", 2, 50, "green");
  settle();
  ASSERT_EQ(tasks_of("ecs-svc/1").size(), 2u);
  ASSERT_EQ(tasks_of("ecs-svc/2").size(), 1u);
  const auto green = tasks_of("ecs-svc/2")[0];
  EXPECT_EQ(green.task_definition, definition_arn("web", 2));
  EXPECT_EQ(green.targets.at(0).target_group, group_arn("green"));
  EXPECT_EQ(green.deployment, "ecs-svc/2") << "startedBy";
  EXPECT_EQ(green.service, "web");
  EXPECT_EQ(green.launch_type, "EC2");
  EXPECT_EQ(set_state("ecs-svc/1").running_count, 2);
  EXPECT_EQ(set_state("ecs-svc/1").stability, "STEADY_STATE");
  EXPECT_EQ(set_state("ecs-svc/2").computed_desired_count, 1);
  EXPECT_EQ(state().running_count, 3);
  EXPECT_TRUE(state().deployments.empty());
  EXPECT_EQ(state().events.front().message, "(service web) has reached a steady state.");
  EXPECT_TRUE(said("has started 2 tasks"));
  bool named = false;
  for (const auto& event : state().events) {
    named |= event.message.starts_with("(service web, taskSet ecs-svc/2) registered 1 targets in (target-group " +
                                       group_arn("green") + ")");
  }
  EXPECT_TRUE(named) << "events name the set";
}

TEST_F(TaskSetsTest, is_steady_only_once_its_tasks_serve) {
  wish_set("ecs-svc/1", 1, 100, "blue");
  health = route::Health::unknown;
  settle();
  EXPECT_EQ(set_state("ecs-svc/1").running_count, 2);
  EXPECT_EQ(set_state("ecs-svc/1").stability, "STABILIZING");
  clock.advance(seconds(5));
  health = route::Health::healthy;
  settle();
  EXPECT_EQ(set_state("ecs-svc/1").stability, "STEADY_STATE");
  EXPECT_EQ(set_state("ecs-svc/1").stability_at, clock.wall());
}

TEST_F(TaskSetsTest, scaled_down_its_tasks_drain_before_they_are_told_to_stop) {
  wish_set("ecs-svc/1", 1, 100, "blue");
  settle();
  const std::string id = tasks_of("ecs-svc/1")[0].id;
  for (const auto& task : tasks()) active_of[task.id] = 1;
  acknowledge();
  change_set("ecs-svc/1", [](auto& set) { set.percent = 0; });
  settle();
  EXPECT_EQ(backend_state(id), route::BackendState::draining);
  EXPECT_TRUE(runtime.sigterm.empty()) << "requests are in flight";
  EXPECT_EQ(set_state("ecs-svc/1").stability, "STABILIZING");
  active_of.clear();
  settle();
  EXPECT_EQ(tasks_of("ecs-svc/1", "STOPPED").size(), 2u);
  EXPECT_EQ(set_state("ecs-svc/1").stability, "STEADY_STATE");
  EXPECT_EQ(wished_sets().size(), 1u) << "it is still there";
}

TEST_F(TaskSetsTest, a_deleted_one_is_gone_once_its_last_task_has_ended) {
  wish_set("ecs-svc/1", 1, 100, "blue");
  wish_set("ecs-svc/2", 2, 100, "green");
  settle();
  for (const auto& task : tasks_of("ecs-svc/1")) active_of[task.id] = 1;
  acknowledge();
  change_set("ecs-svc/1", [](auto& set) { set.status = "DRAINING"; });
  settle();
  EXPECT_EQ(wished_sets().size(), 2u);
  active_of.clear();
  settle();
  ASSERT_EQ(wished_sets().size(), 1u);
  EXPECT_EQ(wished_sets()[0].id, "ecs-svc/2");
  EXPECT_EQ(state().task_sets.size(), 1u);
  EXPECT_EQ(tasks_of("ecs-svc/2").size(), 2u) << "the other did not notice";
}

TEST_F(TaskSetsTest, a_task_that_ends_is_replaced_and_one_sets_failures_are_its_own) {
  wish_set("ecs-svc/1", 1, 100);
  wish_set("ecs-svc/2", 2, 50);
  settle();
  clock.advance(minutes(1));
  runtime.end(tasks_of("ecs-svc/1")[0].id, 0);
  settle();
  EXPECT_EQ(tasks_of("ecs-svc/1").size(), 2u);
  EXPECT_EQ(set_state("ecs-svc/1").failures_in_a_row, 0) << "it had proved itself";
  runtime.end(tasks_of("ecs-svc/2")[0].id, 0);
  step();
  for (const auto& id : runtime.list()) {
    if (runtime.tasks[id].phase == runtime::TaskPhase::starting) runtime.end(id, 1);
  }
  step();
  EXPECT_EQ(set_state("ecs-svc/2").failures_in_a_row, 1);
  EXPECT_EQ(set_state("ecs-svc/1").failures_in_a_row, 0);
}

TEST_F(TaskSetsTest, a_task_that_crashes_at_once_is_started_ever_more_slowly) {
  wish_set("ecs-svc/2", 2, 50);
  step();
  int starts = 0;
  for (int i = 0; i < 40; ++i) {
    step();
    for (const auto& id : runtime.list()) {
      if (runtime.tasks[id].phase == runtime::TaskPhase::starting) {
        runtime.end(id, 1);
        ++starts;
      }
    }
    clock.advance(std::chrono::milliseconds(100));
  }
  EXPECT_GE(set_state("ecs-svc/2").failures_in_a_row, 3);
  EXPECT_LE(starts, 5) << "after 0, 1 and 2 seconds";
  EXPECT_TRUE(said("is unable to consistently start tasks successfully"));
}

TEST_F(TaskSetsTest, a_service_that_is_deleted_drains_them_all_and_ends) {
  wish_set("ecs-svc/1", 1, 100, "blue");
  wish_set("ecs-svc/2", 2, 100, "green");
  settle();
  change_service([](model::Service& service) {
    service.status = "DRAINING";
    service.desired_count = 0;
    for (auto& set : service.task_sets) set.status = "DRAINING";
  });
  settle();
  EXPECT_EQ(tasks("STOPPED").size(), 4u);
  const auto service = MUST(store::load<model::Service>(store, kScope.prefix() + "main/web"))->document;
  EXPECT_EQ(service.status, "INACTIVE");
  EXPECT_TRUE(service.task_sets.empty());
  clock.advance(std::chrono::hours(2));
  settle();
  EXPECT_FALSE(MUST(store::load<model::Service>(store, kScope.prefix() + "main/web")));
}

TEST_F(TaskSetsTest, control_that_dies_goes_on_where_it_was) {
  wish_set("ecs-svc/1", 1, 100, "blue");
  settle();
  const int starts = runtime.starts;
  const auto before = store.revision();
  restart();
  settle();
  EXPECT_EQ(runtime.starts, starts);
  EXPECT_EQ(store.revision(), before) << "there was nothing to decide";
}

TEST_F(TaskSetsTest, a_task_of_no_set_is_let_go) {
  wish_set("ecs-svc/1", 1, 100);
  settle();
  change_service([](model::Service& service) { service.task_sets.clear(); });
  settle();
  EXPECT_EQ(tasks("STOPPED").size(), 2u);
}

}  // namespace
}  // namespace weir::control
