#include <fmt/format.h>

#include "api/test_world.h"
#include "model/documents.h"

namespace weir::api {
namespace {

constexpr const char* kServiceKey = "000000000000/eu-central-1/one/s";

class Strategies : public TestWorld {
 protected:
  Strategies() {
    ecs("CreateCluster", R"({"clusterName":"one"})");
    ecs("RegisterTaskDefinition", R"({"family":"web","networkMode":"bridge","containerDefinitions":[{"name":"app",
        "image":"i:1","memory":64,"portMappings":[{"containerPort":80}]}]})");
    balancer_ = made("CreateLoadBalancer", R"({"Name":"front"})", "LoadBalancers", "LoadBalancerArn");
    a_ = group("a");
    b_ = group("b");
    c_ = group("c");
    listener_ = made("CreateListener",
                     fmt::format(R"({{"LoadBalancerArn":"{}","Protocol":"HTTP","Port":8080,"DefaultActions":[{}]}})",
                                 balancer_, forward({a_})),
                     "Listeners", "ListenerArn");
    both_ = rule(1, {a_, b_});
    test_ = rule(2, {b_});
    only_a_ = rule(3, {a_});
  }
  std::string made(const char* operation, const std::string& request, const char* list, const char* member) {
    return elb(operation, request)[list].items().at(0)[member].as_string();
  }
  std::string group(const char* name) {
    return made("CreateTargetGroup", fmt::format(R"({{"Name":"{}","Protocol":"HTTP","Port":80,"VpcId":"v"}})", name),
                "TargetGroups", "TargetGroupArn");
  }
  static std::string forward(const std::vector<std::string>& groups) {
    std::string tuples;
    for (const auto& arn : groups) {
      tuples += fmt::format(R"({}{{"TargetGroupArn":"{}","Weight":{}}})", tuples.empty() ? "" : ",", arn,
                            tuples.empty() ? 1 : 0);
    }
    return fmt::format(R"({{"Type":"forward","ForwardConfig":{{"TargetGroups":[{}]}}}})", tuples);
  }
  std::string rule(int priority, const std::vector<std::string>& groups) {
    return made("CreateRule",
                fmt::format(R"({{"ListenerArn":"{}","Priority":{},"Conditions":[{{"Field":"path-pattern",
                    "Values":["/{}"]}}],"Actions":[{}]}})",
                            listener_, priority, priority, forward(groups)),
                "Rules", "RuleArn");
  }
  std::string advanced(const std::string& alternate, const std::string& production, const std::string& test = "") {
    const std::string tested = test.empty() ? "" : fmt::format(R"(,"testListenerRule":"{}")", test);
    return fmt::format(R"(,"advancedConfiguration":{{"alternateTargetGroupArn":"{}","productionListenerRule":"{}"{}}})",
                       alternate, production, tested);
  }
  std::string balancer(const std::string& group, const std::string& more) {
    return fmt::format(R"({{"targetGroupArn":"{}","containerName":"app","containerPort":80{}}})", group, more);
  }
  std::string service(const std::string& configuration, const std::string& balancers) {
    return fmt::format(R"({{"cluster":"one","serviceName":"s","taskDefinition":"web","desiredCount":1,
        "loadBalancers":[{}],"deploymentConfiguration":{{{}}}}})",
                       balancers, configuration);
  }

  std::string balancer_, listener_, a_, b_, c_, both_, test_, only_a_;
};

TEST_F(Strategies, AreKeptAndReturnedWithTheirDefaults) {
  const Json made = ecs("CreateService", service(R"("strategy":"CANARY","bakeTimeInMinutes":3)",
                                                 balancer(a_, advanced(b_, both_))))["service"];
  const Json& shown = made["deploymentConfiguration"];
  EXPECT_EQ(shown["strategy"].as_string(), "CANARY");
  EXPECT_EQ(shown["bakeTimeInMinutes"].as_int(), 3);
  EXPECT_EQ(shown["canaryConfiguration"].dump(), R"({"canaryPercent":5,"canaryBakeTimeInMinutes":10})");
  EXPECT_EQ(made["loadBalancers"].items()[0]["advancedConfiguration"]["productionListenerRule"].as_string(), both_);

  const auto update = [&](const std::string& configuration) {
    return ecs("UpdateService", fmt::format(R"({{"cluster":"one","service":"s","deploymentConfiguration":{{{}}}}})",
                                            configuration))["service"]["deploymentConfiguration"];
  };
  const Json linear = update(R"("strategy":"LINEAR","linearConfiguration":{"stepPercent":33.3})");
  EXPECT_EQ(linear["canaryConfiguration"], Json()) << "what the strategy has no use for goes";
  EXPECT_EQ(linear["linearConfiguration"].dump(), R"({"stepPercent":33.3,"stepBakeTimeInMinutes":6})");
  EXPECT_EQ(linear["bakeTimeInMinutes"].as_int(), 3) << "what is not said stays";
  const Json rolling = update(R"("strategy":"ROLLING")");
  EXPECT_EQ(rolling["bakeTimeInMinutes"].as_int(), 0);
  EXPECT_EQ(rolling["linearConfiguration"], Json());
}

