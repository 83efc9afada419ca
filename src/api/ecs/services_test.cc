#include <fmt/format.h>

#include "api/test_world.h"
#include "model/documents.h"

namespace weir::api {
namespace {

class Services : public TestWorld {
 protected:
  Services() {
    ecs("CreateCluster", R"({"clusterName":"one"})");
    add("web", "bridge");
    add("web", "bridge");
    add("vpc", "awsvpc");
    target_group_ = group("blue", "instance");
    const Json balancer = elb("CreateLoadBalancer", R"({"Name":"front"})");
    balancer_ = balancer["LoadBalancers"].items()[0]["LoadBalancerArn"].as_string();
    elb("CreateListener", fmt::format(R"({{"LoadBalancerArn":"{}","Protocol":"HTTP","Port":8080,
            "DefaultActions":[{{"Type":"forward","TargetGroupArn":"{}"}}]}})",
                                      balancer_, target_group_));
  }
  void add(const char* family, const char* mode) {
    ecs("RegisterTaskDefinition",
        fmt::format(R"({{"family":"{}","networkMode":"{}","cpu":"256","memory":"512","containerDefinitions":[
            {{"name":"app","image":"i:1","portMappings":[{{"containerPort":80}}]}}]}})",
                    family, mode));
  }
  std::string group(const char* name, const char* type) {
    const Json made = elb("CreateTargetGroup",
                          fmt::format(R"({{"Name":"{}","Protocol":"HTTP","Port":80,"TargetType":"{}"}})", name, type));
    return made["TargetGroups"].items()[0]["TargetGroupArn"].as_string();
  }
  static std::string request(const std::string& members = "", const char* name = "s") {
    return fmt::format(R"({{"cluster":"one","serviceName":"{}","taskDefinition":"web","desiredCount":2{}}})", name,
                       members);
  }
  std::string balanced(const std::string& arn, const char* container = "app", int port = 80) const {
    return fmt::format(R"(,"loadBalancers":[{{"targetGroupArn":"{}","containerName":"{}","containerPort":{}}}])", arn,
                       container, port);
  }
  Json describe(const char* name = "s") {
    const Json reply =
        ecs("DescribeServices", fmt::format(R"({{"cluster":"one","services":["{}"],"include":["TAGS"]}})", name));
    return reply["services"].items().at(0);
  }
  Json update(const std::string& members) {
    return ecs("UpdateService", R"({"cluster":"one","service":"s")" + members + "}")["service"];
  }
  model::Service document(const char* name = "s") { return get<model::Service>(key_of(name)); }
  static std::string key_of(const char* name) { return std::string("000000000000/eu-central-1/one/") + name; }

  std::string target_group_;
  std::string balancer_;
};

TEST_F(Services, AreCreatedWithADeploymentOfTheirOwn) {
  const Json service = ecs("CreateService", request(balanced(target_group_)))["service"];
  EXPECT_EQ(service["serviceArn"].as_string(), "arn:aws:ecs:eu-central-1:000000000000:service/one/s");
  EXPECT_EQ(service["taskDefinition"].as_string(), "arn:aws:ecs:eu-central-1:000000000000:task-definition/web:2");
  EXPECT_EQ(service["status"].as_string(), "ACTIVE");
  EXPECT_EQ(service["launchType"].as_string(), "EC2");
  EXPECT_EQ(service["healthCheckGracePeriodSeconds"].as_int(-1), 0);
  const Json& deployment = service["deployments"].items().at(0);
  EXPECT_EQ(deployment["status"].as_string(), "PRIMARY");
  EXPECT_EQ(deployment["rolloutState"].as_string(), "IN_PROGRESS");
  EXPECT_EQ(deployment["desiredCount"].as_int(), 2);
  EXPECT_EQ(deployment["id"].as_string().size(), std::string("ecs-svc/").size() + 19);
  EXPECT_EQ(document().deployment_id, deployment["id"].as_string());
  EXPECT_EQ(document().minimum_healthy_percent, 100);
  EXPECT_EQ(document().maximum_percent, 200);
}

