#include <fmt/format.h>

#include <string>
#include <vector>

#include "api/limits.h"
#include "api/test_world.h"
#include "model/documents.h"

namespace weir::api {
namespace {

constexpr const char* kFixed = R"({"Type":"fixed-response","FixedResponseConfig":{"StatusCode":"200"}})";
constexpr const char* kPath = R"({"Field":"path-pattern","Values":["/a/*"]})";

class Rules : public TestWorld {
 protected:
  Rules() {
    front_ = made("CreateLoadBalancer", R"({"Name":"front"})", "LoadBalancers")["LoadBalancerArn"].as_string();
    listener_ = listener(front_, 8080);
  }
  Json made(const char* operation, const std::string& request, const char* member) {
    const Json reply = elb(operation, request);
    return reply[member].items().at(0);
  }
  std::string listener(const std::string& balancer, int port) {
    const std::string request = fmt::format(
        R"({{"LoadBalancerArn":"{}","Protocol":"HTTP","Port":{},"DefaultActions":[{}]}})", balancer, port, kFixed);
    return made("CreateListener", request, "Listeners")["ListenerArn"].as_string();
  }
  std::string group(const char* name) {
    const std::string request = fmt::format(R"({{"Name":"{}","Protocol":"HTTP","Port":80}})", name);
    return made("CreateTargetGroup", request, "TargetGroups")["TargetGroupArn"].as_string();
  }
  static std::string forward(const std::string& group) {
    return fmt::format(R"({{"Type":"forward","TargetGroupArn":"{}"}})", group);
  }
  std::string request(int priority, const std::string& conditions, const std::string& action = kFixed) const {
    return fmt::format(R"({{"ListenerArn":"{}","Priority":{},"Conditions":[{}],"Actions":[{}]}})", listener_, priority,
                       conditions, action);
  }
  Json add(int priority, const std::string& conditions = kPath, const std::string& action = kFixed) {
    return made("CreateRule", request(priority, conditions, action), "Rules");
  }
  std::string priorities() {
    std::string all;
    const Json described = elb("DescribeRules", fmt::format(R"({{"ListenerArn":"{}"}})", listener_));
    for (const Json& rule : described["Rules"].items()) all += rule["Priority"].as_string() + " ";
    return all;
  }

  std::string front_, listener_;
};

TEST_F(Rules, AreListedByPriorityAndTheDefaultLast) {
  add(100);
  add(9);
  const Json rule = add(10);
  EXPECT_EQ(priorities(), "9 10 100 default ");
  const std::string arn = rule["RuleArn"].as_string();
  EXPECT_TRUE(arn.starts_with("arn:aws:elasticloadbalancing:eu-central-1:000000000000:listener-rule/app/front/"))
      << arn;
  EXPECT_FALSE(rule["IsDefault"].as_bool());
  EXPECT_EQ(elb("DescribeRules", fmt::format(R"({{"RuleArns":["{}"]}})", arn))["Rules"].items().at(0), rule);

  std::string seen, marker;
  do {
    const std::string from = marker.empty() ? "" : fmt::format(R"(,"Marker":"{}")", marker);
    const Json page = elb("DescribeRules", fmt::format(R"({{"ListenerArn":"{}","PageSize":3{}}})", listener_, from));
    for (const Json& each : page["Rules"].items()) seen += each["Priority"].as_string() + " ";
    marker = page["NextMarker"].as_string();
  } while (!marker.empty());
  EXPECT_EQ(seen, priorities());
}

TEST_F(Rules, TellHostsAndPathsBothWays) {
  struct Row {
    const char* given;
    const char* kept;
  };
  const Row rows[] = {
      {kPath, R"({"Field":"path-pattern","Values":["/a/*"],"PathPatternConfig":{"Values":["/a/*"]}})"},
      {R"({"Field":"host-header","HostHeaderConfig":{"Values":["*.a.b","c.d"]}})",
       R"({"Field":"host-header","Values":["*.a.b","c.d"],"HostHeaderConfig":{"Values":["*.a.b","c.d"]}})"},
      {R"({"Field":"http-header","HttpHeaderConfig":{"HttpHeaderName":"User-Agent","Values":["*x*"]}})", nullptr},
      {R"({"Field":"query-string","QueryStringConfig":{"Values":[{"Key":"a","Value":"b"},{"Value":"c d"}]}})", nullptr},
      {R"({"Field":"http-request-method","HttpRequestMethodConfig":{"Values":["GET","M-SEARCH"]}})", nullptr},
      {R"({"Field":"source-ip","SourceIpConfig":{"Values":["10.0.0.0/8","2001:db8::/32"]}})", nullptr},
  };
  int priority = 0;
  for (const Row& row : rows) {
    EXPECT_EQ(add(++priority, row.given)["Conditions"].items().at(0).dump(), row.kept ? row.kept : row.given);
  }
}

TEST_F(Rules, ChangeTheirConditionsAndActionsApart) {
  const std::string arn = add(1)["RuleArn"].as_string();
  const std::string blue = group("blue");
  const Json forwarding =
      made("ModifyRule", fmt::format(R"({{"RuleArn":"{}","Actions":[{}]}})", arn, forward(blue)), "Rules");
  EXPECT_EQ(forwarding["Actions"].items().at(0)["TargetGroupArn"].as_string(), blue);
  EXPECT_EQ(forwarding["Conditions"].items().at(0)["Values"].dump(), R"(["/a/*"])");
  const Json moved = made(
      "ModifyRule", fmt::format(R"({{"RuleArn":"{}","Conditions":[{{"Field":"host-header","Values":["a.b"]}}]}})", arn),
      "Rules");
  EXPECT_EQ(moved["Conditions"].items().at(0)["Values"].dump(), R"(["a.b"])");
  EXPECT_EQ(moved["Actions"], forwarding["Actions"]);
  EXPECT_EQ(moved["Priority"].as_string(), "1");
}

TEST_F(Rules, HoldTheirTargetGroupUntilTheyGo) {
  const std::string blue = group("blue");
  const std::string arn = add(1, kPath, forward(blue))["RuleArn"].as_string();
  const std::string remove = fmt::format(R"({{"TargetGroupArn":"{}"}})", blue);
  expect_refused("elbv2", "DeleteTargetGroup", {remove.c_str(), "ResourceInUse", "in use by a listener or a rule"});
  const Json described = elb("DescribeTargetGroups", fmt::format(R"({{"LoadBalancerArn":"{}"}})", front_));
  EXPECT_EQ(described["TargetGroups"].items().at(0)["LoadBalancerArns"].dump(), fmt::format(R"(["{}"])", front_));

  const Json back = made("CreateLoadBalancer", R"({"Name":"back"})", "LoadBalancers");
  const std::string other =
      fmt::format(R"({{"LoadBalancerArn":"{}","Protocol":"HTTP","Port":9090,"DefaultActions":[{}]}})",
                  back["LoadBalancerArn"].as_string(), forward(blue));
  expect_refused("elbv2", "CreateListener", {other.c_str(), "TargetGroupAssociationLimit", ""});

  elb("DeleteRule", fmt::format(R"({{"RuleArn":"{}"}})", arn));
  elb("DeleteTargetGroup", remove);
  EXPECT_EQ(priorities(), "default ");
}

TEST_F(Rules, GoWithTheirListenerAndTheirBalancer) {
  add(1);
  add(2);
  const std::string first = listener_;
  listener_ = listener(front_, 8081);
  add(1);
  elb("DeleteListener", fmt::format(R"({{"ListenerArn":"{}"}})", first));
  EXPECT_EQ(MUST(store.list("rule", "")).size(), 1u);
  elb("DeleteLoadBalancer", fmt::format(R"({{"LoadBalancerArn":"{}"}})", front_));
  EXPECT_EQ(MUST(store.list("rule", "")).size(), 0u);
}

TEST_F(Rules, SwapTheirPrioritiesAtOnce) {
  const std::string a = add(1)["RuleArn"].as_string(), b = add(2)["RuleArn"].as_string();
  add(3);
  const auto set = [](const std::string& one, int first, const std::string& two, int second) {
    return fmt::format(R"({{"RulePriorities":[{{"RuleArn":"{}","Priority":{}}},{{"RuleArn":"{}","Priority":{}}}]}})",
                       one, first, two, second);
  };
  elb("SetRulePriorities", set(a, 2, b, 1));
  EXPECT_EQ(get<model::Rule>("000000000000/eu-central-1/" + a).rule.Priority, "2");
  EXPECT_EQ(get<model::Rule>("000000000000/eu-central-1/" + b).priority, 1);
  EXPECT_EQ(priorities(), "1 2 3 default ");
  const std::string taken = set(a, 3, b, 4), same = set(a, 7, b, 7), twice = set(a, 7, a, 8), none = set(a, 7, "x", 8);
  expect_refused("elbv2", "SetRulePriorities", {taken.c_str(), "PriorityInUse", "Priority '3' is currently in use"});
  expect_refused("elbv2", "SetRulePriorities", {same.c_str(), "PriorityInUse", "'7'"});
  expect_refused("elbv2", "SetRulePriorities", {twice.c_str(), "ValidationError", "more than once"});
  expect_refused("elbv2", "SetRulePriorities", {none.c_str(), "RuleNotFound", ""});
  expect_refused("elbv2", "SetRulePriorities", {R"({"RulePriorities":[]})", "ValidationError", ""});
}

TEST_F(Rules, LeaveTheDefaultRuleAlone) {
  const Json rules = elb("DescribeRules", fmt::format(R"({{"ListenerArn":"{}"}})", listener_));
  const std::string arn = rules["Rules"].items().at(0)["RuleArn"].as_string();
  const std::string remove = fmt::format(R"({{"RuleArn":"{}"}})", arn);
  expect_refused("elbv2", "DeleteRule", {remove.c_str(), "OperationNotPermitted", "cannot be deleted"});
  expect_refused("elbv2", "ModifyRule", {remove.c_str(), "OperationNotPermitted", "cannot be modified"});
  const std::string set = fmt::format(R"({{"RulePriorities":[{{"RuleArn":"{}","Priority":1}}]}})", arn);
  expect_refused("elbv2", "SetRulePriorities", {set.c_str(), "OperationNotPermitted", ""});
}

TEST_F(Rules, KeepTheirTags) {
  const std::string given = request(1, kPath);
  const Json rule =
      made("CreateRule", given.substr(0, given.size() - 1) + R"(,"Tags":[{"Key":"a","Value":"b"}]})", "Rules");
  const Json tags =
      elb("DescribeTags", fmt::format(R"({{"ResourceArns":["{}"]}})", rule["RuleArn"].as_string()))["TagDescriptions"];
  EXPECT_EQ(tags.items().at(0)["Tags"].dump(), R"([{"Key":"a","Value":"b"}])");
}

TEST_F(Rules, RefuseBadInput) {
  add(1);
  struct Row {
    std::string request;
    const char* code;
    const char* message;
  };
  const auto condition = [&](const std::string& text) { return request(2, text); };
  const std::string path = kPath, by_host = R"({"Field":"host-header","Values":["a.b"]})";
  const Row rows[] = {
      {request(1, path), "PriorityInUse", "Priority '1' is currently in use"},
      {request(2, path, forward("x")), "TargetGroupNotFound", ""},
      {request(2, path, std::string(kFixed) + "," + kFixed), "TooManyActions", ""},
      {request(2, path, ""), "ValidationError", "An action must be specified"},
      {request(2, path, R"({"Type":"authenticate-cognito"})"), "InvalidConfigurationRequest", "'authenticate-cognito'"},
      {condition(""), "ValidationError", "A condition must be specified"},
      {condition(R"({"Values":["/a"]})"), "ValidationError", "A condition field must be specified"},
      {condition(R"({"Field":"cookie","Values":["a"]})"), "ValidationError", "'cookie' must be one of"},
      {condition(R"({"Field":"path-pattern"})"), "ValidationError", "A condition value must be specified"},
      {condition(R"({"Field":"path-pattern","Values":[""]})"), "ValidationError", "cannot be empty"},
      {condition(R"({"Field":"path-pattern","Values":["/a b"]})"), "ValidationError", "'/a b'"},
      {condition(R"({"Field":"path-pattern","Values":["/)" + std::string(128, 'a') + R"("]})"), "ValidationError",
       "cannot be longer than '128'"},
      {condition(R"({"Field":"path-pattern","HostHeaderConfig":{"Values":["a.b"]}})"), "ValidationError",
       "cannot have the values of 'host-header'"},
      {condition(R"({"Field":"path-pattern","Values":["/a"],"PathPatternConfig":{"Values":["/b"]}})"),
       "ValidationError", "both Values and a configuration"},
      {condition(R"({"Field":"path-pattern","RegexValues":["("]})"), "ValidationError", "'(' is not valid"},
      {condition(R"({"Field":"path-pattern","RegexValues":["(?=a)b"]})"), "ValidationError", "is not valid"},
      {condition(R"({"Field":"path-pattern","Values":["/a"],"RegexValues":["a"]})"), "ValidationError",
       "cannot have both"},
      {condition(R"({"Field":"source-ip","RegexValues":["a"]})"), "ValidationError", "RegexValues cannot be specified"},
      {condition(R"({"Field":"host-header","HostHeaderConfig":{"RegexValues":[""]}})"), "ValidationError", "empty"},
      {condition(R"({"Field":"host-header","Values":["a_b.c"]})"), "ValidationError", "'a_b.c'"},
      {condition(R"({"Field":"http-request-method","Values":["GET"]})"), "ValidationError", "use its configuration"},
      {condition(R"({"Field":"http-request-method","HttpRequestMethodConfig":{"Values":["get"]}})"), "ValidationError",
       "'get'"},
      {condition(R"({"Field":"http-header","HttpHeaderConfig":{"Values":["a"]}})"), "ValidationError", "header name"},
      {condition(R"({"Field":"http-header","HttpHeaderConfig":{"HttpHeaderName":"a:","Values":["a"]}})"),
       "ValidationError", "'a:'"},
      {condition(R"({"Field":"query-string","QueryStringConfig":{"Values":[{"Key":"a"}]}})"), "ValidationError",
       "cannot be empty"},
      {condition(R"({"Field":"source-ip","SourceIpConfig":{"Values":["10.0.0.1"]}})"), "ValidationError",
       "'10.0.0.1' is not a valid CIDR block"},
      {condition(path + "," + path), "ValidationError", "A rule can only have one 'path-pattern' condition"},
      {condition(R"({"Field":"path-pattern","Values":["/1","/2","/3","/4","/5"]},)" + by_host), "ValidationError",
       "A rule can only have '5' condition values"},
  };
  for (const auto& row : rows) expect_refused("elbv2", "CreateRule", {row.request.c_str(), row.code, row.message});
  listener_ = "x";
  const std::string nowhere = request(2, path);
  expect_refused("elbv2", "CreateRule", {nowhere.c_str(), "ListenerNotFound", ""});
  expect_refused("elbv2", "DeleteRule", {R"({"RuleArn":"x"})", "RuleNotFound", "One or more rules not found"});
  expect_refused("elbv2", "ModifyRule", {R"({"RuleArn":"x"})", "RuleNotFound", ""});
  expect_refused("elbv2", "ModifyRule",
                 {R"({"RuleArn":"x","ResetTransforms":true})", "InvalidConfigurationRequest", "ResetTransforms"});
}

TEST_F(Rules, AreManyButNotWithoutEnd) {
  for (std::size_t i = 1; i <= kMaxRules; ++i) {
    model::Rule rule{.scope = {"000000000000", "eu-central-1"}, .listener = listener_, .priority = static_cast<int>(i)};
    rule.rule.RuleArn =
        model::rules_of_listener(rule.scope, listener_).substr(rule.scope.prefix().size()) + std::to_string(i);
    put(rule);
  }
  const std::string more = request(50'000, kPath);
  expect_refused("elbv2", "CreateRule", {more.c_str(), "TooManyRules", "at most 2000"});
}

}  // namespace
}  // namespace weir::api
