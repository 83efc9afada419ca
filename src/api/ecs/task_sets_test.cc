#include <fmt/format.h>

#include "api/ecs/service_view.h"
#include "api/test_world.h"
#include "model/documents.h"

namespace weir::api {
namespace {

class TaskSets : public TestWorld {
 protected:
  TaskSets() {
    ecs("CreateCluster", R"({"clusterName":"one"})");
    for (int i = 0; i < 2; ++i) {
      ecs("RegisterTaskDefinition", R"({"family":"web","networkMode":"bridge","containerDefinitions":[
          {"name":"app","image":"i:1","memory":64,"portMappings":[{"containerPort":80}]}]})");
    }
    ecs("CreateService",
        R"({"cluster":"one","serviceName":"s","desiredCount":3,"deploymentController":{"type":"EXTERNAL"}})");
  }
  static std::string set(const std::string& members = "", const char* service = "s") {
    return fmt::format(R"({{"cluster":"one","service":"{}","taskDefinition":"web"{}}})", service, members);
  }
  static std::string named(const std::string& id, const std::string& members = "", const char* key = "taskSet") {
    return fmt::format(R"({{"cluster":"one","service":"s","{}":"{}"{}}})", key, id, members);
  }
  Json create(const std::string& members = "", const char* service = "s") {
    return ecs("CreateTaskSet", set(members, service))["taskSet"];
  }
  std::string new_id(const std::string& members = "") { return create(members)["id"].as_string(); }
  Json service(const char* name = "s") {
    return ecs("DescribeServices", fmt::format(R"({{"cluster":"one","services":["{}"]}})", name))["services"]
        .items()[0];
  }
  std::string group(const char* name, bool listened = true) {
    const Json made = elb("CreateTargetGroup",
                          fmt::format(R"({{"Name":"{}","Protocol":"HTTP","Port":80,"TargetType":"instance"}})", name));
    const std::string arn = made["TargetGroups"].items()[0]["TargetGroupArn"].as_string();
    if (!listened) return arn;
    const Json balancer = elb("CreateLoadBalancer", fmt::format(R"({{"Name":"{}"}})", name));
    elb("CreateListener",
        fmt::format(R"({{"LoadBalancerArn":"{}","Protocol":"HTTP","Port":{},
            "DefaultActions":[{{"Type":"forward","TargetGroupArn":"{}"}}]}})",
                    balancer["LoadBalancers"].items()[0]["LoadBalancerArn"].as_string(), port_++, arn));
    return arn;
  }
  static std::string balanced(const std::string& arn) {
    return fmt::format(R"(,"loadBalancers":[{{"targetGroupArn":"{}","containerName":"app","containerPort":80}}])", arn);
  }
  int port_ = 8080;
};

TEST_F(TaskSets, a_service_of_somebody_elses_deployments_begins_with_nothing) {
  const Json made = service();
  EXPECT_EQ(made["deploymentController"]["type"].as_string(), "EXTERNAL");
  EXPECT_TRUE(made["deployments"].items().empty());
  EXPECT_TRUE(made["taskSets"].items().empty());
  EXPECT_FALSE(made.find("taskDefinition"));
  EXPECT_FALSE(made.find("launchType"));
  EXPECT_EQ(made["desiredCount"].as_int(), 3);
  EXPECT_TRUE(
      ecs("ListServiceDeployments", R"({"cluster":"one","service":"s"})")["serviceDeployments"].items().empty());
  ecs("CreateService", R"({"cluster":"one","serviceName":"bare","deploymentController":{"type":"EXTERNAL"}})");
  EXPECT_EQ(service("bare")["desiredCount"].as_int(-1), 0) << "its name is all that is required";
}