TEST_F(Strategies, OfTheDefaultRuleAreFoundByItsArn) {
  const Json rules = elb("DescribeRules", fmt::format(R"({{"ListenerArn":"{}"}})", listener_))["Rules"];
  const std::string standard = rules.items().back()["RuleArn"].as_string();
  ecs("CreateService", service(R"("strategy":"BLUE_GREEN")", balancer(a_, advanced(b_, standard, test_))));
}

TEST_F(Strategies, ThatAreWrongAreRefusedAndNothingIsChanged) {
  const std::string good = balancer(a_, advanced(b_, both_));
  struct Row {
    std::string configuration, balancers;
    const char* code;
    const char* message;
  };
  constexpr const char* kInvalid = "InvalidParameterException";
  const std::string none = "arn:aws:elasticloadbalancing:eu-central-1:000000000000:listener-rule/app/front/1/2/3";
  const Row rows[] = {
      {R"("strategy":"BLUE_GREEN","bakeTimeInMinutes":1441)", good, kInvalid, "bakeTimeInMinutes"},
      {R"("strategy":"BLUE_GREEN","bakeTimeInMinutes":-1)", good, kInvalid, "bakeTimeInMinutes"},
      {R"("strategy":"CANARY","canaryConfiguration":{"canaryPercent":0})", good, kInvalid, "canaryPercent"},
      {R"("strategy":"CANARY","canaryConfiguration":{"canaryPercent":100.1})", good, kInvalid, "canaryPercent"},
      {R"("strategy":"CANARY","canaryConfiguration":{"canaryPercent":5.55})", good, kInvalid, "multiple of 0.1"},
      {R"("strategy":"CANARY","canaryConfiguration":{"canaryBakeTimeInMinutes":1441})", good, kInvalid, "canaryBake"},
      {R"("strategy":"LINEAR","linearConfiguration":{"stepPercent":2.9})", good, kInvalid, "between 3.0 and 100.0"},
      {R"("strategy":"LINEAR","linearConfiguration":{"stepBakeTimeInMinutes":-1})", good, kInvalid, "stepBakeTime"},
      {R"("strategy":"LINEAR","canaryConfiguration":{})", good, kInvalid, "only valid when the deployment strategy is"},
      {R"("strategy":"BLUE_GREEN","linearConfiguration":{})", good, kInvalid, "only valid when"},
      {R"("strategy":"ROLLING","bakeTimeInMinutes":1)", good, "UnsupportedFeatureException", "bakeTimeInMinutes"},
      {R"("strategy":"ROLLING","lifecycleHooks":[{"targetType":"PAUSE","lifecycleStages":["PRE_SCALE_UP"]}])", good,
       "UnsupportedFeatureException", "lifecycleHooks"},
      {R"("strategy":"BLUE_GREEN")", balancer(a_, ""), kInvalid, "advancedConfiguration field is required for all"},
      {R"("strategy":"BLUE_GREEN")", good + "," + balancer(a_, ""), kInvalid, "Either all or none"},
      {R"("strategy":"BLUE_GREEN")", good + "," + good, kInvalid, "Duplicate targetGroupArn found: "},
      {R"("strategy":"BLUE_GREEN")", balancer(a_, advanced(a_, both_)), kInvalid, "Duplicate targetGroupArn found: "},
      {R"("strategy":"BLUE_GREEN")", balancer(a_, advanced("", both_)), kInvalid, "alternateTargetGroupArn"},
      {R"("strategy":"BLUE_GREEN")", balancer(a_, advanced(b_, "")), kInvalid, "productionListenerRule can not be"},
      {R"("strategy":"BLUE_GREEN")", balancer(a_, advanced(b_, listener_)), kInvalid,
       "productionListenerRule has an invalid ARN format. Must be RuleArn for ALB or ListenerArn for NLB. Got: "},
      {R"("strategy":"BLUE_GREEN")", balancer(a_, advanced(b_, both_, "x")), kInvalid, "testListenerRule has an inv"},
      {R"("strategy":"BLUE_GREEN")", balancer(a_, advanced(b_, none)), kInvalid, "One or more rules not found"},
      {R"("strategy":"BLUE_GREEN")", balancer(a_, advanced(b_, both_, both_)), kInvalid,
       "cannot be used as both production and test listener rules: "},
      {R"("strategy":"BLUE_GREEN")", balancer(a_, advanced(b_, only_a_)), kInvalid,
       "testListenerRule is required when"},
      {R"("strategy":"BLUE_GREEN")", balancer(a_, advanced(a_ + "x", both_)), kInvalid, "does not exist"},
  };
  const auto revision = store.revision();
  for (const Row& row : rows) {
    const std::string request = service(row.configuration, row.balancers);
    expect_refused("ecs", "CreateService", {request.c_str(), row.code, row.message});
  }
  EXPECT_EQ(store.revision(), revision);
  ecs("CreateService", service(R"("strategy":"ROLLING")", good));
  const auto created = store.revision();
  expect_refused("ecs", "UpdateService",
                 {R"({"cluster":"one","service":"s","desiredCount":4,"deploymentConfiguration":{"strategy":"LINEAR",
                     "linearConfiguration":{"stepPercent":1}}})",
                  kInvalid, "stepPercent"});
  EXPECT_EQ(store.revision(), created);
  EXPECT_EQ(get<model::Service>(kServiceKey).desired_count, 1);
}

