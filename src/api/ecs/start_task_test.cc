#include <fmt/format.h>

#include "api/test_world.h"
#include "model/documents.h"

namespace weir::api {
namespace {

class StartTask : public TestWorld {
 protected:
  StartTask() {
    for (const char* cluster : {"one", "two"}) ecs("CreateCluster", fmt::format(R"({{"clusterName":"{}"}})", cluster));
    ecs("RegisterTaskDefinition", R"({"family":"job","cpu":"256","memory":"512","containerDefinitions":[
        {"name":"app","image":"i:1","memory":64}]})");
    ecs("RegisterTaskDefinition", R"({"family":"far","networkMode":"awsvpc","cpu":"256","memory":"512",
        "requiresCompatibilities":["FARGATE"],"containerDefinitions":[{"name":"app","image":"i:1"}]})");
    ecs("RegisterTaskDefinition", R"({"family":"port","networkMode":"bridge","containerDefinitions":[
        {"name":"app","image":"i:1","memory":64,"portMappings":[{"containerPort":80,"hostPort":8080}]}]})");
  }
  std::string machine(const char* cluster = "one") {
    const Json listed = ecs("ListContainerInstances", fmt::format(R"({{"cluster":"{}"}})", cluster));
    return listed["containerInstanceArns"].items().at(0).as_string();
  }
  static std::string request(const std::string& instances, const std::string& members = "",
                             const char* family = "job") {
    return fmt::format(R"({{"cluster":"one","taskDefinition":"{}","containerInstances":[{}]{}}})", family, instances,
                       members);
  }
  static std::string quoted(const std::string& text) { return '"' + text + '"'; }
};

TEST_F(StartTask, AClusterHasOneInstanceThatIsAlwaysTheSame) {
  EXPECT_EQ(machine(), machine());
  EXPECT_NE(machine("one"), machine("two"));
  EXPECT_TRUE(machine().starts_with("arn:aws:ecs:eu-central-1:000000000000:container-instance/one/"));
  const Json draining = ecs("ListContainerInstances", R"({"cluster":"one","status":"DRAINING"})");
  EXPECT_TRUE(draining["containerInstanceArns"].items().empty());
  const Json clusters = ecs("DescribeClusters", R"({"clusters":["one"]})");
  EXPECT_EQ(clusters["clusters"].items()[0]["registeredContainerInstancesCount"].as_int(), 1);
}

TEST_F(StartTask, StartsATaskOnEachInstanceThatIsThere) {
  const std::string id = machine().substr(machine().rfind('/') + 1);
  const Json reply = ecs("StartTask", request(quoted(machine()) + "," + quoted("nowhere") + "," + quoted(id) + "," +
                                                  quoted(machine("two")),
                                              R"(,"startedBy":"me","group":"batch")"));
  ASSERT_EQ(reply["tasks"].items().size(), 2u);
  const Json& task = reply["tasks"].items()[0];
  EXPECT_EQ(task["containerInstanceArn"].as_string(), machine());
  EXPECT_EQ(task["launchType"].as_string(), "EC2");
  EXPECT_EQ(task["startedBy"].as_string(), "me");
  EXPECT_EQ(task["group"].as_string(), "batch");
  ASSERT_EQ(reply["failures"].items().size(), 2u);
  EXPECT_EQ(reply["failures"].items()[0].dump(),
            R"({"arn":"arn:aws:ecs:eu-central-1:000000000000:container-instance/one/nowhere","reason":"MISSING"})");
  EXPECT_EQ(reply["failures"].items()[1]["arn"].as_string(), machine("two"));
  EXPECT_EQ(ecs("ListTasks", R"({"cluster":"one"})")["taskArns"].items().size(), 2u);
}

TEST_F(StartTask, WritesNothingWhereNoInstanceIsThere) {
  const auto before = store.revision();
  const Json reply = ecs("StartTask", request(quoted("nowhere")));
  EXPECT_TRUE(reply["tasks"].items().empty());
  EXPECT_EQ(reply["failures"].items().size(), 1u);
  EXPECT_EQ(store.revision(), before);
}

TEST_F(StartTask, APortOfTheMachineIsGivenOnce) {
  const Json reply = ecs("StartTask", request(quoted(machine()) + "," + quoted(machine()), "", "port"));
  EXPECT_EQ(reply["tasks"].items().size(), 1u);
  EXPECT_EQ(reply["failures"].items()[0]["reason"].as_string(), "RESOURCE:PORTS");
  EXPECT_EQ(reply["failures"].items()[0]["arn"].as_string(), machine());
}

TEST_F(StartTask, TheInstanceKnowsTheTasksThatAreOnIt) {
  ecs("StartTask", request(quoted(machine())));
  ecs("RunTask", R"({"cluster":"one","taskDefinition":"far","launchType":"FARGATE",
      "networkConfiguration":{"awsvpcConfiguration":{"subnets":["a"]}}})");
  const auto on = [&](const std::string& instance) {
    return ecs("ListTasks", fmt::format(R"({{"cluster":"one","containerInstance":"{}"}})", instance))["taskArns"]
        .items()
        .size();
  };
  EXPECT_EQ(on(machine()), 1u) << "AWS has Fargate's on machines of its own";
  EXPECT_EQ(on("nowhere"), 0u);
  const Json described = ecs("DescribeContainerInstances",
                             fmt::format(R"({{"cluster":"one","containerInstances":["{}","none"]}})", machine()));
  ASSERT_EQ(described["containerInstances"].items().size(), 1u);
  const Json& instance = described["containerInstances"].items()[0];
  EXPECT_EQ(instance["status"].as_string(), "ACTIVE");
  EXPECT_EQ(instance["pendingTasksCount"].as_int(), 1);
  EXPECT_FALSE(instance.find("ec2InstanceId"));
  EXPECT_EQ(described["failures"].items()[0]["reason"].as_string(), "MISSING");
}

TEST_F(StartTask, RefusesInTheWordsOfAws) {
  const std::string here = quoted(machine());
  std::string eleven = here;
  for (int i = 0; i < 10; ++i) eleven += "," + here;
  struct Row {
    std::string request;
    const char* code;
    const char* message;
  };
  const Row rows[] = {
      {request(""), "InvalidParameterException", "Container instances cannot be empty."},
      {request(eleven), "InvalidParameterException", "more than 10"},
      {request(here, "", "none"), "ClientException", "TaskDefinition not found."},
      {request(here, "", "far"), "InvalidParameterException", "Network Configuration must be provided"},
      {request(here, R"(,"group":"service:web")"), "InvalidParameterException", "Invalid group"},
      {request(here, R"(,"volumeConfigurations":[{"name":"data"}])"), "UnsupportedFeatureException",
       "volumeConfigurations"},
      {R"({"cluster":"none","taskDefinition":"job","containerInstances":["a"]})", "ClusterNotFoundException",
       "Cluster"},
  };
  for (const auto& row : rows) expect_refused("ecs", "StartTask", {row.request.c_str(), row.code, row.message});
  expect_refused("ecs", "DescribeContainerInstances",
                 {R"({"cluster":"one","containerInstances":[]})", "InvalidParameterException", "cannot be empty"});
  expect_refused("ecs", "ListContainerInstances",
                 {R"({"cluster":"one","filter":"a"})", "UnsupportedFeatureException", "filter"});
}

}  // namespace
}  // namespace weir::api