TEST_F(Services, MayRunOnFargateInTheirOwnNetwork) {
  const Json service = ecs("CreateService", R"({"cluster":"one","serviceName":"f","taskDefinition":"vpc",
      "desiredCount":1,"launchType":"FARGATE","networkConfiguration":{"awsvpcConfiguration":{"subnets":["subnet-1"],
      "assignPublicIp":"ENABLED"}},"tags":[{"key":"a","value":"b"}],"deploymentConfiguration":
      {"minimumHealthyPercent":50,"maximumPercent":150,"deploymentCircuitBreaker":{"enable":false,"rollback":false}},
      "capacityProviderStrategy":[],"vpcLatticeConfigurations":[],"availabilityZoneRebalancing":"DISABLED",
      "schedulingStrategy":"REPLICA","clientToken":"t"})")["service"];
  EXPECT_EQ(service["launchType"].as_string(), "FARGATE");
  EXPECT_EQ(service["platformVersion"].as_string(), "LATEST");
  EXPECT_EQ(service["deploymentConfiguration"]["minimumHealthyPercent"].as_int(), 50);
  EXPECT_EQ(describe("f")["tags"].dump(), R"([{"key":"a","value":"b"}])");
  EXPECT_EQ(
      ecs("ListTagsForResource", R"({"resourceArn":"arn:aws:ecs:eu-central-1:000000000000:service/one/f"})")["tags"]
          .dump(),
      R"([{"key":"a","value":"b"}])");
}

TEST_F(Services, AreNotCreatedTwiceButForTheSameToken) {
  ecs("CreateService", request(R"(,"clientToken":"t")"));
  const auto revision = store.revision();
  ecs("CreateService", request(R"(,"clientToken":"t")"));
  EXPECT_EQ(store.revision(), revision);
  const std::string other = request(R"(,"clientToken":"u")");
  expect_refused("ecs", "CreateService",
                 {other.c_str(), "InvalidParameterException", "Creation of service was not idempotent."});
}

TEST_F(Services, AreRefusedWhereTheyCouldNotRun) {
  struct Row {
    std::string request;
    const char* code;
    const char* message;
  };
  const std::string lonely = group("lonely", "instance");
  const std::string by_address = group("addresses", "ip");
  const auto of = [](const char* members) {
    return std::string(R"({"cluster":"one","serviceName":"s")") + members + "}";
  };
  const Row rows[] = {
      {R"({"cluster":"none","serviceName":"s","taskDefinition":"web","desiredCount":1})", "ClusterNotFoundException",
       "Cluster not found."},
      {request("", "a b"), "InvalidParameterException", "Service name"},
      {of(R"(,"taskDefinition":"web")"), "InvalidParameterException", "desiredCount is required"},
      {of(R"(,"desiredCount":1)"), "InvalidParameterException", "TaskDefinition can not be blank."},
      {of(R"(,"taskDefinition":"web","desiredCount":-1)"), "InvalidParameterException", "negative"},
      {of(R"(,"taskDefinition":"none","desiredCount":1)"), "ClientException", "TaskDefinition not found."},
      {of(R"(,"taskDefinition":"vpc","desiredCount":1)"), "InvalidParameterException",
       "Network Configuration must be provided when networkMode 'awsvpc' is specified."},
      {request(R"(,"networkConfiguration":{"awsvpcConfiguration":{"subnets":["a"]}})"), "InvalidParameterException",
       "Network Configuration is not valid for the given networkMode of this task definition."},
      {request(R"(,"launchType":"FARGATE")"), "InvalidParameterException",
       "Task definition does not support launch_type FARGATE."},
      {request(R"(,"launchType":"EC2","capacityProviderStrategy":[{"capacityProvider":"FARGATE"}])"),
       "InvalidParameterException", "Specifying both a launch type and capacity provider strategy"},
      {request(R"(,"deploymentConfiguration":{"minimumHealthyPercent":100,"maximumPercent":100})"),
       "InvalidParameterException", "cannot be 100 as this will block deployments."},
      {request(R"(,"deploymentConfiguration":{"minimumHealthyPercent":101})"), "InvalidParameterException",
       "minimumHealthyPercent"},
      {request(R"(,"deploymentConfiguration":{"maximumPercent":99})"), "InvalidParameterException", "maximumPercent"},
      {request(R"(,"healthCheckGracePeriodSeconds":5)"), "InvalidParameterException",
       "Health check grace period is only valid for services configured to use load balancers"},
      {request(balanced(lonely)), "InvalidParameterException", "does not have an associated load balancer."},
      {request(balanced(by_address)), "InvalidParameterException",
       "has target type ip, which is incompatible with the bridge network mode"},
      {request(balanced(target_group_ + "0")), "InvalidParameterException", "does not exist"},
      {request(balanced(target_group_, "other")), "InvalidParameterException",
       "The container other does not exist in the task definition."},
      {request(balanced(target_group_, "app", 81)), "InvalidParameterException",
       "The container app did not have a container port 81 defined."},
  };
  for (const auto& row : rows) {
    expect_refused("ecs", "CreateService", {row.request.c_str(), row.code, row.message});
  }
  ecs("DeregisterTaskDefinition", R"({"taskDefinition":"web:1"})");
  expect_refused("ecs", "CreateService",
                 {R"({"cluster":"one","serviceName":"s","taskDefinition":"web:1","desiredCount":1})", "ClientException",
                  "TaskDefinition is inactive"});
}

