#include <fmt/format.h>

#include "api/limits.h"
#include "api/test_world.h"

namespace weir::api {
namespace {

class ElbTags : public TestWorld {
 protected:
  void SetUp() override {
    group = elb("CreateTargetGroup", R"({"Name":"blue","Protocol":"HTTP","Port":80})")["TargetGroups"]
                .items()
                .at(0)["TargetGroupArn"]
                .as_string();
    balancer = elb("CreateLoadBalancer", R"({"Name":"front","Tags":[{"Key":"a","Value":"1"}]})")["LoadBalancers"]
                   .items()
                   .at(0)["LoadBalancerArn"]
                   .as_string();
    const std::string actions = fmt::format(R"([{{"Type":"forward","TargetGroupArn":"{}"}}])", group);
    listener = elb("CreateListener", fmt::format(R"({{"LoadBalancerArn":"{}","Protocol":"HTTP","Port":80,
        "DefaultActions":{}}})",
                                                 balancer, actions))["Listeners"]
                   .items()
                   .at(0)["ListenerArn"]
                   .as_string();
    rule = elb("CreateRule", fmt::format(R"({{"ListenerArn":"{}","Priority":1,"Actions":{},
        "Conditions":[{{"Field":"path-pattern","Values":["/a"]}}]}})",
                                         listener, actions))["Rules"]
               .items()
               .at(0)["RuleArn"]
               .as_string();
  }
  std::string all() const {
    return fmt::format(R"("ResourceArns":["{}","{}","{}","{}"])", group, balancer, listener, rule);
  }
  std::string tags(const std::string& arn) {
    return elb("DescribeTags", fmt::format(R"({{"ResourceArns":["{}"]}})", arn))["TagDescriptions"]
        .items()
        .at(0)["Tags"]
        .dump();
  }
  std::string group, balancer, listener, rule;
};

TEST_F(ElbTags, are_added_replaced_and_removed_on_every_kind_of_resource) {
  elb("AddTags", "{" + all() + R"(,"Tags":[{"Key":"a","Value":"2"},{"Key":"b"}]})");
  for (const auto& arn : {group, balancer, listener, rule}) {
    EXPECT_EQ(tags(arn), R"([{"Key":"a","Value":"2"},{"Key":"b"}])");
  }
  elb("RemoveTags", "{" + all() + R"(,"TagKeys":["a","never"]})");
  for (const auto& arn : {group, balancer, listener, rule}) EXPECT_EQ(tags(arn), R"([{"Key":"b"}])");
}

TEST_F(ElbTags, are_changed_on_all_resources_or_on_none) {
  const auto one = [](const std::string& arn, const std::string& members) {
    return fmt::format(R"({{"ResourceArns":["{}"],{}}})", arn, members);
  };
  const std::string tag = R"("Tags":[{"Key":"k"}])";
  const std::string half = fmt::format(R"({{"ResourceArns":["{}","{}0"],{}}})", balancer, group, tag);
  expect_refused("elbv2", "AddTags", {half.c_str(), "TargetGroupNotFound", ""});
  expect_refused("elbv2", "AddTags", {one(balancer + "0", tag).c_str(), "LoadBalancerNotFound", ""});
  expect_refused("elbv2", "AddTags", {one(listener + "0", tag).c_str(), "ListenerNotFound", ""});
  expect_refused("elbv2", "AddTags", {one(rule + "0", tag).c_str(), "RuleNotFound", ""});
  expect_refused("elbv2", "AddTags", {one("x", tag).c_str(), "ValidationError", "'x' is not a valid ARN"});
  expect_refused("elbv2", "AddTags", {one(balancer, R"("Tags":[{"Key":"aws:k"}])").c_str(), "ValidationError", ""});
  expect_refused("elbv2", "AddTags",
                 {one(balancer, R"("Tags":[{"Key":"k"},{"Key":"k"}])").c_str(), "DuplicateTagKeys", ""});
  std::string many;
  for (std::size_t i = 0; i < kMaxTags; ++i) many += fmt::format(R"({}{{"Key":"k{}"}})", i ? "," : "", i);
  elb("AddTags", one(group, "\"Tags\":[" + many + "]"));
  expect_refused("elbv2", "AddTags", {one(group, tag).c_str(), "TooManyTags", "at most 50"});
}

TEST_F(ElbTags, and_limits_policies_and_attributes_of_listeners_are_described) {
  EXPECT_EQ(elb("DescribeAccountLimits", R"({"PageSize":2})")["Limits"].items().size(), 2u);
  const Json policies = elb("DescribeSSLPolicies", "{}");
  EXPECT_EQ(policies["SslPolicies"].items().at(0)["Name"].as_string(), "ELBSecurityPolicy-TLS13-1-2-2021-06");
  expect_refused("elbv2", "DescribeSSLPolicies", {R"({"Names":["x"]})", "SSLPolicyNotFound", "'x' not found"});

  const auto set = [&](const char* key, const char* value) {
    return fmt::format(R"({{"ListenerArn":"{}","Attributes":[{{"Key":"{}","Value":"{}"}}]}})", listener, key, value);
  };
  const char* const kServer = "routing.http.response.server.enabled";
  elb("ModifyListenerAttributes", set(kServer, "true"));
  expect_refused("elbv2", "ModifyListenerAttributes",
                 {set(kServer, "false").c_str(), "InvalidConfigurationRequest", kServer});
  expect_refused("elbv2", "ModifyListenerAttributes",
                 {set("tcp.idle_timeout.seconds", "350").c_str(), "ValidationError", "is not recognized"});
  const Json held = elb("DescribeListenerAttributes", fmt::format(R"({{"ListenerArn":"{}"}})", listener));
  EXPECT_EQ(held["Attributes"].items().size(), 11u);
}

}  // namespace
}  // namespace weir::api