TEST_F(TaskSets, begin_with_no_share_and_are_active) {
  const Json made = create();
  const std::string id = made["id"].as_string();
  EXPECT_TRUE(id.starts_with("ecs-svc/"));
  EXPECT_EQ(made["taskSetArn"].as_string(), "arn:aws:ecs:eu-central-1:000000000000:task-set/one/s/" + id);
  EXPECT_EQ(made["status"].as_string(), "ACTIVE");
  EXPECT_EQ(made["taskDefinition"].as_string(), std::string(kArn) + "task-definition/web:2");
  EXPECT_EQ(made["scale"].dump(), R"({"value":0,"unit":"PERCENT"})");
  EXPECT_EQ(made["computedDesiredCount"].as_int(-1), 0);
  EXPECT_EQ(made["launchType"].as_string(), "EC2");
  EXPECT_EQ(made["stabilityStatus"].as_string(), "STABILIZING");
  EXPECT_FALSE(made.find("startedBy"));
  EXPECT_FALSE(made.find("externalId"));
  EXPECT_EQ(service()["taskSets"].items()[0]["id"].as_string(), id);
}

TEST_F(TaskSets, keep_what_they_are_given) {
  const std::string blue = group("blue");
  const Json made = create(
      balanced(blue) + R"(,"externalId":"v1","scale":{"value":50,"unit":"PERCENT"},"tags":[{"key":"k","value":"v"}])");
  EXPECT_EQ(made["externalId"].as_string(), "v1");
  EXPECT_EQ(made["computedDesiredCount"].as_int(), 2) << "half of three, rounded up";
  EXPECT_EQ(made["loadBalancers"].items()[0]["targetGroupArn"].as_string(), blue);
  EXPECT_EQ(made["tags"].items().size(), 1u);
  const Json bare = ecs("DescribeTaskSets", R"({"cluster":"one","service":"s"})");
  EXPECT_TRUE(bare["taskSets"].items()[0]["tags"].items().empty());
  const Json tagged = ecs("DescribeTaskSets", R"({"cluster":"one","service":"s","include":["TAGS"]})");
  EXPECT_EQ(tagged["taskSets"].items()[0]["tags"].items()[0]["value"].as_string(), "v");
}

TEST_F(TaskSets, follow_the_services_desired_count) {
  const std::string id = new_id(R"(,"scale":{"value":100,"unit":"PERCENT"})");
  ecs("UpdateService", R"({"cluster":"one","service":"s","desiredCount":7})");
  EXPECT_EQ(service()["taskSets"].items()[0]["computedDesiredCount"].as_int(), 7);
  const Json halved = ecs("UpdateTaskSet", named(id, R"(,"scale":{"value":50,"unit":"PERCENT"})"))["taskSet"];
  EXPECT_EQ(halved["computedDesiredCount"].as_int(), 4);
  EXPECT_EQ(halved["stabilityStatus"].as_string(), "STABILIZING");
}

TEST_F(TaskSets, the_primary_one_is_what_the_service_shows) {
  const std::string first = new_id(R"(,"scale":{"value":100},"platformVersion":"","externalId":"a")");
  clock.advance(std::chrono::seconds(1));
  const std::string second = new_id(R"(,"scale":{"value":100})");
  const Json made = ecs("UpdateServicePrimaryTaskSet", named(first, "", "primaryTaskSet"))["taskSet"];
  EXPECT_EQ(made["status"].as_string(), "PRIMARY");
  EXPECT_EQ(service()["taskDefinition"].as_string(), std::string(kArn) + "task-definition/web:2");
  EXPECT_EQ(service()["launchType"].as_string(), "EC2");
  ecs("UpdateServicePrimaryTaskSet", named(second, "", "primaryTaskSet"));
  const auto sets = service()["taskSets"].items();
  ASSERT_EQ(sets.size(), 2u);
  EXPECT_EQ(sets[0]["status"].as_string(), "ACTIVE");
  EXPECT_EQ(sets[1]["status"].as_string(), "PRIMARY");
}

TEST_F(TaskSets, are_named_by_id_number_and_arn) {
  const Json made = create();
  const std::string id = made["id"].as_string(), arn = made["taskSetArn"].as_string();
  for (const auto& name : {id, id.substr(id.find('/') + 1), arn}) {
    const Json found =
        ecs("DescribeTaskSets", fmt::format(R"({{"cluster":"one","service":"s","taskSets":["{}"]}})", name));
    EXPECT_EQ(found["taskSets"].items().size(), 1u) << name;
    EXPECT_TRUE(found["failures"].items().empty()) << name;
  }
  const Json none = ecs("DescribeTaskSets", R"({"cluster":"one","service":"s","taskSets":["ecs-svc/1"]})");
  EXPECT_TRUE(none["taskSets"].items().empty());
  EXPECT_EQ(none["failures"].dump(),
            R"([{"arn":"arn:aws:ecs:eu-central-1:000000000000:task-set/one/s/ecs-svc/1","reason":"MISSING"}])");
}

