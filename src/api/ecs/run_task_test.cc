#include <fmt/format.h>

#include "api/test_world.h"
#include "model/documents.h"

namespace weir::api {
namespace {

class RunTask : public TestWorld {
 protected:
  RunTask() {
    ecs("CreateCluster", R"({"clusterName":"one"})");
    ecs("CreateCluster", R"({"clusterName":"spot","capacityProviders":["FARGATE_SPOT"],
        "defaultCapacityProviderStrategy":[{"capacityProvider":"FARGATE_SPOT","weight":1}]})");
    ecs("RegisterTaskDefinition", R"({"family":"job","cpu":"256","memory":"512","tags":[{"key":"of","value":"family"},
        {"key":"same","value":"family"}],"containerDefinitions":[
        {"name":"app","image":"i:1","cpu":10,"memory":64},{"name":"side","image":"i:2","essential":false}]})");
    ecs("RegisterTaskDefinition", R"({"family":"vpc","networkMode":"awsvpc","cpu":"256","memory":"512",
        "requiresCompatibilities":["FARGATE"],"containerDefinitions":[{"name":"app","image":"i:1"}]})");
    ecs("RegisterTaskDefinition", R"({"family":"port","networkMode":"bridge","containerDefinitions":[
        {"name":"app","image":"i:1","memory":64,"portMappings":[{"containerPort":80,"hostPort":8080}]}]})");
  }
  static std::string request(const std::string& members, const char* family = "job") {
    return fmt::format(R"({{"cluster":"one","taskDefinition":"{}"{}}})", family, members);
  }
  Json run(const std::string& members, const char* family = "job") { return ecs("RunTask", request(members, family)); }
  model::Task document(const Json& task) {
    const std::string arn = task["taskArn"].as_string();
    return get<model::Task>("000000000000/eu-central-1/one/" + arn.substr(arn.rfind('/') + 1));
  }
};

TEST_F(RunTask, BeginsTasksThatBelongToNoService) {
  const Json reply = run(R"(,"count":2,"startedBy":"nightly/7","referenceId":"r","enableECSManagedTags":true,
      "propagateTags":"TASK_DEFINITION","tags":[{"key":"same","value":"own"}],"launchType":"EC2")");
  EXPECT_EQ(reply["failures"].dump(), "[]");
  ASSERT_EQ(reply["tasks"].items().size(), 2u);
  const Json& task = reply["tasks"].items()[0];
  EXPECT_NE(task["taskArn"].as_string(), reply["tasks"].items()[1]["taskArn"].as_string());
  EXPECT_EQ(task["lastStatus"].as_string(), "PROVISIONING");
  EXPECT_EQ(task["desiredStatus"].as_string(), "RUNNING");
  EXPECT_EQ(task["group"].as_string(), "family:job");
  EXPECT_EQ(task["startedBy"].as_string(), "nightly/7");
  EXPECT_EQ(task["launchType"].as_string(), "EC2");
  EXPECT_EQ(
      task["tags"].dump(),
      R"([{"key":"same","value":"own"},{"key":"of","value":"family"},{"key":"aws:ecs:clusterName","value":"one"}])");
  ASSERT_EQ(task["containers"].items().size(), 2u);
  EXPECT_EQ(task["containers"].items()[1]["image"].as_string(), "i:2");
  EXPECT_EQ(document(task).service, "");
  EXPECT_EQ(document(task).reference_id, "r");
  EXPECT_FALSE(document(task).containers[1].essential);
}

TEST_F(RunTask, KeepsAndShowsItsOverrides) {
  const Json task =
      run(R"(,"group":"batch","overrides":{"cpu":"512","memory":"1024","taskRoleArn":"arn:aws:iam::1:role/r",
      "containerOverrides":[{"name":"app","command":["sh","-c","true"],"environment":[{"name":"A","value":"b"}],
      "cpu":20,"memory":128}]})")["tasks"]
          .items()
          .at(0);
  EXPECT_EQ(task["group"].as_string(), "batch");
  EXPECT_EQ(task["cpu"].as_string(), "512");
  EXPECT_EQ(task["memory"].as_string(), "1024");
  EXPECT_EQ(task["overrides"]["taskRoleArn"].as_string(), "arn:aws:iam::1:role/r");
  EXPECT_EQ(
      task["overrides"]["containerOverrides"].dump(),
      R"([{"name":"app","command":["sh","-c","true"],"environment":[{"name":"A","value":"b"}],"cpu":20,"memory":128},)"
      R"({"name":"side"}])");
  EXPECT_EQ(task["containers"].items()[0]["cpu"].as_string(), "20");
  EXPECT_EQ(task["containers"].items()[0]["memory"].as_string(), "128");
  EXPECT_EQ(document(task).overrides->containerOverrides->front().command->back(), "true");
}

