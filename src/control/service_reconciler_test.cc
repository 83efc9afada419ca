#include "control/service_reconciler.h"

#include <gtest/gtest.h>

#include "control/limits.h"
#include "control/service_events.h"
#include "control/test_time.h"

namespace weir::control {
namespace {

using model::Task;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(ServiceEventsTest, uses_the_words_of_aws) {
  const ServiceEvents events("web");
  EXPECT_EQ(events.started({"a", "b"}), "(service web) has started 2 tasks: (task a) (task b).");
  EXPECT_EQ(events.stopped({"a"}), "(service web) has stopped 1 running tasks: (task a).");
  EXPECT_EQ(events.registered(1, "arn"), "(service web) registered 1 targets in (target-group arn)");
  EXPECT_EQ(events.deregistered(2, "arn"), "(service web) deregistered 2 targets in (target-group arn)");
  EXPECT_EQ(events.draining(1), "(service web) has begun draining connections on 1 tasks.");
  EXPECT_EQ(events.unhealthy(80, "arn", "Timeout"),
            "(service web) (port 80) is unhealthy in (target-group arn) due to (reason Timeout)");
  EXPECT_EQ(events.failed_container_checks("1a"), "(service web) (task 1a) failed container health checks.");
  EXPECT_EQ(events.unable_to_place("x"), "(service web) was unable to place a task. Reason: x");
  EXPECT_EQ(events.deployment_completed("ecs-svc/1"), "(service web) (deployment ecs-svc/1) deployment completed.");
  EXPECT_EQ(events.deployment_failed("ecs-svc/2", "tasks failed to start."),
            "(service web) (deployment ecs-svc/2) deployment failed: tasks failed to start.");
  EXPECT_EQ(events.rolling_back("ecs-svc/1"), "(service web) rolling back to deployment ecs-svc/1.");
  EXPECT_EQ(events.steady(), "(service web) has reached a steady state.");
}

class ServiceReconcilerTest : public ::testing::Test {
 protected:
  ServiceReconcilerTest() {
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
                     .deployment_created_at = kNow};
    view_.definition = &definition_;
  }

  // A task as step_task() would give it.
  TaskStep& add_task(const std::string& id, const std::string& last_status, bool up = false) {
    TaskStep step;
    step.task.id = id;
    step.task.deployment = "ecs-svc/1";
    step.task.last_status = last_status;
    step.task.created_at = kNow;
    step.task.made = step.task.since = kNow;
    if (last_status == "RUNNING") step.task.started_at = kNow;
    if (last_status == "STOPPED") step.task.desired_status = "STOPPED";
    step.serves_now = up;
    return view_.tasks.emplace_back(std::move(step));
  }

  // One step; the view then holds its result, as the store would.
  ServiceStep step(TestTime now = kNow) {
    ServiceStep out = step_service(view_, now, random_);
    view_.service = out.service;
    view_.state = out.state;
    view_.tasks.clear();
    for (const auto& each : out.tasks) {
      view_.tasks.push_back({.task = each.task, .serves_now = each.serves_now});
    }
    for (const auto& task : out.started) view_.tasks.push_back({.task = task});
    return out;
  }
  void expect_at_rest(TestTime now = kNow) {
    const ServiceStep again = step(now);
    EXPECT_FALSE(again.state_changed);
    EXPECT_FALSE(again.service_changed);
    EXPECT_TRUE(again.started.empty());
    for (const auto& task : again.tasks) EXPECT_FALSE(task.changed);
  }