TEST_F(TaskSets, a_repeat_with_the_same_token_makes_no_second_one) {
  const std::string id = new_id(R"(,"clientToken":"t")");
  EXPECT_EQ(new_id(R"(,"clientToken":"t")"), id);
  EXPECT_EQ(service()["taskSets"].items().size(), 1u);
  expect_refused("ecs", "CreateTaskSet",
                 {set(R"(,"clientToken":"t","externalId":"other")").c_str(), "InvalidParameterException",
                  "Creation of task set was not idempotent."});
}

TEST_F(TaskSets, are_deleted_once_they_are_scaled_down_or_by_force) {
  const std::string scaled = new_id(R"(,"scale":{"value":100})");
  const std::string empty = new_id();
  expect_refused("ecs", "DeleteTaskSet",
                 {named(scaled).c_str(), "InvalidParameterException", "while it is scaled above 0"});
  ecs("UpdateServicePrimaryTaskSet", named(empty, "", "primaryTaskSet"));
  expect_refused("ecs", "DeleteTaskSet", {named(empty).c_str(), "InvalidParameterException", "primary"});
  const Json gone = ecs("DeleteTaskSet", named(scaled, R"(,"force":true)"))["taskSet"];
  EXPECT_EQ(gone["status"].as_string(), "DRAINING");
  EXPECT_EQ(gone["computedDesiredCount"].as_int(-1), 0);
  EXPECT_EQ(ecs("DeleteTaskSet", named(scaled))["taskSet"]["status"].as_string(), "DRAINING") << "again";
  expect_refused("ecs", "UpdateTaskSet",
                 {named(scaled, R"(,"scale":{"value":1})").c_str(), "InvalidParameterException", "DRAINING"});
  expect_refused("ecs", "UpdateServicePrimaryTaskSet",
                 {named(scaled, "", "primaryTaskSet").c_str(), "InvalidParameterException", "DRAINING"});
}

TEST_F(TaskSets, are_refused_where_they_could_not_run) {
  const std::string blue = group("blue"), lonely = group("lonely", /*listened=*/false);
  const std::string two = balanced(blue).insert(balanced(blue).size() - 1,
                                                R"(,{"targetGroupArn":"x","containerName":"app","containerPort":80})");
  ecs("CreateService", R"({"cluster":"one","serviceName":"own","taskDefinition":"web","desiredCount":1})");
  struct Row {
    std::string request;
    const char* code;
    const char* message;
  };
  const Row rows[] = {
      {set("", "own"), "InvalidParameterException",
       "Amazon ECS only supports task set management on services configured to use external deployment controllers."},
      {set("", "none"), "ServiceNotFoundException", "Service not found."},
      {R"({"cluster":"none","service":"s","taskDefinition":"web"})", "ClusterNotFoundException", "Cluster not found."},
      {R"({"cluster":"one","service":"s","taskDefinition":"none"})", "ClientException", "TaskDefinition not found."},
      {set(R"(,"scale":{"value":100.5})"), "InvalidParameterException", "between 0.0 and 100.0"},
      {set(R"(,"scale":{"value":-1})"), "InvalidParameterException", "between 0.0 and 100.0"},
      {set(R"(,"launchType":"FARGATE")"), "InvalidParameterException", "does not support launch_type FARGATE."},
      {set(R"(,"launchType":"EC2","capacityProviderStrategy":[{"capacityProvider":"FARGATE"}])"),
       "InvalidParameterException", "Specifying both"},
      {set(R"(,"platformVersion":"1.4.0")"), "InvalidParameterException", "platform version must be null"},
      {set(R"(,"networkConfiguration":{"awsvpcConfiguration":{"subnets":["a"]}})"), "InvalidParameterException",
       "Network Configuration is not valid"},
      {set(balanced(lonely)), "InvalidParameterException", "does not have an associated load balancer."},
      {set(two), "InvalidParameterException", "at most 1"},
      {set(R"(,"serviceRegistries":[{"registryArn":"r"}])"), "InvalidParameterException", "r"},
      {set(R"(,"clientToken":"0123456789012345678901234567890123456")"), "InvalidParameterException", "clientToken"},
  };
  for (const auto& row : rows) expect_refused("ecs", "CreateTaskSet", {row.request.c_str(), row.code, row.message});
  expect_refused("ecs", "UpdateTaskSet",
                 {named("ecs-svc/1", R"(,"scale":{"value":1})").c_str(), "TaskSetNotFoundException", "does not exist"});
  for (int i = 0; i < 5; ++i) create();
  expect_refused("ecs", "CreateTaskSet",
                 {set().c_str(), "InvalidParameterException",
                  "5 deployments exist on the service. Unable to create new TaskSet since this exceeds the maximum"});
}

