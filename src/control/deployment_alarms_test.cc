// Through the whole of control: deployments that watch alarms.
#include "control/deployment_alarms.h"

#include <gtest/gtest.h>

#include <utility>

#include "control/control.h"
#include "control/mirror.h"
#include "control/test_world.h"
#include "model/alarm_documents.h"

namespace weir::control {
namespace {

using std::chrono::seconds;
using testing::kScope;
using testing::TestWorld;

class DeploymentAlarms : public ::testing::Test, protected TestWorld {
 protected:
  void SetUp() override {
    wish_definition(1);
    wish_definition(2, "web:2");
    wish_group("blue");
    model::MetricAlarm alarm{.scope = kScope};
    alarm.alarm.AlarmName = "errors";
    alarm.alarm.Period = 10;
    alarm.alarm.EvaluationPeriods = 2;
    wish(alarm);
    alarm_is("OK");
    deploy(1);
    settle();
    clock.advance(seconds(60));
    settle();
    ASSERT_EQ(rollout(), "COMPLETED");
  }
  void alarm_is(const std::string& value) {
    wish(model::AlarmState{
        .scope = kScope, .name = "errors", .value = value, .updated = clock.wall(), .transitioned = clock.wall()});
  }
  void deploy(int revision, bool rollback = true, bool enable = true) {
    wish_service(2, revision, "blue");
    change_service([&](model::Service& service) {
      auto& alarms = service.deployment_configuration.emplace().alarms.emplace();
      alarms.alarmNames = {"errors", "absent"};
      alarms.enable = enable;
      alarms.rollback = rollback;
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
  }
  std::string rollout() { return state().deployments.at(0).rollout_state; }
  std::string primary() { return state().deployments.at(0).task_definition; }
  std::string record(int revision) {
    const std::string key = kScope.prefix() + "main/web/deployment-" + std::to_string(revision);
    return MUST(store::load<model::ServiceDeployment>(store, key))->document.status;
  }
};

TEST_F(DeploymentAlarms, a_composite_alarm_is_watched_as_long_as_those_that_it_is_made_of) {
  for (const auto& [name, rule] :
       {std::pair("any", "NOT OK(errors)"), std::pair("of-any", "ALARM(any) OR ALARM(absent)"),
        std::pair("itself", "ALARM(itself)")}) {
    model::MetricAlarm alarm{.scope = kScope};
    alarm.alarm.AlarmName = name;
    alarm.rule = rule;
    wish(alarm);
  }
  Mirror mirror(store, log);
  MUST(mirror.follow());
  const auto bake = [&](const char* name) {
    model::Service service{.scope = kScope};
    service.deployment_id = "new";
    auto& alarms = service.deployment_configuration.emplace().alarms.emplace();
    alarms.alarmNames = {name};
    alarms.enable = true;
    return alarm_bake_time(mirror, service, {});
  };
  EXPECT_EQ(bake("errors"), seconds(30));
  EXPECT_EQ(bake("any"), seconds(30));
  EXPECT_EQ(bake("of-any"), seconds(30));
  EXPECT_EQ(bake("itself"), seconds(0));
}

TEST_F(DeploymentAlarms, an_alarm_that_goes_off_takes_the_version_back) {
  clock.advance(seconds(1));
  deploy(2);
  step();
  EXPECT_EQ(rollout(), "IN_PROGRESS");
  clock.advance(seconds(1));
  alarm_is("ALARM");
  settle();
  EXPECT_EQ(primary(), testing::definition_arn("web", 1)) << "also while the alarm is in ALARM";
  EXPECT_EQ(rollout(), "COMPLETED");
  EXPECT_EQ(record(2), "ROLLBACK_SUCCESSFUL");
  EXPECT_TRUE(said("deployment failed: alarm detected."));
  EXPECT_TRUE(said("rolling back to deployment ecs-svc/"));
  EXPECT_FALSE(said("no rollback candidate"));
}

TEST_F(DeploymentAlarms, without_rollback_the_deployment_stays_failed) {
  clock.advance(seconds(1));
  deploy(2, false);
  step();
  alarm_is("ALARM");
  settle();
  EXPECT_EQ(rollout(), "FAILED");
  EXPECT_EQ(state().deployments.at(0).rollout_state_reason, "ECS deployment failed: alarm detected.");
  EXPECT_EQ(record(2), "STOPPED");
}

TEST_F(DeploymentAlarms, one_that_was_off_before_counts_once_it_has_been_something_else) {
  alarm_is("ALARM");
  clock.advance(seconds(1));
  deploy(2);
  settle();
  EXPECT_EQ(rollout(), "IN_PROGRESS") << "what is deployed may be what mends it";
  alarm_is("OK");
  step();
  clock.advance(seconds(1));
  alarm_is("ALARM");
  settle();
  EXPECT_EQ(primary(), testing::definition_arn("web", 1));
}

TEST_F(DeploymentAlarms, are_watched_for_a_while_after_the_last_task_has_started) {
  clock.advance(seconds(1));
  deploy(2);
  settle();
  EXPECT_EQ(tasks("RUNNING").size(), 2u);
  clock.advance(seconds(29));
  step();
  EXPECT_EQ(rollout(), "IN_PROGRESS");
  const auto next = step();
  ASSERT_TRUE(next);
  EXPECT_LE(*next - clock.now(), seconds(1)) << "it wakes by itself";
  clock.advance(seconds(1));
  step();
  EXPECT_EQ(rollout(), "COMPLETED");
  alarm_is("ALARM");
  settle();
  EXPECT_EQ(primary(), testing::definition_arn("web", 2)) << "nothing is deployed any more";
}

TEST_F(DeploymentAlarms, are_not_watched_where_they_are_not_enabled) {
  clock.advance(seconds(1));
  deploy(2, true, false);
  step();
  alarm_is("ALARM");
  settle();
  EXPECT_EQ(rollout(), "COMPLETED");
  EXPECT_EQ(primary(), testing::definition_arn("web", 2));
}

}  // namespace
}  // namespace weir::control
