#include <fmt/format.h>

#include "api/test_world.h"
#include "model/documents.h"

namespace weir::api {
namespace {

constexpr const char* kOne = "11111111111111111111111111111111";
constexpr const char* kTwo = "22222222222222222222222222222222";

class Tasks : public TestWorld {
 protected:
  Tasks() {
    ecs("CreateCluster", R"({"clusterName":"one"})");
    ecs("RegisterTaskDefinition", R"({"family":"web","networkMode":"awsvpc","cpu":"256","memory":"512",
        "tags":[{"key":"of","value":"definition"}],
        "containerDefinitions":[{"name":"app","image":"i:1","portMappings":[{"containerPort":80}]}]})");
    ecs("CreateService", R"({"cluster":"one","serviceName":"s","taskDefinition":"web","desiredCount":1,
        "propagateTags":"TASK_DEFINITION","networkConfiguration":{"awsvpcConfiguration":{"subnets":["subnet-1"]}}})");
  }
  model::Task task(const char* id) {
    model::Task made{.scope = {"000000000000", "eu-central-1"}, .cluster = "one", .id = id};
    made.arn = std::string("arn:aws:ecs:eu-central-1:000000000000:task/one/") + id;
    made.service = "s";
    made.deployment = "ecs-svc/1";
    made.task_definition = "arn:aws:ecs:eu-central-1:000000000000:task-definition/web:1";
    made.last_status = "RUNNING";
    made.created_at = clock.wall();
    made.started_at = clock.wall();
    made.tags = {{.key = "of", .value = "definition"}};
    made.address = "169.254.172.2";
    made.containers = {{.name = "app", .image = "i:1", .last_status = "RUNNING", .pid = 7}};
    made.containers[0].network_bindings = {
        {.bindIP = "169.254.172.2", .containerPort = 80, .hostPort = 80, .protocol = "tcp"}};
    return made;
  }
  std::string listed(const std::string& members) {
    const Json reply = ecs("ListTasks", R"({"cluster":"one")" + members + "}");
    std::string ids;
    for (const Json& arn : reply["taskArns"].items()) ids += arn.as_string().substr(arn.as_string().rfind('/') + 1, 1);
    return ids;
  }
};

TEST_F(Tasks, AreDescribedWithAllThatAwsSays) {
  put(task(kOne));
  const Json reply =
      ecs("DescribeTasks", fmt::format(R"({{"cluster":"one","tasks":["{}"],"include":["TAGS"]}})", kOne));
  const Json& shown = reply["tasks"].items().at(0);
  EXPECT_EQ(shown["taskArn"].as_string(), task(kOne).arn);
  EXPECT_EQ(shown["group"].as_string(), "service:s");
  EXPECT_EQ(shown["startedBy"].as_string(), "ecs-svc/1");
  EXPECT_EQ(shown["lastStatus"].as_string(), "RUNNING");
  EXPECT_EQ(shown["connectivity"].as_string(), "CONNECTED");
  EXPECT_EQ(shown["cpu"].as_string(), "256");
  EXPECT_EQ(shown["memory"].as_string(), "512");
  EXPECT_EQ(shown["tags"].dump(), R"([{"key":"of","value":"definition"}])");
  EXPECT_EQ(shown["overrides"]["containerOverrides"].dump(), R"([{"name":"app"}])");
  const Json& eni = shown["attachments"].items().at(0);
  EXPECT_EQ(eni["type"].as_string(), "ElasticNetworkInterface");
  EXPECT_EQ(eni["details"].items().front().dump(), R"({"name":"subnetId","value":"subnet-1"})");
  EXPECT_EQ(eni["details"].items().back().dump(), R"({"name":"privateIPv4Address","value":"169.254.172.2"})");
  const Json& container = shown["containers"].items().at(0);
  EXPECT_EQ(container["networkInterfaces"].items().at(0)["privateIpv4Address"].as_string(), "169.254.172.2");
  EXPECT_EQ(container["networkInterfaces"].items().at(0)["attachmentId"], eni["id"]);
  EXPECT_EQ(container["networkBindings"].items().size(), 1u);
  EXPECT_EQ(container.find("exitCode"), nullptr);
  EXPECT_EQ(shown.find("stopCode"), nullptr);
}

