// Deployments in stages through control as a whole: real documents, a fake runtime and a proxy that says what a test
// wants it to say.
#include "control/staged_rollout.h"

#include <gtest/gtest.h>

#include "control/limits.h"
#include "control/test_world.h"

namespace weir::control {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::group_arn;
using testing::kScope;
using testing::TestWorld;

constexpr const char* kListener = "arn:aws:elasticloadbalancing:eu-west-1:000000000000:listener/app/front/1/2";
constexpr const char* kRule = "arn:aws:elasticloadbalancing:eu-west-1:000000000000:listener-rule/app/front/1/2/3";
constexpr const char* kBalancer = "arn:aws:elasticloadbalancing:eu-west-1:000000000000:loadbalancer/app/front/1";

class StagedRolloutTest : public ::testing::Test, protected TestWorld {
 protected:
  void SetUp() override {
    for (int revision = 1; revision <= 3; ++revision) wish_definition(revision, "web:" + std::to_string(revision));
    wish_group("blue", "0");
    wish_group("green", "0");
    model::LoadBalancer balancer{.scope = kScope};
    balancer.balancer.LoadBalancerArn = kBalancer;
    balancer.balancer.LoadBalancerName = "front";
    balancer.balancer.Type = "application";
    wish(balancer);
    model::Listener listener{.scope = kScope};
    listener.listener.ListenerArn = kListener;
    listener.listener.LoadBalancerArn = kBalancer;
    listener.listener.Port = 8080;
    listener.listener.Protocol = "HTTP";
    listener.listener.DefaultActions = forward(1, 0);
    wish(listener);
    wish_rule(1, 0);
    configuration_.strategy = "BLUE_GREEN";
    configuration_.bakeTimeInMinutes = 5;
    begin(1);
    settle();
  }

  static Actions forward(std::int32_t blue, std::int32_t green) {
    model::elbv2::Action action{.Type = "forward"};
    auto& groups = action.ForwardConfig.emplace().TargetGroups.emplace();
    groups.push_back({group_arn("blue"), blue});
    groups.push_back({group_arn("green"), green});
    return {action};
  }
  void wish_rule(std::int32_t blue, std::int32_t green) {
    model::Rule rule{.scope = kScope, .balancer = kBalancer, .listener = kListener, .priority = 1};
    rule.rule.RuleArn = kRule;
    rule.rule.Actions = forward(blue, green);
    wish(rule);
  }
  // What the façade writes when somebody deploys `revision`.
  void begin(int revision) {
    wish_service(2, revision, "blue");
    change_service([&](model::Service& service) {
      auto& advanced = service.load_balancers[0].advancedConfiguration.emplace();
      advanced.alternateTargetGroupArn = group_arn("green");
      advanced.productionListenerRule = kRule;
      service.deployment_configuration = configuration_;
      service.revision_id = std::to_string(revision);
      service.service_deployment_id = "d" + std::to_string(revision);
      service.arn = "arn:aws:ecs:eu-west-1:000000000000:service/main/web";
      model::ServiceRevision document = revision_of(service);
      document.arn = "r" + service.revision_id;
      wish(document);
      wish(model::ServiceDeployment{.scope = kScope,
                                    .cluster = "main",
                                    .service = "web",
                                    .id = service.service_deployment_id,
                                    .created_at = clock.wall(),
                                    .source_revision = state_revision(),
                                    .target_revision = service.revision_id,
                                    .deployment_id = service.deployment_id});
    });
  }
  std::string state_revision() {
    const auto found = MUST(store::load<model::ServiceState>(store, kScope.prefix() + "main/web"));
    return found ? found->document.completed_revision : "";
  }
  model::ServiceDeployment record(int revision) {
    return MUST(store::load<model::ServiceDeployment>(store, kScope.prefix() + "main/web/d" + std::to_string(revision)))
        ->document;
  }
  std::string stage() { return state().staged ? state().staged->stage : "none"; }
  // Of the rule: blue's and green's.
  std::string weights() {
    const auto rule = MUST(store::load<model::Rule>(store, kScope.prefix() + kRule));
    std::string text;
    for (const auto& each : *(*rule->document.rule.Actions)[0].ForwardConfig->TargetGroups) {
      text += std::to_string(*each.Weight) + " ";
    }
    return text;
  }
  int running(int revision) {
    int count = 0;
    for (const auto& task : tasks("RUNNING")) count += task.task_definition == testing::definition_arn("web", revision);
    return count;
  }
  // Its tasks end by themselves.
  void lose(int revision) {
    for (const auto& task : tasks("RUNNING")) {
      if (task.task_definition == testing::definition_arn("web", revision)) runtime.end(task.id, 137);
    }
  }
  void deploy(int revision) {
    begin(revision);
    settle();
  }

