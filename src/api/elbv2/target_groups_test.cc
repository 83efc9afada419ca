#include <fmt/format.h>

#include "api/elbv2/target_group_rules.h"
#include "api/elbv2/target_health.h"
#include "api/limits.h"
#include "api/test_world.h"
#include "model/documents.h"

namespace weir::api {
namespace {

class TargetGroups : public TestWorld {
 protected:
  static std::string request(const std::string& members, const char* name = "blue") {
    return fmt::format(R"({{"Name":"{}","Protocol":"HTTP","Port":80{}}})", name, members);
  }
  Json add(const std::string& members = "", const char* name = "blue") {
    const Json made = elb("CreateTargetGroup", request(members, name));
    return made["TargetGroups"].items().at(0);
  }
  // A listener that forwards to the group; its ARN.
  std::string use(const std::string& group) {
    const Json made = elb("CreateLoadBalancer", R"({"Name":"front"})");
    const Json listener =
        elb("CreateListener", fmt::format(R"({{"LoadBalancerArn":"{}","Protocol":"HTTP","Port":80,
                "DefaultActions":[{{"Type":"forward","TargetGroupArn":"{}"}}]}})",
                                          made["LoadBalancers"].items().at(0)["LoadBalancerArn"].as_string(), group));
    return listener["Listeners"].items().at(0)["ListenerArn"].as_string();
  }
};

TEST_F(TargetGroups, AreNotMoreThanAnAccountMayHave) {
  std::vector<store::Write> writes;
  for (std::size_t i = 0; i < kMaxTargetGroups; ++i) {
    model::TargetGroup one{.scope = {"000000000000", "eu-central-1"}};
    one.group.TargetGroupName = fmt::format("held-{}", i);
    writes.push_back(store::put(one, store::Expect::kAny));
  }
  MUST(store.commit(writes));
  expect_refused("elbv2", "CreateTargetGroup",
                 {R"({"Name":"more","Protocol":"HTTP","Port":80})", "TooManyTargetGroups", "3000"});
}

TEST_F(TargetGroups, HaveTheDefaultsOfTheirProtocolVersion) {
  const Json http = add();
  EXPECT_TRUE(http["TargetGroupArn"].as_string().starts_with(
      "arn:aws:elasticloadbalancing:eu-central-1:000000000000:targetgroup/blue/"));
  EXPECT_EQ(http["ProtocolVersion"].as_string(), "HTTP1");
  EXPECT_EQ(http["TargetType"].as_string(), "instance");
  EXPECT_EQ(http["HealthCheckPath"].as_string(), "/");
  EXPECT_EQ(http["HealthCheckPort"].as_string(), "traffic-port");
  EXPECT_EQ(http["HealthCheckIntervalSeconds"].as_int(), 30);
  EXPECT_EQ(http["HealthCheckTimeoutSeconds"].as_int(), 5);
  EXPECT_EQ(http["HealthyThresholdCount"].as_int(), 5);
  EXPECT_EQ(http["UnhealthyThresholdCount"].as_int(), 2);
  EXPECT_EQ(http["Matcher"].dump(), R"({"HttpCode":"200"})");
  EXPECT_EQ(http["LoadBalancerArns"].dump(), "[]");
  const Json grpc = add(R"(,"ProtocolVersion":"GRPC","TargetType":"ip")", "calls");
  EXPECT_EQ(grpc["HealthCheckPath"].as_string(), "/AWS.ALB/healthcheck");
  EXPECT_EQ(grpc["Matcher"].dump(), R"({"GrpcCode":"12"})");
  EXPECT_EQ(add(R"(,"ProtocolVersion":"")", "empty")["ProtocolVersion"].as_string(), "HTTP1");
  const auto document = get<model::TargetGroup>("000000000000/eu-central-1/blue");
  EXPECT_EQ(document.attributes.at("deregistration_delay.timeout_seconds"), "300");
}

TEST_F(TargetGroups, AreCreatedOnceHoweverOftenAsked) {
  const Json first = add();
  const auto revision = store.revision();
  EXPECT_EQ(add(), first);
  EXPECT_EQ(store.revision(), revision);
  const std::string other = request(R"(,"HealthCheckPath":"/x")");
  expect_refused("elbv2", "CreateTargetGroup",
                 {other.c_str(), "DuplicateTargetGroupName",
                  "A target group with the same name 'blue' exists, but with different settings"});
}