  model::ecs::TaskDefinition definition_;
  ServiceView view_;
  Random random_{3};
};

TEST_F(ServiceReconcilerTest, starts_what_is_wished_once) {
  view_.service.load_balancers.emplace_back().targetGroupArn = "arn:blue";
  const ServiceStep first = step();
  ASSERT_EQ(first.started.size(), 2u);
  const Task& task = first.started[0];
  EXPECT_EQ(task.id.size(), 32u);
  EXPECT_EQ(task.arn, "arn:aws:ecs:r:1:task/main/" + task.id);
  EXPECT_EQ(task.deployment, "ecs-svc/1");
  EXPECT_EQ(task.last_status, "PROVISIONING");
  EXPECT_EQ(task.containers[0].image, "web:1");
  EXPECT_EQ(task.targets[0].target_group, "arn:blue");
  EXPECT_EQ(task.targets[0].state, "waiting");
  EXPECT_EQ(first.state.deployments[0].pending_count, 2);
  EXPECT_EQ(first.state.deployments[0].rollout_state, "IN_PROGRESS");
  expect_at_rest();
}

TEST_F(ServiceReconcilerTest, is_steady_when_all_are_up_and_says_so_once) {
  add_task("a", "RUNNING", true);
  add_task("b", "RUNNING", true);
  const ServiceStep out = step();
  EXPECT_TRUE(out.state.steady);
  EXPECT_EQ(out.state.events.size(), 2u);
  EXPECT_EQ(out.state.running_count, 2);
  expect_at_rest();
}

TEST_F(ServiceReconcilerTest, tasks_started_together_fail_together) {
  step();
  for (auto& each : view_.tasks) {
    each.task.desired_status = each.task.last_status = "STOPPED";
    each.news = {{TaskNews::ended_early, ""}};
  }
  const ServiceStep out = step(kNow + seconds(1));
  EXPECT_EQ(out.state.failures_in_a_row, 1);
  EXPECT_EQ(out.state.deployments[0].failed_tasks, 2);
  EXPECT_EQ(out.started.size(), 2u);
}

TEST_F(ServiceReconcilerTest, a_back_off_says_when_it_is_over) {
  step();
  view_.state.failures_in_a_row = 4;
  view_.tasks[0].task.desired_status = view_.tasks[0].task.last_status = "STOPPED";
  view_.tasks[0].news = {{TaskNews::start_failed, ""}};
  const ServiceStep out = step(kNow + seconds(1));
  EXPECT_EQ(out.state.failures_in_a_row, 5);
  EXPECT_TRUE(out.started.empty());
  EXPECT_EQ(out.next, kNow + seconds(1) + seconds(8));
  EXPECT_EQ(step(kNow + seconds(9)).started.size(), 1u);
}

TEST_F(ServiceReconcilerTest, a_back_off_from_a_line_of_time_that_was_lost_does_not_last) {
  step();
  view_.tasks.clear();
  view_.state.failures_in_a_row = 2;
  view_.state.start_not_before = kNow + std::chrono::hours(24);
  EXPECT_EQ(step().started.size(), 2u);
}

TEST_F(ServiceReconcilerTest, a_task_without_balancer_proves_itself_by_running_on) {
  step();
  view_.state.failures_in_a_row = 3;
  for (auto& each : view_.tasks) {
    each.task.last_status = "RUNNING";
    each.task.started_at = kNow;
    each.serves_now = true;
  }
  const ServiceStep early = step(kNow + seconds(1));
  EXPECT_EQ(early.state.failures_in_a_row, 3);
  ASSERT_TRUE(early.next);
  EXPECT_EQ(step({early.next->millis}).state.failures_in_a_row, 0);
}

TEST_F(ServiceReconcilerTest, a_new_deployment_replaces_and_the_old_one_leaves_the_list_with_its_last_task) {
  add_task("a", "RUNNING", true);
  add_task("b", "RUNNING", true);
  step();
  view_.service.deployment_id = "ecs-svc/2";
  view_.service.deployment_created_at = kNow + seconds(1);
  const ServiceStep out = step(kNow + seconds(1));
  ASSERT_EQ(out.state.deployments.size(), 2u);
  EXPECT_EQ(out.state.deployments[0].id, "ecs-svc/2");
  EXPECT_EQ(out.state.deployments[0].status, "PRIMARY");
  EXPECT_EQ(out.state.deployments[1].status, "ACTIVE");
  EXPECT_EQ(out.state.deployments[1].running_count, 2);
  EXPECT_EQ(out.started.size(), 2u);
  EXPECT_FALSE(out.state.steady);
  expect_at_rest(kNow + seconds(1));
  for (auto& each : view_.tasks) {
    const bool old_one = each.task.deployment == "ecs-svc/1";
    each.task.last_status = old_one ? "STOPPED" : "RUNNING";
    if (old_one) each.task.desired_status = "STOPPED";
    each.task.started_at = kNow;
    each.serves_now = !old_one;
  }
  const ServiceStep last = step(kNow + seconds(2));
  EXPECT_EQ(last.state.deployments.size(), 1u);
  EXPECT_EQ(last.state.deployments[0].rollout_state, "COMPLETED");
}

TEST_F(ServiceReconcilerTest, keeps_its_newest_hundred_events) {
  for (int i = 0; i < 150; ++i) {
    view_.service.deployment_id = "ecs-svc/" + std::to_string(i);
    view_.tasks.clear();
    step(kNow + seconds(i));
  }
  EXPECT_EQ(view_.state.events.size(), kMostEvents);
  EXPECT_GT(view_.state.events[0].created_at, view_.state.events[99].created_at);
}

TEST_F(ServiceReconcilerTest, a_draining_service_starts_nothing_and_ends) {
  add_task("a", "RUNNING", true);
  step();
  view_.service.status = "DRAINING";
  const ServiceStep out = step();
  EXPECT_TRUE(out.started.empty());
  for (const auto& task : out.tasks) EXPECT_EQ(task.task.desired_status, "STOPPED");
  for (auto& each : view_.tasks) each.task.last_status = "STOPPED";
  EXPECT_EQ(step().service.status, "INACTIVE");
  EXPECT_FALSE(step(kNow + (kKeepEnded - milliseconds(1))).erase);
  EXPECT_TRUE(step(kNow + kKeepEnded).erase);
}

}  // namespace
}  // namespace weir::control