TEST_F(Strategies, KeepTheirHooks) {
  const std::string hooks = R"("strategy":"BLUE_GREEN","lifecycleHooks":[
      {"targetType":"PAUSE","lifecycleStages":["POST_SCALE_UP"],"timeoutConfiguration":{"timeoutInMinutes":20160}},
      {"hookTargetArn":"arn:aws:lambda:eu-central-1:000000000000:function:check","lifecycleStages":["PRE_SCALE_UP"]}])";
  ecs("CreateService", service(hooks, balancer(a_, advanced(b_, both_))));
  const auto kept = get<model::Service>(kServiceKey).deployment_configuration->lifecycleHooks;
  ASSERT_TRUE(kept && kept->size() == 2);
  EXPECT_EQ(kept->at(0).targetType, "PAUSE");
  ecs("UpdateService", R"({"cluster":"one","service":"s","deploymentConfiguration":{"lifecycleHooks":[]}})");
  EXPECT_TRUE(get<model::Service>(kServiceKey).deployment_configuration->lifecycleHooks->empty());
}

TEST_F(Strategies, RefuseHooksThatNobodyCouldRun) {
  constexpr const char* kLambda = R"("hookTargetArn":"arn:aws:lambda:eu-central-1:000000000000:function:check")";
  struct Row {
    std::string hook;
    const char* message;
  };
  const Row rows[] = {
      {R"("targetType":"PAUSE")", "lifecycleStages can not be empty"},
      {fmt::format(R"("targetType":"PAUSE",{},"lifecycleStages":["PRE_SCALE_UP"])", kLambda), "hookTargetArn is not"},
      {R"("lifecycleStages":["PRE_SCALE_UP"])", "hookTargetArn can not be blank"},
      {R"("hookTargetArn":"check","lifecycleStages":["PRE_SCALE_UP"])", "must be the ARN of a Lambda function"},
      {R"("targetType":"PAUSE","lifecycleStages":["PRODUCTION_TRAFFIC_SHIFT"])", "Invalid lifecycle stage"},
      {fmt::format(R"({},"lifecycleStages":["PRE_SCALE_UP"],"timeoutConfiguration":{{"timeoutInMinutes":1441}})",
                   kLambda),
       "timeoutInMinutes"},
      {fmt::format(R"({},"lifecycleStages":["PRE_SCALE_UP"],"hookDetails":3)", kLambda), "hookDetails"},
  };
  for (const Row& row : rows) {
    const std::string request =
        service(R"("strategy":"BLUE_GREEN","lifecycleHooks":[{)" + row.hook + "}]", balancer(a_, advanced(b_, both_)));
    expect_refused("ecs", "CreateService", {request.c_str(), "InvalidParameterException", row.message});
  }
}

TEST_F(Strategies, AreNotForDaemons) {
  expect_refused("ecs", "CreateService",
                 {R"({"cluster":"one","serviceName":"d","taskDefinition":"web","schedulingStrategy":"DAEMON",
                     "deploymentConfiguration":{"strategy":"BLUE_GREEN"}})",
                  "InvalidParameterException", "DAEMON scheduling strategy"});
}

}  // namespace
}  // namespace weir::api