TEST_F(TargetGroups, AreDescribedWithTheirBalancersAndKeptWhileInUse) {
  const std::string blue = add()["TargetGroupArn"].as_string();
  add("", "green");
  const std::string listener = use(blue);
  const Json described = elb("DescribeTargetGroups", R"({"Names":["blue"]})");
  const Json& users = described["TargetGroups"].items().at(0)["LoadBalancerArns"];
  ASSERT_EQ(users.items().size(), 1u);
  const std::string of_balancer = fmt::format(R"({{"LoadBalancerArn":"{}"}})", users.items()[0].as_string());
  EXPECT_EQ(elb("DescribeTargetGroups", of_balancer)["TargetGroups"].items().size(), 1u);
  EXPECT_EQ(elb("DescribeTargetGroups", "{}")["TargetGroups"].items().size(), 2u);
  const std::string request = fmt::format(R"({{"TargetGroupArn":"{}"}})", blue);
  expect_refused("elbv2", "DeleteTargetGroup",
                 {request.c_str(), "ResourceInUse", "is currently in use by a listener or a rule"});
  elb("DeleteListener", fmt::format(R"({{"ListenerArn":"{}"}})", listener));
  elb("DeleteTargetGroup", request);
  elb("DeleteTargetGroup", request);
  const Bad bad[] = {
      {R"({"Names":["blue"]})", "TargetGroupNotFound", "One or more target groups not found"},
      {R"({"TargetGroupArns":["x"]})", "TargetGroupNotFound", "One or more target groups not found"},
      {R"({"LoadBalancerArn":"x"})", "LoadBalancerNotFound", ""},
      {R"({"LoadBalancerArn":"x","Names":["green"]})", "ValidationError", "Only one"},
  };
  for (const auto& one : bad) expect_refused("elbv2", "DescribeTargetGroups", one);
}

TEST_F(TargetGroups, MayChangeTheirHealthCheck) {
  const std::string arn = add()["TargetGroupArn"].as_string();
  const auto modify = [&](const char* members) { return fmt::format(R"({{"TargetGroupArn":"{}"{}}})", arn, members); };
  const Json changed = elb("ModifyTargetGroup", modify(R"(,"HealthCheckPath":"/up","Matcher":{"HttpCode":"200-299"})"));
  EXPECT_EQ(changed["TargetGroups"].items().at(0)["HealthCheckPath"].as_string(), "/up");
  EXPECT_EQ(get<model::TargetGroup>("000000000000/eu-central-1/blue").group.Matcher->HttpCode, "200-299");
  const std::string too_slow = modify(R"(,"HealthCheckTimeoutSeconds":30)");
  expect_refused("elbv2", "ModifyTargetGroup",
                 {too_slow.c_str(), "ValidationError", "Health check interval must be greater than the timeout."});
  expect_refused("elbv2", "ModifyTargetGroup",
                 {R"({"TargetGroupArn":"x"})", "TargetGroupNotFound", "One or more target groups not found"});
}