TEST_F(Tasks, SayWhyTheyStopped) {
  model::Task stopped = task(kOne);
  stopped.last_status = stopped.desired_status = "STOPPED";
  stopped.stop_code = "EssentialContainerExited";
  stopped.stopped_reason = "Essential container in task exited";
  stopped.stopped_at = clock.wall();
  stopped.containers[0].exit_code = 137;
  stopped.containers[0].reason = "OutOfMemoryError";
  put(stopped);
  const Json reply = ecs("DescribeTasks", fmt::format(R"({{"cluster":"one","tasks":["{}"]}})", stopped.arn));
  const Json& shown = reply["tasks"].items().at(0);
  EXPECT_EQ(shown["stopCode"].as_string(), "EssentialContainerExited");
  EXPECT_EQ(shown["containers"].items().at(0)["exitCode"].as_int(), 137);
  EXPECT_EQ(shown["containers"].items().at(0)["reason"].as_string(), "OutOfMemoryError");
  EXPECT_EQ(shown["attachments"].items().at(0)["status"].as_string(), "DELETED");
}

TEST_F(Tasks, AreListedByWhatIsAsked) {
  put(task(kOne));
  clock.advance(std::chrono::seconds(1));
  model::Task other = task(kTwo);
  other.service = "";
  other.deployment = "me";
  other.launch_type = "EC2";
  put(other);
  EXPECT_EQ(listed(""), "12");
  EXPECT_EQ(listed(R"(,"serviceName":"s")"), "1");
  EXPECT_EQ(listed(R"(,"startedBy":"me")"), "2");
  EXPECT_EQ(listed(R"(,"family":"web")"), "12");
  EXPECT_EQ(listed(R"(,"family":"we")"), "");
  EXPECT_EQ(listed(R"(,"launchType":"EC2")"), "2");
  EXPECT_EQ(listed(R"(,"desiredStatus":"STOPPED")"), "");
  EXPECT_EQ(listed(R"(,"maxResults":1)"), "1");
  ecs("StopTask", fmt::format(R"({{"cluster":"one","task":"{}"}})", kTwo));
  EXPECT_EQ(listed(R"(,"desiredStatus":"STOPPED")"), "2");
  EXPECT_EQ(listed(""), "1");
  const Bad bad[] = {
      {R"({"cluster":"one","serviceName":"none"})", "ServiceNotFoundException", "Service not found."},
      {R"({"cluster":"none"})", "ClusterNotFoundException", "Cluster not found."},
      {R"({"cluster":"one","nextToken":"x"})", "InvalidParameterException", "Invalid token"},
      {R"({"cluster":"one","daemonName":"d"})", "UnsupportedFeatureException", "'daemonName'"},
  };
  for (const auto& one : bad) expect_refused("ecs", "ListTasks", one);
}

TEST_F(Tasks, AreStoppedByAWish) {
  put(task(kOne));
  const std::string request = fmt::format(R"({{"cluster":"one","task":"{}","reason":"to see it go"}})", kOne);
  const Json stopped = ecs("StopTask", request)["task"];
  EXPECT_EQ(stopped["desiredStatus"].as_string(), "STOPPED");
  EXPECT_EQ(stopped["lastStatus"].as_string(), "RUNNING");
  EXPECT_EQ(stopped["stopCode"].as_string(), "UserInitiated");
  EXPECT_EQ(stopped["stoppedReason"].as_string(), "to see it go");
  const auto revision = store.revision();
  ecs("StopTask", request);
  EXPECT_EQ(store.revision(), revision) << "a repeat writes nothing";
  const std::string missing = fmt::format(R"({{"cluster":"one","task":"{}"}})", kTwo);
  expect_refused("ecs", "StopTask",
                 {missing.c_str(), "InvalidParameterException", "The referenced task was not found."});
}

TEST_F(Tasks, AreMissedByArn) {
  const Json reply = ecs("DescribeTasks", fmt::format(R"({{"cluster":"one","tasks":["{}"]}})", kOne));
  EXPECT_EQ(reply["tasks"].dump(), "[]");
  EXPECT_EQ(reply["failures"].items().at(0)["arn"].as_string(), task(kOne).arn);
  EXPECT_EQ(reply["failures"].items().at(0)["reason"].as_string(), "MISSING");
  const std::string elsewhere =
      fmt::format(R"({{"cluster":"one","tasks":["arn:aws:ecs:eu-central-1:000000000000:task/two/{}"]}})", kOne);
  const Bad bad[] = {
      {R"({"cluster":"one","tasks":[]})", "InvalidParameterException", "Tasks cannot be empty."},
      {R"({"cluster":"one","tasks":["x"]})", "InvalidParameterException", "taskId length should be one of [32,36]"},
      {elsewhere.c_str(), "InvalidParameterException", "Identifier is for cluster two. Your cluster is one"},
  };
  for (const auto& one : bad) expect_refused("ecs", "DescribeTasks", one);
}

}  // namespace
}  // namespace weir::api
