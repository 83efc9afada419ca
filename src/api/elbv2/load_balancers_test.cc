#include <fmt/format.h>

#include "api/limits.h"
#include "api/test_world.h"
#include "model/documents.h"

namespace weir::api {
namespace {

class LoadBalancers : public TestWorld {
 protected:
  std::string add(const std::string& name) {
    const Json made = elb("CreateLoadBalancer", fmt::format(R"({{"Name":"{}"}})", name));
    return made["LoadBalancers"].items().at(0)["LoadBalancerArn"].as_string();
  }
};

TEST_F(LoadBalancers, AreActiveAtOnceUnderANameOfTheirOwn) {
  const Json made = elb("CreateLoadBalancer", R"({"Name":"front","Subnets":["subnet-1","subnet-2"],
      "SecurityGroups":["sg-1"],"Tags":[{"Key":"a","Value":"b"}]})");
  const Json& balancer = made["LoadBalancers"].items().at(0);
  const std::string arn = balancer["LoadBalancerArn"].as_string();
  EXPECT_TRUE(arn.starts_with("arn:aws:elasticloadbalancing:eu-central-1:000000000000:loadbalancer/app/front/")) << arn;
  const std::string dns = balancer["DNSName"].as_string();
  EXPECT_TRUE(dns.starts_with("front-") && dns.ends_with(".elb.localhost")) << dns;
  EXPECT_EQ(dns.size(), std::string("front-1234567890.elb.localhost").size());
  EXPECT_EQ(balancer["State"]["Code"].as_string(), "active");
  EXPECT_EQ(balancer["Scheme"].as_string(), "internet-facing");
  EXPECT_EQ(balancer["AvailabilityZones"].items().size(), 2u);
  const Json tags = elb("DescribeTags", fmt::format(R"({{"ResourceArns":["{}"]}})", arn));
  EXPECT_EQ(tags["TagDescriptions"].items().at(0)["Tags"].dump(), R"([{"Key":"a","Value":"b"}])");
}

TEST_F(LoadBalancers, AreCreatedOnceHoweverOftenAsked) {
  const std::string arn = add("front");
  const auto revision = store.revision();
  EXPECT_EQ(add("front"), arn);
  EXPECT_EQ(store.revision(), revision);
  expect_refused("elbv2", "CreateLoadBalancer",
                 {R"({"Name":"front","Scheme":"internal"})", "DuplicateLoadBalancerName",
                  "A load balancer with the same name 'front' exists, but with different settings"});
}

TEST_F(LoadBalancers, AreNotMoreThanAnAccountMayHave) {
  for (std::size_t i = 0; i < kMaxBalancers; ++i) {
    model::LoadBalancer one{.scope = {"000000000000", "eu-central-1"}};
    one.balancer.LoadBalancerName = fmt::format("held-{}", i);
    one.balancer.Type = "application";
    put(one);
  }
  expect_refused("elbv2", "CreateLoadBalancer", {R"({"Name":"more"})", "TooManyLoadBalancers", "at most 1000"});
  elb("CreateLoadBalancer", R"({"Name":"raw","Type":"network"})");
}

TEST_F(LoadBalancers, SayWhichListenerCannotBeReached) {
  const std::string arn = add("front");
  const Json made = elb("CreateListener", fmt::format(
                                              R"({{"LoadBalancerArn":"{}","Protocol":"HTTP","Port":80,
          "DefaultActions":[{{"Type":"fixed-response","FixedResponseConfig":{{"StatusCode":"200"}}}}]}})",
                                              arn));
  model::ListenerState state{.scope = {"000000000000", "eu-central-1"}};
  state.arn = made["Listeners"].items().at(0)["ListenerArn"].as_string();
  state.error = "Address already in use";
  put(state);
  const auto shown = [&] { return elb("DescribeLoadBalancers", "{}")["LoadBalancers"].items().at(0)["State"].dump(); };
  EXPECT_EQ(
      shown(),
      R"({"Code":"active_impaired","Reason":"The listener on port 80 cannot be reached: Address already in use"})");
  state.error.clear();
  put(state);
  EXPECT_EQ(shown(), R"({"Code":"active"})");
}