TEST_F(TargetGroups, HaveAttributes) {
  const std::string arn = add()["TargetGroupArn"].as_string();
  struct Row {
    const char *key, *value, *code;  // no code: it is taken
  };
  const Row rows[] = {
      {"deregistration_delay.timeout_seconds", "0", nullptr},
      {"deregistration_delay.timeout_seconds", "3600", nullptr},
      {"deregistration_delay.timeout_seconds", "3601", "ValidationError"},
      {"deregistration_delay.timeout_seconds", "-1", "ValidationError"},
      {"load_balancing.algorithm.type", "least_outstanding_requests", nullptr},
      {"load_balancing.algorithm.type", "random", "ValidationError"},
      {"load_balancing.algorithm.anomaly_mitigation", "on", "ValidationError"},  // with weighted_random only
      {"slow_start.duration_seconds", "30", "ValidationError"},                  // with round_robin only
      {"load_balancing.algorithm.type", "weighted_random", nullptr},
      {"load_balancing.algorithm.anomaly_mitigation", "on", nullptr},
      {"load_balancing.algorithm.type", "round_robin", "ValidationError"},
      {"load_balancing.algorithm.anomaly_mitigation", "off", nullptr},
      {"load_balancing.algorithm.type", "round_robin", nullptr},
      {"slow_start.duration_seconds", "0", nullptr},
      {"slow_start.duration_seconds", "29", "ValidationError"},
      {"slow_start.duration_seconds", "901", "ValidationError"},
      {"slow_start.duration_seconds", "30", nullptr},
      {"stickiness.enabled", "true", nullptr},
      {"stickiness.lb_cookie.duration_seconds", "0", "ValidationError"},
      {"stickiness.lb_cookie.duration_seconds", "604800", nullptr},
      {"stickiness.type", "source_ip", "ValidationError"},
      {"stickiness.type", "app_cookie", "ValidationError"},  // which cookie?
      {"stickiness.app_cookie.cookie_name", "SID", nullptr},
      {"stickiness.type", "app_cookie", nullptr},
      {"stickiness.app_cookie.cookie_name", "AWSALBX", "ValidationError"},
      {"stickiness.app_cookie.cookie_name", "a b", "ValidationError"},
      {"stickiness.app_cookie.duration_seconds", "86400", nullptr},
      {"stickiness.app_cookie.duration_seconds", "60", "InvalidConfigurationRequest"},
      {"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "2", nullptr},
      {"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "off", "ValidationError"},
      {"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "50", nullptr},
      {"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "101", "ValidationError"},
      {"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "off", nullptr},
      {"target_group_health.dns_failover.minimum_healthy_targets.count", "off", nullptr},
      {"target_group_health.dns_failover.minimum_healthy_targets.percentage", "0", "ValidationError"},
      {"made.up", "1", "ValidationError"},
  };
  for (const auto& row : rows) {
    const std::string request =
        fmt::format(R"({{"TargetGroupArn":"{}","Attributes":[{{"Key":"{}","Value":"{}"}}]}})", arn, row.key, row.value);
    if (row.code) {
      // What attributes ask for together is told in a sentence that need not name the one that was given.
      const bool by_name = std::string_view(row.code) != "ValidationError";
      expect_refused("elbv2", "ModifyTargetGroupAttributes", {request.c_str(), row.code, by_name ? row.key : ""});
    } else {
      elb("ModifyTargetGroupAttributes", request);
      EXPECT_EQ(get<model::TargetGroup>("000000000000/eu-central-1/blue").attributes.at(row.key), row.value);
    }
  }
}

TEST_F(TargetGroups, RefuseBadInput) {
  struct Row {
    std::string request;
    const char* code;
    const char* message;
  };
  const Row rows[] = {
      {R"({"Name":"blue","Port":80})", "ValidationError", "A protocol must be specified"},
      {R"({"Name":"blue","Protocol":"HTTP"})", "ValidationError", "A port must be specified"},
      {R"({"Name":"blue","Protocol":"UDP","Port":80})", "InvalidConfigurationRequest", "'UDP'"},
      {R"({"Name":"blue","Protocol":"TCP","Port":80,"ProtocolVersion":"HTTP1"})", "ValidationError",
       "protocol version"},
      {R"({"Name":"blue","Protocol":"TCP","Port":80,"HealthCheckPath":"/"})", "ValidationError", "neither a path"},
      {request(R"(,"HealthCheckProtocol":"TCP")"), "ValidationError", "Health check protocol 'TCP' is not supported"},
      {request("", "a b"), "ValidationError", "Target group name 'a b'"},
      {request(R"(,"TargetType":"lambda")"), "InvalidConfigurationRequest", "'lambda'"},
      {request(R"(,"ProtocolVersion":"HTTP3")"), "ValidationError", "Protocol version 'HTTP3'"},
      {request(R"(,"HealthCheckPath":"x")"), "ValidationError", "must begin with a '/'"},
      {request(R"(,"HealthCheckPort":"0")"), "ValidationError", "Health check port '0'"},
      {request(R"(,"HealthCheckEnabled":false)"), "ValidationError", "Health checks must be enabled"},
      {request(R"(,"HealthCheckIntervalSeconds":5)"), "ValidationError",
       "Health check interval must be greater than the timeout."},
      {request(R"(,"Matcher":{"HttpCode":"500"})"), "ValidationError", "within '200-499'"},
      {request(R"(,"Matcher":{"HttpCode":"300-200"})"), "ValidationError", "within '200-499'"},
      {request(R"(,"Matcher":{"GrpcCode":"0"})"), "ValidationError", "for protocol version GRPC only"},
      {request(R"(,"ProtocolVersion":"GRPC","Matcher":{"HttpCode":"200"})"), "ValidationError", "not valid"},
      {request(R"(,"ProtocolVersion":"GRPC","Matcher":{"GrpcCode":"100"})"), "ValidationError", "'0 - 99'"},
  };
  for (const auto& row : rows) {
    expect_refused("elbv2", "CreateTargetGroup", {row.request.c_str(), row.code, row.message});
  }
}

TEST_F(TargetGroups, KnowTheHealthOfTheirTargets) {
  const std::string arn = add()["TargetGroupArn"].as_string();
  model::Task task{.scope = {"000000000000", "eu-central-1"}, .cluster = "one", .id = "1"};
  task.targets = {{.target_group = arn,
                   .address = "127.0.0.1",
                   .port = 40001,
                   .state = "serving",
                   .health = "healthy",
                   .acknowledged = true},
                  {.target_group = "other", .address = "127.0.0.1", .port = 40002, .state = "serving"}};
  put(task);
  const auto request = [&](const char* members) { return fmt::format(R"({{"TargetGroupArn":"{}"{}}})", arn, members); };
  const Json unused = elb("DescribeTargetHealth", request(""));
  ASSERT_EQ(unused["TargetHealthDescriptions"].items().size(), 1u);
  EXPECT_EQ(unused["TargetHealthDescriptions"].items()[0]["TargetHealth"]["Reason"].as_string(), "Target.NotInUse");
  use(arn);
  const Json healthy = elb("DescribeTargetHealth", request(""));
  const Json& target = healthy["TargetHealthDescriptions"].items().at(0);
  EXPECT_EQ(target["TargetHealth"].dump(), R"({"State":"healthy"})");
  EXPECT_EQ(target["Target"]["Id"].as_string(), "127.0.0.1");
  EXPECT_EQ(target["Target"]["Port"].as_int(), 40001);
  EXPECT_EQ(target["HealthCheckPort"].as_string(), "40001");
  const Json asked = elb("DescribeTargetHealth", request(R"(,"Targets":[{"Id":"10.0.0.1"}])"));
  EXPECT_EQ(asked["TargetHealthDescriptions"].items().at(0)["TargetHealth"]["Reason"].as_string(),
            "Target.NotRegistered");
  expect_refused("elbv2", "DescribeTargetHealth", {R"({"TargetGroupArn":"x"})", "TargetGroupNotFound", ""});
}

TEST(TargetHealth, IsSaidInAwsWords) {
  struct Row {
    const char *state, *health, *reason;
    const char *shown, *why;
    bool acknowledged = false;
  };
  const Row rows[] = {
      {"waiting", "unknown", "", "initial", "Elb.RegistrationInProgress"},
      {"checking", "unknown", "", "initial", "Elb.InitialHealthChecking"},
      {"checking", "healthy", "", "initial", "Elb.InitialHealthChecking"},
      {"serving", "healthy", "", "initial", "Elb.InitialHealthChecking"},
      {"serving", "healthy", "", "healthy", "", true},
      {"serving", "unhealthy", "Timeout", "unhealthy", "Target.Timeout"},
      {"checking", "unhealthy", "ResponseCodeMismatch", "unhealthy", "Target.ResponseCodeMismatch"},
      {"checking", "unhealthy", "strange", "unhealthy", "Target.FailedHealthChecks"},
      {"draining", "healthy", "", "draining", "Target.DeregistrationInProgress"},
  };
  for (const auto& row : rows) {
    const auto health = elbv2::health_of({.address = "127.0.0.1",
                                          .port = 1,
                                          .state = row.state,
                                          .health = row.health,
                                          .reason = row.reason,
                                          .acknowledged = row.acknowledged},
                                         true);
    ASSERT_TRUE(health);
    EXPECT_EQ(health->State, row.shown);
    EXPECT_EQ(health->Reason.value_or(""), row.why);
    EXPECT_EQ(health->Description.has_value(), *row.why != '\0');
  }
  EXPECT_FALSE(elbv2::health_of({.address = "127.0.0.1", .state = "gone"}, true));
  EXPECT_FALSE(elbv2::health_of({.state = "waiting"}, true)) << "no address yet";
}

TEST(Matcher, IsCodesRangesAndLists) {
  for (const char* good : {"200", "200,202", "200-299", "200,300-399"}) EXPECT_TRUE(elbv2::is_matcher(good, 200, 499));
  for (const char* bad : {"", "x", "199", "200-500", "200,", "200 ", "-200", "200-"}) {
    EXPECT_FALSE(elbv2::is_matcher(bad, 200, 499)) << bad;
  }
}

}  // namespace
}  // namespace weir::api
