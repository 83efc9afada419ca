#include <gtest/gtest.h>

#include "control/deployment_record.h"
#include "control/service_reconciler.h"
#include "control/test_time.h"

namespace weir::control {
namespace {

using std::chrono::seconds;

// A service at its second deployment, whose first was completed: two tasks of the old one serve.
class CircuitBreakerTest : public ::testing::Test {
 protected:
  CircuitBreakerTest() {
    auto& container = definition_.containerDefinitions.emplace().emplace_back();
    container.name = "app";
    container.image = "web:1";
    view_.service = {.scope = {"1", "r"},
                     .cluster = "main",
                     .name = "web",
                     .created_at = kNow,
                     .task_definition = "arn:1",
                     .desired_count = 2,
                     .deployment_id = "ecs-svc/1",
                     .deployment_created_at = kNow,
                     .revision_id = "1",
                     .service_deployment_id = "first"};
    view_.definition = &definition_;
    old_ = revision_of(view_.service);
    add_task("a", "ecs-svc/1", "RUNNING");
    add_task("b", "ecs-svc/1", "RUNNING");
    step();
    set_breaker(true, true);
    view_.service.task_definition = "arn:2";
    view_.service.deployment_id = "ecs-svc/2";
    view_.service.revision_id = "2";
    view_.service.service_deployment_id = "second";
    view_.record = model::ServiceDeployment{.id = "second",
                                            .created_at = kNow,
                                            .source_revision = "1",
                                            .target_revision = "2",
                                            .deployment_id = "ecs-svc/2",
                                            .breaker = "MONITORING"};
    view_.fallback = &old_;
  }

  void set_breaker(bool enable, bool rollback) {
    auto& breaker = view_.service.deployment_configuration.emplace().deploymentCircuitBreaker.emplace();
    breaker.enable = enable;
    breaker.rollback = rollback;
  }
  void add_task(const std::string& id, const std::string& deployment, const std::string& last_status) {
    TaskStep step;
    step.task.id = id;
    step.task.deployment = deployment;
    step.task.last_status = last_status;
    step.task.created_at = kNow;
    step.task.made = step.task.since = kNow;
    if (last_status == "RUNNING") step.task.since = kNow + (-seconds(60));
    if (last_status == "RUNNING") step.task.started_at = kNow + (-seconds(60));
    step.serves_now = last_status == "RUNNING";
    view_.tasks.push_back(std::move(step));
  }

  ServiceStep step() {
    ServiceStep out = step_service(view_, now_, random_);
    view_.service = out.service;
    view_.state = out.state;
    view_.record = out.record;
    view_.tasks.clear();
    for (const auto& each : out.tasks) view_.tasks.push_back({.task = each.task, .serves_now = each.serves_now});
    for (const auto& task : out.started) view_.tasks.push_back({.task = task});
    return out;
  }
  // Every task of the deployment that lives ends by itself; returns how many that were.
  int crash(const std::string& deployment, TaskNews news = TaskNews::ended_early) {
    int crashed = 0;
    for (auto& each : view_.tasks) {
      if (each.task.deployment != deployment || each.task.last_status == "STOPPED") continue;
      each.task.desired_status = each.task.last_status = "STOPPED";
      each.news = {{news, ""}};
      ++crashed;
    }
    return crashed;
  }
  // Crash after crash, with time for every back-off, until the deployment's end; returns how many crashed.
  int crash_until_it_ends(TaskNews news = TaskNews::ended_early) {
    int crashed = 0;
    for (int i = 0; i < 20 && crashed < 100; ++i) {
      step();
      if (view_.state.deployments.front().rollout_state != "IN_PROGRESS" ||
          view_.service.deployment_id != "ecs-svc/2") {
        break;
      }
      crashed += crash("ecs-svc/2", news);
      now_ = now_ + seconds(60);
    }
    return crashed;
  }
  std::vector<std::string> messages() {
    std::vector<std::string> all;
    for (const auto& event : view_.state.events) all.insert(all.begin(), event.message);
    return all;
  }
  int count_serving(const std::string& deployment) {
    int count = 0;
    for (const auto& each : view_.tasks) {
      if (each.task.deployment == deployment && each.task.desired_status == "RUNNING" && each.serves_now) ++count;
    }
    return count;
  }