TEST_F(TaskSets, an_external_service_leaves_to_them_what_is_theirs) {
  const auto of = [](const char* members) {
    return std::string(R"({"cluster":"one","serviceName":"x","deploymentController":{"type":"EXTERNAL"})") + members +
           "}";
  };
  const std::pair<std::string, const char*> rows[] = {
      {of(R"(,"taskDefinition":"web")"), "TaskDefinition must be blank."},
      {of(R"(,"taskDefinition":"")"), "Family should not be null or empty."},
      {of(R"(,"launchType":"EC2")"), "LaunchType must be blank."},
      {of(R"(,"platformVersion":"LATEST")"), "PlatformVersion must be blank."},
      {of(R"(,"capacityProviderStrategy":[{"capacityProvider":"FARGATE"}])"),
       "CapacityProviderStrategy must be blank."},
      {of(R"(,"loadBalancers":[{"containerName":"a"}])"), "LoadBalancers must be blank."},
      {of(R"(,"networkConfiguration":{"awsvpcConfiguration":{"subnets":["a"]}})"),
       "NetworkConfiguration must be blank."},
      {of(R"(,"schedulingStrategy":"DAEMON")"), "DAEMON"},
      {of(R"(,"deploymentConfiguration":{"deploymentCircuitBreaker":{"enable":true,"rollback":true}})"),
       "deploymentCircuitBreaker"},
      {of(R"(,"deploymentConfiguration":{"strategy":"BLUE_GREEN"})"), "strategy"},
      {of(R"(,"deploymentConfiguration":{"alarms":{"alarmNames":["a"],"enable":true,"rollback":true}})"), "alarms"},
  };
  for (const auto& [request, message] : rows) {
    expect_refused("ecs", "CreateService", {request.c_str(), "InvalidParameterException", message});
  }
}

TEST_F(TaskSets, an_external_service_changes_its_counts_only) {
  const auto of = [](const char* members) { return std::string(R"({"cluster":"one","service":"s")") + members + "}"; };
  ecs("UpdateService", of(R"(,"healthCheckGracePeriodSeconds":7,"desiredCount":1,"propagateTags":"SERVICE")"));
  EXPECT_EQ(service()["propagateTags"].as_string(), "SERVICE");
  const std::pair<std::string, const char*> rows[] = {
      {of(R"(,"taskDefinition":"web")"), "Unable to update task definition on services with a EXTERNAL"},
      {of(R"(,"forceNewDeployment":true)"), "Cannot force a new deployment on services with a EXTERNAL"},
      {of(R"(,"networkConfiguration":{"awsvpcConfiguration":{"subnets":["a"]}})"),
       "Unable to update network parameters"},
      {of(R"(,"platformVersion":"1.4.0")"), "Unable to update platform version"},
      {of(R"(,"loadBalancers":[{"containerName":"a"}])"), "Unable to update load balancers"},
  };
  for (const auto& [request, message] : rows) {
    expect_refused("ecs", "UpdateService", {request.c_str(), "InvalidParameterException", message});
  }
  expect_refused(
      "ecs", "UpdateService",
      {of(R"(,"deploymentController":{"type":"ECS"})").c_str(), "UnsupportedFeatureException", "deploymentController"});
}