TEST_F(LoadBalancers, AreDescribedByNameByArnAndInPages) {
  for (const char* name : {"c", "a", "b"}) add(name);
  const Json first = elb("DescribeLoadBalancers", R"({"PageSize":2})");
  EXPECT_EQ(first["LoadBalancers"].items().size(), 2u);
  const Json rest = elb("DescribeLoadBalancers", R"({"Marker":")" + first["NextMarker"].as_string() + R"("})");
  EXPECT_EQ(rest["LoadBalancers"].items().at(0)["LoadBalancerName"].as_string(), "c");
  EXPECT_EQ(elb("DescribeLoadBalancers", R"({"Names":["b"]})")["LoadBalancers"].items().size(), 1u);
  EXPECT_EQ(
      elb("DescribeLoadBalancers", R"({"LoadBalancerArns":[")" + add("a") + R"("]})")["LoadBalancers"].items().size(),
      1u);
  const Bad bad[] = {
      {R"({"Names":["none"]})", "LoadBalancerNotFound", "Load balancers '[none]' not found"},
      {R"({"LoadBalancerArns":["arn:aws:elasticloadbalancing:eu-central-1:000000000000:loadbalancer/app/a/0"]})",
       "LoadBalancerNotFound", "One or more load balancers not found"},
      {R"({"LoadBalancerArns":["a"]})", "ValidationError", "'a' is not a valid load balancer ARN"},
      {R"({"LoadBalancerArns":["a"],"Names":["a"]})", "ValidationError", "at the same time"},
      {R"({"Marker":"x"})", "ValidationError", "marker"},
  };
  for (const auto& one : bad) expect_refused("elbv2", "DescribeLoadBalancers", one);
}

TEST_F(LoadBalancers, TakeTheirListenersWithThem) {
  const std::string arn = add("front");
  const std::string listener = fmt::format(
      R"({{"LoadBalancerArn":"{}","Protocol":"HTTP","Port":80,
          "DefaultActions":[{{"Type":"fixed-response","FixedResponseConfig":{{"StatusCode":"200"}}}}]}})",
      arn);
  elb("CreateListener", listener);
  const auto revision = store.revision();
  const std::string request = fmt::format(R"({{"LoadBalancerArn":"{}"}})", arn);
  elb("DeleteLoadBalancer", request);
  EXPECT_EQ(store.revision(), revision + 1) << "in one batch";
  EXPECT_TRUE(MUST(store.list(model::Listener::kKind, "")).empty());
  EXPECT_TRUE(MUST(store.list(model::LoadBalancer::kKind, "")).empty());
  elb("DeleteLoadBalancer", request);
  EXPECT_EQ(store.revision(), revision + 1) << "what is absent is deleted";
}