  model::ecs::TaskDefinition definition_;
  model::ServiceRevision old_;
  ServiceView view_;
  TestTime now_ = kNow;
  Random random_{3};
};

TEST_F(CircuitBreakerTest, goes_back_to_the_completed_deployment_after_three_crashes) {
  EXPECT_EQ(view_.state.completed_deployment, "ecs-svc/1");
  EXPECT_EQ(crash_until_it_ends(), 4) << "two at a time";
  EXPECT_EQ(view_.service.task_definition, "arn:1");
  EXPECT_EQ(view_.service.deployment_id, "ecs-svc/1");
  EXPECT_EQ(view_.service.revision_id, "1");
  EXPECT_EQ(view_.record->status, "ROLLBACK_IN_PROGRESS");
  EXPECT_EQ(view_.record->breaker, "TRIGGERED");
  EXPECT_EQ(view_.record->breaker_failures, 4);
  EXPECT_EQ(view_.record->breaker_threshold, 3);
  EXPECT_EQ(view_.record->rollback_reason, "ECS deployment circuit breaker: tasks failed to start.");
  EXPECT_FALSE(view_.state.steady);

  step();
  const auto& back = view_.state.deployments.front();
  EXPECT_EQ(back.id, "ecs-svc/1");
  EXPECT_EQ(back.status, "PRIMARY");
  EXPECT_EQ(back.rollout_state, "COMPLETED");
  EXPECT_EQ(view_.state.deployments.size(), 1u) << "the failed one has no task left";
  EXPECT_EQ(view_.record->status, "ROLLBACK_SUCCESSFUL");
  EXPECT_EQ(count_serving("ecs-svc/1"), 2) << "the same two as ever";
  const auto all = messages();
  const std::vector<std::string> last(all.end() - 4, all.end());
  EXPECT_EQ(last, (std::vector<std::string>{
                      "(service web) (deployment ecs-svc/2) deployment failed: tasks failed to start.",
                      "(service web) rolling back to deployment ecs-svc/1.",
                      "(service web) (deployment ecs-svc/1) deployment completed.",
                      "(service web) has reached a steady state.",
                  }));
}

TEST_F(CircuitBreakerTest, says_while_it_goes_back_what_failed) {
  crash_until_it_ends();
  // One of the old tasks has gone meanwhile, and one of the new is still starting.
  for (auto& each : view_.tasks) {
    if (each.task.id == "a") each.task.desired_status = each.task.last_status = "STOPPED";
  }
  add_task("late", "ecs-svc/2", "PENDING");
  const ServiceStep out = step();
  ASSERT_EQ(out.state.deployments.size(), 2u);
  EXPECT_EQ(out.state.deployments[0].rollout_state, "IN_PROGRESS");
  EXPECT_EQ(out.state.deployments[0].rollout_state_reason,
            "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1.");
  EXPECT_EQ(out.state.deployments[1].status, "ACTIVE");
  EXPECT_EQ(out.state.deployments[1].rollout_state, "FAILED");
  EXPECT_EQ(out.state.deployments[1].rollout_state_reason, "ECS deployment circuit breaker: tasks failed to start.");
  ASSERT_EQ(out.started.size(), 1u) << "at once, without back-off";
  EXPECT_EQ(out.started[0].task_definition, "arn:1");
  for (const auto& each : out.tasks) {
    if (each.task.id == "late") {
      EXPECT_EQ(each.task.desired_status, "STOPPED");
    }
  }
}

TEST_F(CircuitBreakerTest, without_rollback_the_deployment_stays_failed_and_starts_nothing_more) {
  set_breaker(true, false);
  crash_until_it_ends();
  EXPECT_EQ(view_.service.deployment_id, "ecs-svc/2");
  EXPECT_EQ(view_.state.deployments.front().rollout_state, "FAILED");
  EXPECT_EQ(view_.record->status, "STOPPED");
  EXPECT_EQ(view_.record->status_reason, "ECS deployment circuit breaker: tasks failed to start.");
  now_ = now_ + std::chrono::hours(1);
  const ServiceStep later = step();
  EXPECT_TRUE(later.started.empty());
  EXPECT_FALSE(later.state_changed);
  EXPECT_EQ(later.state.deployments.front().rollout_state, "FAILED");
  EXPECT_EQ(count_serving("ecs-svc/1"), 2);
}

TEST_F(CircuitBreakerTest, without_a_completed_deployment_there_is_nothing_to_go_back_to) {
  view_.fallback = nullptr;
  crash_until_it_ends();
  EXPECT_EQ(view_.service.deployment_id, "ecs-svc/2");
  EXPECT_EQ(view_.record->status, "STOPPED");
  EXPECT_NE(messages().back().find("no rollback candidate was found"), std::string::npos);
}

TEST_F(CircuitBreakerTest, a_service_without_it_tries_for_ever) {
  set_breaker(false, true);
  EXPECT_GE(crash_until_it_ends(), 10);
  EXPECT_EQ(view_.state.deployments.front().rollout_state, "IN_PROGRESS");
}

TEST_F(CircuitBreakerTest, counts_tasks_that_could_not_be_started_and_those_that_ended_after_they_served) {
  EXPECT_EQ(crash_until_it_ends(TaskNews::start_failed), 4);
  EXPECT_EQ(view_.service.deployment_id, "ecs-svc/1");
}

TEST_F(CircuitBreakerTest, counts_tasks_that_fail_their_health_checks) {
  step();
  for (int i = 0; i < 2; ++i) {
    for (auto& each : view_.tasks) {
      if (each.task.deployment != "ecs-svc/2" || each.task.last_status == "STOPPED") continue;
      each.task.last_status = "RUNNING";
      each.task.started_at = now_;
      each.task.targets.resize(1);
      each.task.targets[0].state = "checking";
      each.task.targets[0].health = "unhealthy";
    }
    step();
    crash("ecs-svc/2");
    for (auto& each : view_.tasks) each.news.clear();
    now_ = now_ + seconds(60);
    step();
  }
  EXPECT_EQ(view_.service.deployment_id, "ecs-svc/1");
}

TEST_F(CircuitBreakerTest, a_task_without_balancer_has_to_run_a_while_before_the_deployment_is_completed) {
  step();
  for (auto& each : view_.tasks) {
    const bool fresh = each.task.deployment == "ecs-svc/2";
    each.task.last_status = fresh ? "RUNNING" : "STOPPED";
    if (!fresh) each.task.desired_status = "STOPPED";
    if (fresh) each.task.started_at = now_;
    each.serves_now = fresh;
  }
  const ServiceStep early = step();
  EXPECT_EQ(early.state.deployments.front().rollout_state, "IN_PROGRESS");
  ASSERT_TRUE(early.next);
  now_ = {early.next->millis};
  step();
  EXPECT_EQ(view_.state.deployments.front().rollout_state, "COMPLETED");
  EXPECT_EQ(view_.record->status, "SUCCESSFUL");
  EXPECT_EQ(view_.record->breaker, "MONITORING_COMPLETE");
  EXPECT_EQ(view_.state.completed_deployment, "ecs-svc/2");
}

TEST_F(CircuitBreakerTest, a_deployment_stopped_by_hand_is_left_as_it_is_or_goes_back) {
  step();
  EXPECT_EQ(view_.record->status, "IN_PROGRESS");
  const ServiceView going_on = view_;
  view_.service.stop_requested = "ABORT";
  view_.record->status = "STOP_REQUESTED";
  step();
  EXPECT_EQ(view_.service.stop_requested, "");
  EXPECT_EQ(view_.service.deployment_id, "ecs-svc/2");
  EXPECT_EQ(view_.record->status, "STOPPED");
  EXPECT_EQ(view_.state.deployments.front().rollout_state, "FAILED");

  view_ = going_on;
  view_.service.stop_requested = "ROLLBACK";
  view_.record->status = "ROLLBACK_REQUESTED";
  step();
  EXPECT_EQ(view_.service.deployment_id, "ecs-svc/1");
  EXPECT_EQ(view_.record->status, "ROLLBACK_IN_PROGRESS");
  EXPECT_EQ(view_.record->breaker, "MONITORING");
  step();
  for (auto& each : view_.tasks) {
    if (each.task.deployment == "ecs-svc/2") each.task.last_status = "STOPPED";
  }
  step();
  EXPECT_EQ(view_.record->status, "ROLLBACK_SUCCESSFUL");
  EXPECT_EQ(view_.record->breaker, "MONITORING_COMPLETE");
}

TEST_F(CircuitBreakerTest, a_deployment_that_the_service_goes_back_to_may_fail_as_well) {
  crash_until_it_ends();
  for (int i = 0; i < 6 && view_.record->status == "ROLLBACK_IN_PROGRESS"; ++i) {
    crash("ecs-svc/1", TaskNews::ended);
    step();
    now_ = now_ + seconds(60);
  }
  EXPECT_EQ(view_.record->status, "ROLLBACK_FAILED");
  EXPECT_EQ(view_.state.deployments.front().rollout_state, "FAILED");
  EXPECT_EQ(view_.service.deployment_id, "ecs-svc/1");
}

}  // namespace
}  // namespace weir::control