  model::ecs::DeploymentConfiguration configuration_;
};

TEST_F(StagedRolloutTest, the_first_deployment_takes_the_primary_group) {
  EXPECT_EQ(stage(), "none");
  EXPECT_EQ(weights(), "100 0 ");
  EXPECT_TRUE(state().steady);
  EXPECT_EQ(state().completed_groups, std::vector{group_arn("blue")});
  EXPECT_EQ(record(1).status, "SUCCESSFUL");
  EXPECT_EQ(record(1).lifecycle_stage, "CLEAN_UP");
}

// All stages pass in one turn, and what one of them wished is not left behind by the next.
TEST_F(StagedRolloutTest, a_first_deployment_leaves_a_rule_that_leads_to_its_group_already) {
  model::StagedDeployment staged{.deployment = "ecs-svc/1", .stage = "SCALE_UP"};
  staged.configuration.strategy = "BLUE_GREEN";
  staged.routes = {{.production_rule = kRule, .green_group = group_arn("green"), .blue_group = group_arn("blue")}};
  const model::Service service;
  const std::vector<HookReply> replies;
  const RouteViews routes{{kRule, {forward(0, 100), true}}};
  const StagedStep step = advance_staged(
      staged,
      {.service = service, .routes = routes, .replies = replies, .facts = {.green_serves = true, .old_gone = true}},
      random);
  EXPECT_TRUE(step.over);
  EXPECT_TRUE(step.routes.empty());
}

TEST_F(StagedRolloutTest, blue_stays_until_the_bake_is_over) {
  deploy(2);
  EXPECT_EQ(stage(), "BAKE_TIME");
  EXPECT_EQ(weights(), "0 100 ");
  EXPECT_EQ(running(1), 2);
  EXPECT_EQ(running(2), 2);
  clock.advance(minutes(5) - seconds(1));
  settle();
  EXPECT_EQ(running(1), 2);
  clock.advance(seconds(1));
  settle();
  EXPECT_EQ(running(1), 0);
  EXPECT_EQ(running(2), 2);
  EXPECT_EQ(stage(), "none");
  EXPECT_EQ(record(2).status, "SUCCESSFUL");
  EXPECT_TRUE(state().steady);
  deploy(3);
  EXPECT_EQ(weights(), "100 0 ") << "the groups take turns";
}

TEST_F(StagedRolloutTest, nothing_shifts_before_all_of_green_serves_and_no_stage_ends_before_every_worker_knows) {
  health = route::Health::unknown;
  for (const auto& task : tasks()) health_of[task.id] = route::Health::healthy;
  deploy(2);
  EXPECT_EQ(stage(), "SCALE_UP");
  EXPECT_EQ(weights(), "100 0 ");
  health = route::Health::healthy;
  acknowledge();
  step();
  acknowledge();
  step();
  EXPECT_EQ(stage(), "PRODUCTION_TRAFFIC_SHIFT");
  EXPECT_EQ(weights(), "0 100 ");
  step();
  EXPECT_EQ(stage(), "PRODUCTION_TRAFFIC_SHIFT") << "some worker may still send to blue";
  acknowledge();
  step();
  EXPECT_EQ(stage(), "BAKE_TIME");
}

TEST_F(StagedRolloutTest, goes_back_at_once_and_ends_green_when_every_worker_knows) {
  deploy(2);
  change_service([](model::Service& service) { service.stop_requested = "ROLLBACK"; });
  step();
  EXPECT_EQ(weights(), "100 0 ");
  EXPECT_EQ(record(2).status, "ROLLBACK_IN_PROGRESS");
  EXPECT_TRUE(runtime.sigterm.empty()) << "some worker may still send to green";
  settle();
  EXPECT_EQ(running(1), 2);
  EXPECT_EQ(running(2), 0);
  EXPECT_EQ(record(2).status, "ROLLBACK_SUCCESSFUL");
  EXPECT_EQ(record(2).production_percent, 0);
  EXPECT_EQ(stage(), "none");
  EXPECT_TRUE(state().steady);
}

TEST_F(StagedRolloutTest, an_abort_leaves_both_as_they_are) {
  configuration_.strategy = "CANARY";
  deploy(2);
  EXPECT_EQ(weights(), "95 5 ");
  change_service([](model::Service& service) { service.stop_requested = "ABORT"; });
  settle();
  EXPECT_EQ(record(2).status, "STOPPED");
  EXPECT_EQ(weights(), "95 5 ");
  EXPECT_EQ(running(1), 2);
  EXPECT_EQ(running(2), 2);
  configuration_.strategy = "BLUE_GREEN";
  configuration_.bakeTimeInMinutes = 0;
  deploy(3);
  EXPECT_EQ(running(3), 2);
  EXPECT_EQ(running(1) + running(2), 0);
  EXPECT_EQ(record(3).status, "SUCCESSFUL");
}

TEST_F(StagedRolloutTest, a_newer_deployment_first_gives_traffic_back) {
  configuration_.strategy = "LINEAR";
  deploy(2);
  EXPECT_EQ(weights(), "90 10 ");
  begin(3);
  step();
  EXPECT_EQ(weights(), "100 0 ");
  EXPECT_EQ(running(2), 2) << "some worker may still send to it";
  settle();
  EXPECT_EQ(running(2), 0);
  EXPECT_EQ(running(3), 2);
  EXPECT_EQ(weights(), "90 10 ");
}

TEST_F(StagedRolloutTest, a_newer_deployment_gives_no_traffic_back_to_where_nobody_is) {
  configuration_.strategy = "LINEAR";
  deploy(2);
  lose(1);
  begin(3);
  step();
  EXPECT_EQ(weights(), "90 10 ") << "green serves, and blue is gone";
  clock.advance(kBlueBackoff);
  step();
  EXPECT_EQ(weights(), "90 10 ");
  for (const auto& id : runtime.list()) runtime.run(id);
  for (int i = 0; i < 3; ++i, acknowledge()) step();
  EXPECT_EQ(weights(), "100 0 ");
  settle();
  EXPECT_EQ(running(3), 2);
}

TEST_F(StagedRolloutTest, a_rollback_waits_for_a_blue_that_is_gone) {
  configuration_.strategy = "LINEAR";
  deploy(2);
  lose(1);
  change_service([](model::Service& service) { service.stop_requested = "ROLLBACK"; });
  for (int i = 0; i < 3; ++i) step();
  EXPECT_EQ(weights(), "90 10 ");
  clock.advance(kBlueBackoff);
  settle();
  EXPECT_EQ(weights(), "100 0 ");
  EXPECT_EQ(record(2).status, "ROLLBACK_SUCCESSFUL");
}

TEST_F(StagedRolloutTest, a_newer_deployment_replaces_what_serves_where_blue_is_gone_for_good) {
  configuration_.strategy = "LINEAR";
  deploy(2);
  lose(1);
  begin(3);
  step();
  clock.advance(kLongestReturn - seconds(1));
  runtime.refuse_starts = true;
  step();
  EXPECT_EQ(weights(), "90 10 ");
  clock.advance(seconds(1));
  step();
  EXPECT_EQ(weights(), "0 100 ");
  runtime.refuse_starts = false;
  settle();
  EXPECT_EQ(state().completed_revision, "2");
  EXPECT_EQ(running(2), 2);
  EXPECT_EQ(running(3), 2);
  EXPECT_EQ(running(1), 0);
  EXPECT_EQ(weights(), "10 90 ") << "the third takes over from the second";
  clock.advance(minutes(120));
  for (int i = 0; i < 12; ++i, clock.advance(minutes(6))) settle();
  EXPECT_EQ(running(3), 2);
  EXPECT_EQ(running(2), 0);
  EXPECT_EQ(record(3).status, "SUCCESSFUL");
}

TEST_F(StagedRolloutTest, a_rolling_one_after_a_canary_keeps_to_the_group_that_serves) {
  configuration_.strategy = "CANARY";
  deploy(2);
  configuration_.strategy = "ROLLING";
  deploy(3);
  EXPECT_EQ(weights(), "100 0 ");
  EXPECT_EQ(running(3), 2);
  EXPECT_EQ(running(1) + running(2), 0);
  for (const auto& task : tasks("RUNNING")) EXPECT_EQ(task.targets[0].target_group, group_arn("blue"));
}

TEST_F(StagedRolloutTest, both_are_scaled_and_kept_whole) {
  deploy(2);
  wish_service(3, 2);
  settle();
  EXPECT_EQ(running(1), 3);
  EXPECT_EQ(running(2), 3);
  const auto blue = tasks("RUNNING")[0];
  runtime.end(blue.id, 1);
  step();
  clock.advance(seconds(3));
  settle();
  EXPECT_EQ(running(1), 3) << "the version that is replaced is kept whole too";
}

TEST_F(StagedRolloutTest, a_rule_that_two_groups_get_traffic_by_is_refused) {
  wish_rule(50, 50);
  deploy(2);
  EXPECT_EQ(record(2).status, "ROLLBACK_SUCCESSFUL");
  EXPECT_NE(record(2).status_reason.find("should have exactly one target group serving traffic but found 2"),
            std::string::npos)
      << record(2).status_reason;
  EXPECT_EQ(running(2), 0);
}

TEST_F(StagedRolloutTest, the_breaker_takes_green_back) {
  configuration_.deploymentCircuitBreaker.emplace();
  configuration_.deploymentCircuitBreaker->enable = configuration_.deploymentCircuitBreaker->rollback = true;
  begin(2);
  for (int i = 0; i < 12 && record(2).status != "ROLLBACK_SUCCESSFUL"; ++i) {
    step();
    for (const auto& task : tasks()) {
      if (task.task_definition == testing::definition_arn("web", 2) && runtime.tasks.contains(task.id)) {
        runtime.end(task.id, 1);
      }
    }
    clock.advance(minutes(1));
    settle();
  }
  EXPECT_EQ(record(2).status, "ROLLBACK_SUCCESSFUL");
  EXPECT_EQ(weights(), "100 0 ");
  EXPECT_EQ(running(1), 2);
}

TEST_F(StagedRolloutTest, a_control_process_that_dies_after_every_step_comes_to_the_same_end) {
  for (const char* strategy : {"BLUE_GREEN", "CANARY", "LINEAR"}) {
    configuration_.strategy = strategy;
    configuration_.bakeTimeInMinutes = 1;
    const int revision = strategy[0] == 'B' ? 2 : strategy[0] == 'C' ? 3 : 1;
    begin(revision);
    for (int i = 0; i < 400 && record(revision).status != "SUCCESSFUL"; ++i) {
      step();
      restart();
      step();
      for (const auto& id : runtime.list()) {
        if (runtime.tasks[id].phase == runtime::TaskPhase::starting) runtime.run(id);
        if (runtime.sigterm.contains(id)) runtime.end(id, 143);
      }
      acknowledge();
      clock.advance(seconds(20));
    }
    EXPECT_EQ(record(revision).status, "SUCCESSFUL") << strategy;
    EXPECT_EQ(running(revision), 2) << strategy;
    EXPECT_EQ(tasks("RUNNING").size(), 2u) << strategy;
  }
}

}  // namespace
}  // namespace weir::control