TEST_F(Services, BeginADeploymentOnlyWhereTheTasksWouldDiffer) {
  ecs("CreateService", request(balanced(target_group_)));
  const std::string first = document().deployment_id;
  update(R"(,"desiredCount":3)");
  update(R"(,"healthCheckGracePeriodSeconds":7)");
  update(R"(,"deploymentConfiguration":{"minimumHealthyPercent":0})");
  update(R"(,"taskDefinition":"web:2")");
  EXPECT_EQ(document().deployment_id, first);
  EXPECT_EQ(document().desired_count, 3);
  EXPECT_EQ(document().minimum_healthy_percent, 0);
  EXPECT_EQ(document().maximum_percent, 200);
  update(R"(,"taskDefinition":"web:1")");
  const std::string second = document().deployment_id;
  EXPECT_NE(second, first);
  update(R"(,"forceNewDeployment":true)");
  EXPECT_NE(document().deployment_id, second);
}

TEST_F(Services, ShowADeploymentThatControlHasNotSeenYet) {
  ecs("CreateService", request());
  model::ServiceState state{.scope = {"000000000000", "eu-central-1"}, .cluster = "one", .name = "s"};
  state.deployments = {{.id = document().deployment_id,
                        .task_definition = "x",
                        .status = "PRIMARY",
                        .desired_count = 2,
                        .running_count = 2,
                        .rollout_state = "COMPLETED"}};
  state.running_count = 2;
  state.events = {{.id = "e", .message = "(service s) has reached a steady state."}};
  put(state);
  EXPECT_EQ(describe()["deployments"].items().size(), 1u);
  EXPECT_EQ(describe()["runningCount"].as_int(), 2);
  EXPECT_EQ(describe()["events"].items().size(), 1u);
  const Json updated = update(R"(,"taskDefinition":"web:1")");
  ASSERT_EQ(updated["deployments"].items().size(), 2u);
  EXPECT_EQ(updated["deployments"].items()[0]["status"].as_string(), "PRIMARY");
  EXPECT_EQ(updated["deployments"].items()[0]["runningCount"].as_int(-1), 0);
  EXPECT_EQ(updated["deployments"].items()[1]["status"].as_string(), "ACTIVE");
}

TEST_F(Services, KeepWhatIsSaidOfTheirPlacement) {
  const Json made = ecs("CreateService", request(R"(,"enableExecuteCommand":true,
      "placementConstraints":[{"type":"memberOf","expression":"attribute:rack == a"}],
      "placementStrategy":[{"type":"spread","field":"instanceId"}])"))["service"];
  EXPECT_EQ(made["placementConstraints"].dump(), R"([{"type":"memberOf","expression":"attribute:rack == a"}])");
  EXPECT_EQ(made["placementStrategy"].dump(), R"([{"type":"spread","field":"instanceId"}])");
  EXPECT_TRUE(made["enableExecuteCommand"].as_bool());
  update(R"(,"placementStrategy":[],"enableExecuteCommand":false)");
  EXPECT_EQ(describe()["placementStrategy"].dump(), "[]");
  EXPECT_EQ(describe()["placementConstraints"].items().size(), 1u);
  EXPECT_FALSE(describe()["enableExecuteCommand"].as_bool(true));
  EXPECT_EQ(describe()["deployments"].items().size(), 1u) << "no task changes by it";
  expect_refused("ecs", "CreateService",
                 {R"({"cluster":"one","serviceName":"p","taskDefinition":"vpc","desiredCount":1,"launchType":"FARGATE",
                      "networkConfiguration":{"awsvpcConfiguration":{"subnets":["subnet-1"]}},
                      "placementConstraints":[{"type":"distinctInstance"}]})",
                  "InvalidParameterException", "Placement constraints are not supported with FARGATE"});
}