TEST_F(TaskSets, a_service_of_codedeploy_begins_with_a_primary_one) {
  const std::string blue = group("blue");
  const auto of = [](const std::string& members, const char* name = R"("service":"cd")") {
    return fmt::format(R"({{"cluster":"one",{}{}}})", name, members);
  };
  ecs("CreateService",
      of(R"(,"taskDefinition":"web:1","desiredCount":2,"deploymentController":{"type":"CODE_DEPLOY"})" + balanced(blue),
         R"("serviceName":"cd")"));
  const Json made = service("cd");
  EXPECT_TRUE(made["deployments"].items().empty());
  ASSERT_EQ(made["taskSets"].items().size(), 1u);
  const Json set = made["taskSets"].items()[0];
  EXPECT_EQ(set["status"].as_string(), "PRIMARY");
  EXPECT_EQ(set["computedDesiredCount"].as_int(), 2);
  EXPECT_EQ(set["loadBalancers"].items()[0]["targetGroupArn"].as_string(), blue);
  ecs("UpdateService", of(R"(,"taskDefinition":"web:1","desiredCount":3)"));
  expect_refused("ecs", "UpdateService",
                 {of(R"(,"taskDefinition":"web:2")").c_str(), "InvalidParameterException",
                  "Unable to update task definition on services with a CODE_DEPLOY deployment controller. Use AWS "
                  "CodeDeploy to trigger a new deployment."});
  expect_refused("ecs", "UpdateService",
                 {of(R"(,"forceNewDeployment":true)").c_str(), "InvalidParameterException",
                  "Cannot force a new deployment on services with a CODE_DEPLOY deployment controller. Use AWS "
                  "CodeDeploy to trigger a new deployment."});
  const Json green = create(balanced(group("green")) + R"(,"scale":{"value":100})", "cd");
  EXPECT_EQ(green["startedBy"].as_string(), "CODE_DEPLOY");
  EXPECT_EQ(green["computedDesiredCount"].as_int(), 3);
}

TEST_F(TaskSets, stand_for_deployments_in_weir_status) {
  const std::string id = new_id(R"(,"scale":{"value":50})");
  const auto service = get<model::Service>("000000000000/eu-central-1/one/s");
  model::ServiceState state;
  state.task_sets = {{.id = id, .running_count = 1, .stability = "STEADY_STATE"}};
  const auto shown = ecs::deployments_of(service, &state);
  ASSERT_EQ(shown.size(), 1u);
  EXPECT_EQ(shown[0].id, id);
  EXPECT_EQ(shown[0].desired_count, 2);
  EXPECT_EQ(shown[0].running_count, 1);
  EXPECT_EQ(shown[0].rollout_state, "STEADY_STATE");
  EXPECT_EQ(ecs::deployments_of(service, nullptr)[0].rollout_state, "STABILIZING");
}

TEST_F(TaskSets, carry_tags_of_their_own) {
  const std::string arn = create()["taskSetArn"].as_string();
  ecs("TagResource", fmt::format(R"({{"resourceArn":"{}","tags":[{{"key":"a","value":"1"}}]}})", arn));
  EXPECT_EQ(ecs("ListTagsForResource", fmt::format(R"({{"resourceArn":"{}"}})", arn))["tags"].items().size(), 1u);
  ecs("UntagResource", fmt::format(R"({{"resourceArn":"{}","tagKeys":["a"]}})", arn));
  EXPECT_TRUE(ecs("ListTagsForResource", fmt::format(R"({{"resourceArn":"{}"}})", arn))["tags"].items().empty());
  expect_refused("ecs", "TagResource",
                 {fmt::format(R"({{"resourceArn":"{}0","tags":[]}})", arn).c_str(), "InvalidParameterException",
                  "task set was not found"});
}

TEST_F(TaskSets, leave_with_their_service) {
  new_id(R"(,"scale":{"value":100})");
  expect_refused("ecs", "DeleteService",
                 {R"({"cluster":"one","service":"s"})", "InvalidParameterException", "scaled above 0"});
  const Json gone = ecs("DeleteService", R"({"cluster":"one","service":"s","force":true})")["service"];
  EXPECT_EQ(gone["status"].as_string(), "DRAINING");
  EXPECT_EQ(gone["taskSets"].items()[0]["status"].as_string(), "DRAINING");
  expect_refused("ecs", "CreateTaskSet", {set().c_str(), "ServiceNotActiveException", "Service was not ACTIVE."});
}

}  // namespace
}  // namespace weir::api
