#include "control/hook_runs.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "control/test_time.h"

namespace weir::control {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kTarget = "arn:aws:lambda:eu-west-1:000000000000:function:check";

class HookRunsTest : public ::testing::Test {
 protected:
  HookRunsTest() {
    service_.scope = {"1", "r"};
    service_.cluster = "main";
    service_.name = "web";
    service_.arn = "arn:aws:ecs:r:1:service/main/web";
    service_.service_deployment_id = "d";
    staged_.stage = "POST_SCALE_UP";
    staged_.target_revision = "2";
    staged_.source_revision = "1";
    staged_.configuration.lifecycleHooks.emplace();
  }
  model::ecs::DeploymentLifecycleHook& add(const char* type, const char* stage) {
    auto& hook = staged_.configuration.lifecycleHooks->emplace_back();
    hook.targetType = type;
    hook.lifecycleStages = std::vector<std::string>{stage};
    if (std::string(type) != "PAUSE") hook.hookTargetArn = kTarget;
    return hook;
  }
  void begin() { begin_hooks(staged_, kNow, minutes(1), random_); }
  HookStep step(TestTime now = kNow) {
    HookStep out = step_hooks(staged_, {service_, replies_, now, minutes(1)});
    replies_.clear();
    return out;
  }
  void reply(const std::string& output, std::int32_t number = 0) {
    replies_.push_back({.id = staged_.hooks[0].id, .number = number, .output = output});
  }

  model::Service service_;
  model::StagedDeployment staged_;
  std::vector<HookReply> replies_;
  Random random_{5};
};

TEST_F(HookRunsTest, a_stage_without_hooks_passes) {
  add("PAUSE", "PRE_SCALE_UP");
  begin();
  EXPECT_TRUE(step().passed);
}

TEST_F(HookRunsTest, a_pause_waits_for_its_answer_and_no_other) {
  add("PAUSE", "POST_SCALE_UP");
  add("PAUSE", "POST_SCALE_UP");
  begin();
  HookStep out = step();
  EXPECT_FALSE(out.passed);
  EXPECT_EQ(out.next, kNow + minutes(1440));
  EXPECT_TRUE(staged_.hooks[0].id.starts_with("ecs-pause-"));
  service_.hook_answers = {{staged_.hooks[0].id, "CONTINUE"}, {"ecs-pause-other", "ROLLBACK"}};
  out = step();
  EXPECT_FALSE(out.passed) << "every hook of the stage has to be answered";
  EXPECT_FALSE(out.failure);
  service_.hook_answers = {{staged_.hooks[1].id, "ROLLBACK"}};
  out = step();
  EXPECT_EQ(staged_.hooks[1].status, "FAILED");
  EXPECT_EQ(out.failure, "Service deployment rolled back because POST_SCALE_UP pause hook was answered with ROLLBACK.");
}

TEST_F(HookRunsTest, time_outs_do_as_they_are_told) {
  add("PAUSE", "POST_SCALE_UP").timeoutConfiguration.emplace().timeoutInMinutes = 2;
  begin();
  EXPECT_FALSE(step(kNow + (minutes(2) - seconds(1))).failure);
  EXPECT_EQ(step(kNow + minutes(2)).failure,
            "Service deployment rolled back because POST_SCALE_UP pause hook timed out.");
  staged_.configuration.lifecycleHooks->at(0).timeoutConfiguration->action = "CONTINUE";
  begin();
  const HookStep out = step(kNow + minutes(2));
  EXPECT_TRUE(out.passed);
  EXPECT_FALSE(out.failure);
  EXPECT_EQ(staged_.hooks[0].status, "TIMED_OUT");
}

TEST_F(HookRunsTest, a_target_is_called_until_it_has_made_up_its_mind) {
  add("AWS_LAMBDA", "POST_SCALE_UP").hookDetails = MUST(Json::parse(R"({"a":1})"));
  begin();
  HookStep out = step();
  ASSERT_EQ(out.calls.size(), 1u);
  EXPECT_EQ(out.calls[0].target, kTarget);
  EXPECT_EQ(out.calls[0].number, 0);
  EXPECT_EQ(step().calls.size(), 1u) << "again, for whoever has lost the first";
  reply(R"({"hookStatus":"IN_PROGRESS","callBackDelay":7,"hookDetails":{"b":2}})");
  out = step();
  EXPECT_TRUE(out.calls.empty());
  EXPECT_EQ(out.next, kNow + seconds(7));
  out = step(kNow + seconds(7));
  ASSERT_EQ(out.calls.size(), 1u);
  EXPECT_EQ(out.calls[0].number, 1);
  EXPECT_EQ(MUST(Json::parse(out.calls[0].payload))["hookDetails"].dump(), R"({"a":1,"b":2})");
  reply(R"({"hookStatus":"FAILED"})", 0);
  EXPECT_FALSE(step().failure) << "an old call's";
  reply(R"({"hookStatus":"SUCCEEDED"})", 1);
  EXPECT_TRUE(step().passed);
}

TEST_F(HookRunsTest, a_target_that_fails_says_how) {
  struct Row {
    HookReply reply;
    const char* reason;
  };
  const Row rows[] = {
      {{.output = R"({"hookStatus":"FAILED"})"},
       "Lifecycle hook target arn:aws:lambda:eu-west-1:000000000000:function:check returned FAILED status."},
      {{.output = "fine"},
       "ECS was unable to parse the response from arn:aws:lambda:eu-west-1:000000000000:function:check due to "
       "HookStatus must not be null"},
      {{.error = "it is ill"},
       "ECS was unable to invoke hook target arn:aws:lambda:eu-west-1:000000000000:function:check due to it is ill"},
  };
  for (const Row& row : rows) {
    staged_.configuration.lifecycleHooks->clear();
    add("AWS_LAMBDA", "POST_SCALE_UP");
    begin();
    replies_.push_back(row.reply);
    replies_[0].id = staged_.hooks[0].id;
    EXPECT_EQ(
        step().failure,
        std::string("Service deployment rolled back because POST_SCALE_UP lifecycle hook(s) failed. ") + row.reason);
  }
}

TEST_F(HookRunsTest, the_event_is_what_aws_tells_a_function) {
  staged_.stage = "PRODUCTION_TRAFFIC_SHIFT";
  staged_.production_percent = 25;
  add("AWS_LAMBDA", "PRODUCTION_TRAFFIC_SHIFT");
  begin();
  staged_.hooks[0].execution = "e";
  EXPECT_EQ(hook_payload(staged_, service_, staged_.hooks[0]).dump(),
            R"({"executionId":"e","lifecycleStage":"PRODUCTION_TRAFFIC_SHIFT",)"
            R"("resourceArn":"arn:aws:ecs:r:1:service-deployment/main/web/d","executionDetails":{)"
            R"("serviceArn":"arn:aws:ecs:r:1:service/main/web",)"
            R"("targetServiceRevisionArn":"arn:aws:ecs:r:1:service-revision/main/web/2","testTrafficWeights":{},)"
            R"("productionTrafficWeights":{"arn:aws:ecs:r:1:service-revision/main/web/2":25,)"
            R"("arn:aws:ecs:r:1:service-revision/main/web/1":75}}})");
}

}  // namespace
}  // namespace weir::control