TEST_F(Services, AreListedInTheOrderOfTheirCreationTenAPage) {
  for (const char* name : {"z", "y", "x"}) {
    ecs("CreateService", request("", name));
    clock.advance(std::chrono::milliseconds(1));
  }
  const Json all = ecs("ListServices", R"({"cluster":"one"})");
  EXPECT_TRUE(all["serviceArns"].items().at(0).as_string().ends_with("/z"));
  for (int i = 0; i < 9; ++i) ecs("CreateService", request("", ("s" + std::to_string(i)).c_str()));
  const Json first = ecs("ListServices", R"({"cluster":"one"})");
  EXPECT_EQ(first["serviceArns"].items().size(), 10u);
  const Json rest = ecs("ListServices", R"({"cluster":"one","nextToken":")" + first["nextToken"].as_string() + R"("})");
  EXPECT_EQ(rest["serviceArns"].items().size(), 2u);
  EXPECT_EQ(ecs("ListServices", R"({"cluster":"one","launchType":"FARGATE"})")["serviceArns"].dump(), "[]");
}

TEST_F(Services, AreDeletedByWayOfDraining) {
  ecs("CreateService", request());
  expect_refused("ecs", "DeleteService",
                 {R"({"cluster":"one","service":"s"})", "InvalidParameterException",
                  "The service cannot be stopped while it is scaled above 0."});
  const Json deleted = ecs("DeleteService", R"({"cluster":"one","service":"s","force":true})")["service"];
  EXPECT_EQ(deleted["status"].as_string(), "DRAINING");
  EXPECT_EQ(deleted["desiredCount"].as_int(-1), 0);
  const std::string again = request();
  expect_refused("ecs", "CreateService",
                 {again.c_str(), "InvalidParameterException", "Unable to Start a service that is still Draining."});
  expect_refused(
      "ecs", "UpdateService",
      {R"({"cluster":"one","service":"s","desiredCount":1})", "ServiceNotActiveException", "Service was not ACTIVE."});
  EXPECT_EQ(ecs("ListServices", R"({"cluster":"one"})")["serviceArns"].items().size(), 1u);

  auto service = document();
  service.status = "INACTIVE";
  put(service);
  put(model::ServiceState{.scope = service.scope, .cluster = "one", .name = "s", .failures_in_a_row = 3});
  EXPECT_EQ(describe()["status"].as_string(), "INACTIVE");
  EXPECT_EQ(ecs("ListServices", R"({"cluster":"one"})")["serviceArns"].dump(), "[]");
  expect_refused(
      "ecs", "UpdateService",
      {R"({"cluster":"one","service":"s","desiredCount":1})", "ServiceNotFoundException", "Service not found."});
  EXPECT_EQ(ecs("CreateService", again)["service"]["status"].as_string(), "ACTIVE");
  EXPECT_FALSE(MUST(store::load<model::ServiceState>(store, key_of("s")))) << "the old one's facts are gone";
}

TEST_F(Services, AreMissedByName) {
  ecs("CreateService", request());
  const Json reply = ecs("DescribeServices", R"({"cluster":"one","services":["none",
      "arn:aws:ecs:eu-central-1:000000000000:service/one/s","arn:aws:ecs:eu-central-1:000000000000:service/two/s"]})");
  EXPECT_EQ(reply["services"].items().size(), 1u);
  EXPECT_EQ(reply["failures"].dump(),
            R"([{"arn":"arn:aws:ecs:eu-central-1:000000000000:service/one/none","reason":"MISSING"},)"
            R"({"arn":"arn:aws:ecs:eu-central-1:000000000000:service/two/s","reason":"MISSING"}])");
  const Bad bad[] = {
      {R"({"cluster":"one","services":[]})", "InvalidParameterException", "Services cannot be empty."},
      {R"({"cluster":"one","services":["1","2","3","4","5","6","7","8","9","10","11"]})", "InvalidParameterException",
       "10"},
      {R"({"services":["s"]})", "ClusterNotFoundException", "Cluster not found."},
  };
  for (const auto& one : bad) expect_refused("ecs", "DescribeServices", one);
}

}  // namespace
}  // namespace weir::api
