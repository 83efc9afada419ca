#include <fmt/format.h>

#include "api/elbv2/target_places.h"
#include "api/limits.h"
#include "api/test_world.h"
#include "model/documents.h"

namespace weir::api {
namespace {

class Targets : public TestWorld {
 protected:
  void SetUp() override {
    group =
        elb("CreateTargetGroup", R"({"Name":"blue","Protocol":"HTTP","Port":8080,"TargetType":"ip"})")["TargetGroups"]
            .items()
            .at(0)["TargetGroupArn"]
            .as_string();
  }
  std::string request(const std::string& targets) const {
    return fmt::format(R"({{"TargetGroupArn":"{}","Targets":[{}]}})", group, targets);
  }
  void add(const std::string& targets) { elb("RegisterTargets", request(targets)); }
  void remove(const std::string& targets) { elb("DeregisterTargets", request(targets)); }
  // "ID:PORT STATE REASON" of each target.
  std::vector<std::string> health(const std::string& asked = "") {
    std::vector<std::string> all;
    const Json reply = elb("DescribeTargetHealth", request(asked));
    for (const auto& one : reply["TargetHealthDescriptions"].items()) {
      const Json& reason = one["TargetHealth"]["Reason"];
      all.push_back(fmt::format("{}:{} {} {}", one["Target"]["Id"].as_string(),
                                one["Target"]["Port"].is_null() ? 0 : one["Target"]["Port"].as_int(),
                                one["TargetHealth"]["State"].as_string(), reason.is_null() ? "" : reason.as_string()));
    }
    return all;
  }
  // A listener that forwards to the group.
  void use() {
    const Json made = elb("CreateLoadBalancer", R"({"Name":"front"})");
    elb("CreateListener", fmt::format(R"({{"LoadBalancerArn":"{}","Protocol":"HTTP","Port":80,
            "DefaultActions":[{{"Type":"forward","TargetGroupArn":"{}"}}]}})",
                                      made["LoadBalancers"].items().at(0)["LoadBalancerArn"].as_string(), group));
  }
  // As control does.
  void put_state(const std::string& state, const std::string& health, const std::string& reason = "") {
    put(model::TargetState{.scope = {"000000000000", "eu-central-1"},
                           .target = {.target_group = group,
                                      .address = "127.0.0.1",
                                      .port = 8080,
                                      .state = state,
                                      .health = health,
                                      .reason = reason,
                                      .acknowledged = state == "serving"}});
  }
  using Texts = std::vector<std::string>;

  std::string group;
};

TEST_F(Targets, are_registered_at_the_port_of_their_group_or_at_their_own) {
  use();
  add(R"({"Id":"127.0.0.1"},{"Id":"127.0.0.1","Port":9090},{"Id":"0:0::1"},{"Id":"127.0.0.1","Port":8080})");
  EXPECT_EQ(health(), (Texts{"127.0.0.1:8080 initial Elb.RegistrationInProgress",
                             "127.0.0.1:9090 initial Elb.RegistrationInProgress",
                             "::1:8080 initial Elb.RegistrationInProgress"}));
  const auto revision = store.revision();
  add(R"({"Id":"127.0.0.1"},{"Id":"::1"})");
  EXPECT_EQ(store.revision(), revision) << "nothing new";
  remove(R"({"Id":"127.0.0.1"})");
  EXPECT_EQ(health().size(), 2u) << "only the one at the group's port";
  remove(R"({"Id":"127.0.0.1"},{"Id":"10.9.9.9"})");
  EXPECT_EQ(health(R"({"Id":"0::1"})"), Texts{"::1:8080 initial Elb.RegistrationInProgress"});
  EXPECT_EQ(health(R"({"Id":"127.0.0.1","Port":8080})"), Texts{"127.0.0.1:8080 unused Target.NotRegistered"});
}