TEST_F(RunTask, TakesItsClustersCapacityProviderWhereItSaysNothing) {
  const Json task = ecs("RunTask", R"({"cluster":"spot","taskDefinition":"vpc","networkConfiguration":
      {"awsvpcConfiguration":{"subnets":["subnet-1"]}}})")["tasks"]
                        .items()
                        .at(0);
  EXPECT_EQ(task["launchType"].as_string(), "FARGATE");
  EXPECT_EQ(task["capacityProviderName"].as_string(), "FARGATE_SPOT");
  EXPECT_EQ(task["platformVersion"].as_string(), "1.4.0");
  EXPECT_EQ(task["attachments"].items().at(0)["details"].items().at(0)["value"].as_string(), "subnet-1");
}

TEST_F(RunTask, ARepeatWithItsTokenAnswersAsTheFirst) {
  const Json first = run(R"(,"count":2,"clientToken":"t")");
  const auto revision = store.revision();
  const Json again = run(R"(,"count":2,"clientToken":"t")");
  EXPECT_EQ(again["tasks"].dump(), first["tasks"].dump());
  EXPECT_EQ(again["failures"].dump(), "[]");
  EXPECT_EQ(store.revision(), revision);
  expect_refused("ecs", "RunTask",
                 {request(R"(,"count":3,"clientToken":"t")").c_str(), "ConflictException", "already in use"});
  EXPECT_NE(run(R"(,"count":2,"clientToken":"u")")["tasks"].dump(), first["tasks"].dump());
}

TEST_F(RunTask, AConflictNamesTheTasksOfTheFirst) {
  const Json first = run(R"(,"count":2,"clientToken":"t")");
  const auto other =
      MUST(from_json_shape<model::ecs::RunTaskRequest>(MUST(Json::parse(request(R"(,"count":3,"clientToken":"t")")))));
  Context asking = context();
  ASSERT_FALSE(ecs::run_task(asking, other));
  std::vector<std::string> arns;
  for (const auto& task : first["tasks"].items()) arns.push_back(task["taskArn"].as_string());
  EXPECT_EQ(asking.error_members["resourceIds"], arns);
}

TEST_F(RunTask, ATokenLivesForADay) {
  const Json first = run(R"(,"clientToken":"t")");
  clock.advance(std::chrono::hours(24) - std::chrono::milliseconds(1));
  EXPECT_EQ(run(R"(,"clientToken":"t")")["tasks"].dump(), first["tasks"].dump());
  clock.advance(std::chrono::milliseconds(1));
  run(R"(,"clientToken":"other")");
  EXPECT_FALSE(store::load<model::RunRequest>(store, "000000000000/eu-central-1/one/t").value()) << "it is forgotten";
  EXPECT_NE(run(R"(,"clientToken":"t")")["tasks"].dump(), first["tasks"].dump());
}

TEST_F(RunTask, APortOfThisMachineIsGivenOnce) {
  const Json reply = run(R"(,"count":3)", "port");
  EXPECT_EQ(reply["tasks"].items().size(), 1u);
  EXPECT_EQ(reply["failures"].dump(), R"([{"reason":"RESOURCE:PORTS"},{"reason":"RESOURCE:PORTS"}])");
  EXPECT_EQ(run("", "port")["tasks"].items().size(), 0u);
  auto task = document(reply["tasks"].items()[0]);
  task.last_status = "STOPPED";
  put(task);
  EXPECT_EQ(run("", "port")["tasks"].items().size(), 1u);
}

TEST_F(RunTask, IsListedByFamilyAndByWhoStartedIt) {
  run(R"(,"startedBy":"me")");
  run("", "port");
  const auto count = [&](const std::string& members) {
    return ecs("ListTasks", R"({"cluster":"one")" + members + "}")["taskArns"].items().size();
  };
  EXPECT_EQ(count(""), 2u);
  EXPECT_EQ(count(R"(,"family":"job")"), 1u);
  EXPECT_EQ(count(R"(,"startedBy":"me")"), 1u);
  EXPECT_EQ(count(R"(,"startedBy":"you")"), 0u);
  EXPECT_EQ(count(R"(,"launchType":"FARGATE")"), 0u);
  EXPECT_EQ(count(R"(,"desiredStatus":"STOPPED")"), 0u);
}

TEST_F(RunTask, KeepsWhetherPeopleMayLookIntoItAndTakesAnyPlaceThatIsWished) {
  const Json task = run(R"(,"enableExecuteCommand":true,
      "placementConstraints":[{"type":"distinctInstance"},{"type":"memberOf","expression":"attribute:rack == a"}],
      "placementStrategy":[{"type":"binpack","field":"MEMORY"},{"type":"spread","field":"attribute:rack"}])")["tasks"]
                        .items()
                        .at(0);
  EXPECT_TRUE(task["enableExecuteCommand"].as_bool());
  EXPECT_TRUE(document(task).enable_execute_command);
  EXPECT_FALSE(run("")["tasks"].items().at(0)["enableExecuteCommand"].as_bool(true));
}