TEST_F(LoadBalancers, HaveAttributes) {
  const std::string arn = add("front");
  const auto modify = [&](const char* key, const char* value) {
    return fmt::format(R"({{"LoadBalancerArn":"{}","Attributes":[{{"Key":"{}","Value":"{}"}}]}})", arn, key, value);
  };
  elb("ModifyLoadBalancerAttributes", modify("idle_timeout.timeout_seconds", "30"));
  const auto document = get<model::LoadBalancer>("000000000000/eu-central-1/front");
  EXPECT_EQ(document.attributes.at("idle_timeout.timeout_seconds"), "30");
  struct Row {
    const char *key, *value, *code;
  };
  const Row rows[] = {
      {"idle_timeout.timeout_seconds", "0", "ValidationError"},
      {"idle_timeout.timeout_seconds", "4001", "ValidationError"},
      {"idle_timeout.timeout_seconds", "x", "ValidationError"},
      {"made.up", "1", "ValidationError"},
      {"deletion_protection.enabled", "maybe", "ValidationError"},
      {"routing.http2.enabled", "false", "InvalidConfigurationRequest"},
      {"routing.http.xff_header_processing.mode", "drop", "ValidationError"},
  };
  for (const auto& row : rows) {
    const std::string request = modify(row.key, row.value);
    expect_refused("elbv2", "ModifyLoadBalancerAttributes", {request.c_str(), row.code, row.key});
  }
  elb("ModifyLoadBalancerAttributes", modify("deletion_protection.enabled", "true"));
  const std::string request = fmt::format(R"({{"LoadBalancerArn":"{}"}})", arn);
  EXPECT_GT(elb("DescribeLoadBalancerAttributes", request)["Attributes"].items().size(), 14u);
  expect_refused("elbv2", "DeleteLoadBalancer",
                 {request.c_str(), "OperationNotPermitted", "because deletion protection is enabled"});
}

TEST_F(LoadBalancers, WriteAccessLogsWhereBucketAndPrefixSay) {
  const std::string arn = add("front");
  const auto logs = [&](const char* bucket, const char* prefix) {
    return fmt::format(
        R"({{"LoadBalancerArn":"{}","Attributes":[{{"Key":"access_logs.s3.enabled","Value":"true"}},
        {{"Key":"access_logs.s3.bucket","Value":"{}"}},{{"Key":"access_logs.s3.prefix","Value":"{}"}}]}})",
        arn, bucket, prefix);
  };
  const auto refused = [&](const char* bucket, const char* prefix, const char* message) {
    expect_refused("elbv2", "ModifyLoadBalancerAttributes", {logs(bucket, prefix).c_str(), "ValidationError", message});
  };
  refused("", "", "The access log bucket name must be specified");
  for (const char* bucket : {"..", "a/b", "ab", "Upper", "a..b", ".abc"}) refused(bucket, "", "bucket name");
  for (const char* prefix : {"../x", "/x", "x/", "a//b", "a b", "AWSLogs"}) refused("logs", prefix, "prefix");
  EXPECT_TRUE(host.folders.empty());
  host.full = true;
  expect_refused("elbv2", "ModifyLoadBalancerAttributes",
                 {logs("logs", "").c_str(), "InvalidConfigurationRequest", "no space is left"});
  host.full = false;
  elb("ModifyLoadBalancerAttributes", logs("my-logs", "web/one"));
  elb("ModifyLoadBalancerAttributes", logs("my-logs", ""));
  EXPECT_EQ(host.folders, (std::vector<std::string>{"logs", "my-logs/web/one", "my-logs"}));
}

TEST_F(LoadBalancers, RefuseBadInput) {
  const std::string long_name = fmt::format(R"({{"Name":"{}"}})", std::string(33, 'a'));
  const Bad bad[] = {
      {long_name.c_str(), "ValidationError", "cannot be longer than '32' characters"},
      {R"({"Name":"a_b"})", "ValidationError", "alphanumeric characters or hyphens(-)"},
      {R"({"Name":"-a"})", "ValidationError", "cannot begin or end with a hyphen(-)"},
      {R"({"Name":"internal-a"})", "ValidationError", "cannot begin with 'internal-'"},
      {R"({"Name":"a","Type":"gateway"})", "InvalidConfigurationRequest", "'gateway'"},
      {R"({"Name":"a","Tags":[{"Key":"k"},{"Key":"k"}]})", "DuplicateTagKeys", "'k'"},
      {R"({"Name":"a","Tags":[{"Key":"aws:k"}]})", "ValidationError", "aws:"},
      {R"({"Name":"a","Subnets":["s"],"SubnetMappings":[{"SubnetId":"s"}]})", "ValidationError", "not both"},
  };
  for (const auto& one : bad) expect_refused("elbv2", "CreateLoadBalancer", one);
}

}  // namespace
}  // namespace weir::api