TEST_F(Targets, have_the_states_of_aws) {
  add(R"({"Id":"127.0.0.1"})");
  EXPECT_EQ(health(), Texts{"127.0.0.1:8080 unused Target.NotInUse"});
  use();
  put_state("checking", "unknown");
  EXPECT_EQ(health(), Texts{"127.0.0.1:8080 initial Elb.InitialHealthChecking"});
  put_state("checking", "unhealthy", "Timeout");
  EXPECT_EQ(health(), Texts{"127.0.0.1:8080 unhealthy Target.Timeout"});
  put_state("serving", "healthy");
  EXPECT_EQ(health(), Texts{"127.0.0.1:8080 healthy "});
  remove(R"({"Id":"127.0.0.1"})");
  EXPECT_EQ(health(), Texts{"127.0.0.1:8080 draining Target.DeregistrationInProgress"}) << "before control saw it";
  put_state("draining", "healthy");
  EXPECT_EQ(health(), Texts{"127.0.0.1:8080 draining Target.DeregistrationInProgress"});
  add(R"({"Id":"127.0.0.1"})");
  EXPECT_EQ(health(), Texts{"127.0.0.1:8080 initial Elb.RegistrationInProgress"});
}

TEST_F(Targets, are_refused_where_they_have_no_address) {
  const auto refused = [&](const char* target, const char* code, const char* message) {
    for (const char* operation : {"RegisterTargets", "DeregisterTargets"}) {
      expect_refused("elbv2", operation, {request(target).c_str(), code, message});
    }
  };
  refused(R"({"Id":"i-0123456789abcdef0"})", "InvalidTarget", "has no address on this machine");
  refused(R"({"Id":"example.com"})", "InvalidTarget", "'example.com' is not a valid IPv4 or IPv6 address");
  refused(R"({"Id":"127.0.0.1"},{"Id":"10.0.0"})", "InvalidTarget", "'10.0.0' is not a valid");
  refused(R"({"Id":"0.0.0.0"})", "InvalidTarget", "cannot be a target");
  refused(R"({"Id":"224.0.0.1"})", "InvalidTarget", "cannot be a target");
  refused(R"({"Id":"127.0.0.1","QuicServerId":"0x12"})", "InvalidConfigurationRequest", "QuicServerId");
  refused("", "ValidationError", "At least one target");
  expect_refused("elbv2", "RegisterTargets",
                 {R"({"TargetGroupArn":"x","Targets":[{"Id":"127.0.0.1"}]})", "TargetGroupNotFound", ""});
  EXPECT_EQ(health(), Texts{});
}

TEST_F(Targets, are_at_most_a_thousand) {
  std::string many;
  for (std::size_t i = 0; i < kMaxTargets; ++i)
    many += fmt::format(R"({}{{"Id":"10.0.0.1","Port":{}}})", i ? "," : "", i + 1);
  add(many);
  EXPECT_EQ(health().size(), kMaxTargets);
  expect_refused("elbv2", "RegisterTargets",
                 {request(R"({"Id":"10.0.0.2"})").c_str(), "TooManyTargets", "at most 1000 targets"});
  add(R"({"Id":"10.0.0.1","Port":1})");
}

TEST_F(Targets, go_with_their_group) {
  add(R"({"Id":"127.0.0.1"})");
  elb("DeleteTargetGroup", fmt::format(R"({{"TargetGroupArn":"{}"}})", group));
  EXPECT_TRUE(MUST(store.list(model::Target::kKind, "")).empty());
}

TEST_F(Targets, of_tasks_are_their_services_to_deregister) {
  model::Task task{.scope = {"000000000000", "eu-central-1"}, .cluster = "c", .id = "t"};
  task.targets.push_back({.target_group = group, .address = "127.0.0.1", .port = 30000, .state = "serving"});
  put(task);
  expect_refused("elbv2", "DeregisterTargets",
                 {request(R"({"Id":"127.0.0.1","Port":30000})").c_str(), "InvalidTarget", "belongs to the task 't'"});
}

TEST_F(Targets, of_a_group_of_instances_are_known_by_their_address_too) {
  const auto place = elbv2::place_of({.Id = "::0001", .Port = 5}, {.Port = 80, .TargetType = "instance"});
  ASSERT_TRUE(place);
  EXPECT_EQ(*place, (elbv2::Place{"::1", 5}));
}

}  // namespace
}  // namespace weir::api