std::string times(int count, const std::string& text) {
  std::string all = text;
  for (int i = 1; i < count; ++i) all += "," + text;
  return all;
}

TEST_F(RunTask, RefusesInTheWordsOfAws) {
  ecs("RegisterTaskDefinition",
      R"({"family":"old","containerDefinitions":[{"name":"app","image":"i:1","memory":64}]})");
  ecs("DeregisterTaskDefinition", R"({"taskDefinition":"old:1"})");
  const char* const parameter = "InvalidParameterException";
  const struct {
    std::string request;
    const char* code;
    const char* message;
  } kRows[] = {
      {R"({"cluster":"none","taskDefinition":"job"})", "ClusterNotFoundException", "Cluster not found."},
      {request("", "nothing"), "ClientException", "TaskDefinition not found."},
      {request("", "old:1"), "ClientException", "TaskDefinition is inactive"},
      {request(R"(,"count":0)"), parameter, "count"},
      {request(R"(,"count":11)"), parameter, "count"},
      {request(R"(,"launchType":"FARGATE","capacityProviderStrategy":[{"capacityProvider":"FARGATE"}])"), parameter,
       "Specifying both a launch type and capacity provider strategy is not supported."},
      {request("", "vpc"), parameter, "Network Configuration must be provided"},
      {request(R"(,"launchType":"FARGATE")", "port"), parameter, "does not support launch_type FARGATE"},
      {request(R"(,"networkConfiguration":{"awsvpcConfiguration":{"subnets":["s"]}})"), parameter,
       "Network Configuration is not valid"},
      {request(R"(,"overrides":{"containerOverrides":[{"name":"none"}]})"), parameter,
       "Override for container named none is not a container in the TaskDefinition."},
      {request(R"(,"overrides":{"containerOverrides":[{"name":"app"},{"name":"app"}]})"), parameter, "Duplicate"},
      {request(R"(,"overrides":{"containerOverrides":[{"command":["x"]}]})"), parameter, "can not be blank"},
      {request(R"(,"overrides":{"cpu":"much"})"), parameter, "Invalid 'cpu' setting"},
      {request(R"(,"overrides":{"containerOverrides":[{"name":"app","command":[")" + std::string(9000, 'x') +
               R"("]}]})"),
       parameter, "Container Overrides length must be at most 8192"},
      {request(R"(,"startedBy":"a b")"), parameter, "startedBy"},
      {request(R"(,"group":"service:web")"), parameter, "Invalid group"},
      {request(R"(,"propagateTags":"SERVICE")"), parameter, "SERVICE"},
      {request(R"(,"tags":[{"key":"aws:x","value":"y"}])"), parameter, "aws:"},
      {request(R"(,"placementConstraints":[{"type":"distinctInstance","expression":""}])"), parameter,
       "distinctInstance expression should not be specified."},
      {request(R"(,"placementConstraints":[{"type":"memberOf"}])"), parameter,
       "memberOf expression should be specified."},
      {request(R"(,"placementConstraints":[{"type":"near"}])"), parameter, "type: near"},
      {request(R"(,"placementStrategy":[{"type":"near"}])"), parameter, "type: near"},
      {request(R"(,"placementConstraints":[)" + times(11, R"({"type":"distinctInstance"})") + "]"), parameter,
       "Placement constraints cannot have more than 10 elements."},
      {request(R"(,"placementStrategy":[{"type":"random","field":"cpu"}])"), parameter, "should not be specified"},
      {request(R"(,"placementStrategy":[{"type":"spread"}])"), parameter, "spread field should be specified."},
      {request(R"(,"placementStrategy":[{"type":"binpack","field":"host"}])"), parameter,
       "Invalid binpack field: host"},
      {request(R"(,"placementStrategy":[)" + times(6, R"({"type":"random"})") + "]"), parameter,
       "Placement strategies cannot have more than 5 elements."},
      {R"({"cluster":"spot","taskDefinition":"vpc","networkConfiguration":{"awsvpcConfiguration":{"subnets":["s"]}},)"
       R"("placementStrategy":[{"type":"random"}]})",
       parameter, "Placement strategies are not supported with FARGATE launch type."},
      {request(R"(,"launchType":"EXTERNAL")"), "UnsupportedFeatureException", "'EXTERNAL'"},
  };
  for (const auto& row : kRows) {
    expect_refused("ecs", "RunTask", {row.request.c_str(), row.code, row.message});
  }
}

}  // namespace
}  // namespace weir::api
