#include <fmt/format.h>

#include "api/limits.h"
#include "api/test_world.h"
#include "model/documents.h"

namespace weir::api {
namespace {

constexpr const char* kKey = "000000000000/eu-central-1/one/s";

class ServiceDeployments : public TestWorld {
 protected:
  ServiceDeployments() {
    ecs("CreateCluster", R"({"clusterName":"one"})");
    for (int i = 0; i < 2; ++i) {
      ecs("RegisterTaskDefinition",
          R"({"family":"web","containerDefinitions":[{"name":"app","image":"i:1","memory":64}]})");
    }
    created_ = ecs("CreateService", R"({"cluster":"one","serviceName":"s","taskDefinition":"web:1","desiredCount":2,
        "deploymentConfiguration":{"deploymentCircuitBreaker":{"enable":true,"rollback":true}}})")["service"];
  }
  Json update(const std::string& members) {
    clock.advance(std::chrono::seconds(1));
    return ecs("UpdateService", R"({"cluster":"one","service":"s",)" + members + "}")["service"];
  }
  Json list(const std::string& members = "") {
    return ecs("ListServiceDeployments", R"({"cluster":"one","service":"s")" + members + "}")["serviceDeployments"];
  }
  Json describe(const Json& brief) {
    return ecs("DescribeServiceDeployments",
               fmt::format(R"({{"serviceDeploymentArns":["{}"]}})",
                           brief["serviceDeploymentArn"].as_string()))["serviceDeployments"]
        .items()
        .at(0);
  }
  // As control would have it once the service's wish has come true.
  void complete() {
    const auto service = get<model::Service>(kKey);
    model::ServiceState state{.scope = service.scope, .cluster = "one", .name = "s"};
    state.deployments.push_back({.id = service.deployment_id,
                                 .task_definition = service.task_definition,
                                 .desired_count = 2,
                                 .running_count = 2,
                                 .rollout_state = "COMPLETED",
                                 .revision = service.revision_id});
    state.completed_deployment = service.deployment_id;
    state.completed_revision = service.revision_id;
    put(state);
    auto record = get<model::ServiceDeployment>(std::string(kKey) + "/" + service.service_deployment_id);
    record.status = "SUCCESSFUL";
    put(record);
  }
  Json created_;
};

TEST_F(ServiceDeployments, ANewServiceHasOneWithItsRevision) {
  ASSERT_EQ(list().items().size(), 1u);
  const Json shown = describe(list().items()[0]);
  EXPECT_EQ(shown["status"].as_string(), "PENDING");
  EXPECT_EQ(shown["serviceArn"].as_string(), std::string(kArn) + "service/one/s");
  EXPECT_TRUE(shown["serviceDeploymentArn"].as_string().starts_with(std::string(kArn) + "service-deployment/one/s/"));
  EXPECT_EQ(shown["sourceServiceRevisions"].dump(), "[]");
  EXPECT_EQ(shown["deploymentConfiguration"]["deploymentCircuitBreaker"].dump(), R"({"enable":true,"rollback":true})");
  EXPECT_EQ(shown["deploymentConfiguration"]["minimumHealthyPercent"].as_int(), 100);
  EXPECT_EQ(shown["deploymentCircuitBreaker"]["status"].as_string(), "MONITORING");
  EXPECT_EQ(shown["rollback"], Json());
  EXPECT_EQ(created_["currentServiceDeployment"], shown["serviceDeploymentArn"]);
  EXPECT_EQ(created_["currentServiceRevisions"].items().at(0)["arn"], shown["targetServiceRevision"]["arn"]);

  const Json revision = ecs("DescribeServiceRevisions",
                            fmt::format(R"({{"serviceRevisionArns":["{}"]}})",
                                        shown["targetServiceRevision"]["arn"].as_string()))["serviceRevisions"]
                            .items()
                            .at(0);
  EXPECT_EQ(revision["taskDefinition"].as_string(), std::string(kArn) + "task-definition/web:1");
  EXPECT_EQ(revision["launchType"].as_string(), "EC2");
  EXPECT_EQ(revision["containerImages"].dump(), R"([{"containerName":"app","image":"i:1"}])");
}

TEST_F(ServiceDeployments, EachDeploymentIsOneAndTheNewestIsFirst) {
  complete();
  EXPECT_EQ(describe(list().items()[0])["targetServiceRevision"]["runningTaskCount"].as_int(), 2);
  update(R"("taskDefinition":"web:2")");
  const Json second = describe(list().items().at(0));
  EXPECT_EQ(second["status"].as_string(), "PENDING");
  EXPECT_EQ(second["sourceServiceRevisions"].items().at(0)["arn"],
            describe(list().items().at(1))["targetServiceRevision"]["arn"]);
  update(R"("desiredCount":3)");
  EXPECT_EQ(list().items().size(), 2u) << "a new count is no deployment";
  update(R"("forceNewDeployment":true)");
  ASSERT_EQ(list().items().size(), 3u);
  EXPECT_EQ(list().items()[1]["status"].as_string(), "STOPPED") << "replaced before its end";
  EXPECT_EQ(list().items()[2]["status"].as_string(), "SUCCESSFUL");
  EXPECT_EQ(list(R"(,"status":["SUCCESSFUL","PENDING"])").items().size(), 2u);
  const auto now = static_cast<double>(clock.wall().millis) / 1000;
  EXPECT_EQ(list(fmt::format(R"(,"createdAt":{{"before":{}}})", now - 0.5)).items().size(), 2u);
  EXPECT_EQ(list(fmt::format(R"(,"createdAt":{{"after":{}}})", now - 0.5)).items().size(), 1u);
}

TEST_F(ServiceDeployments, WhatIsNotSaidOfADeploymentsConfigurationStays) {
  const Json service = update(R"("deploymentConfiguration":{"maximumPercent":150})");
  EXPECT_EQ(service["deploymentConfiguration"]["maximumPercent"].as_int(), 150);
  EXPECT_EQ(service["deploymentConfiguration"]["deploymentCircuitBreaker"].dump(),
            R"({"enable":true,"rollback":true})");
}

TEST_F(ServiceDeployments, AreStoppedByHand) {
  const auto stop = [&](const std::string& members) {
    return fmt::format(R"({{"serviceDeploymentArn":"{}"{}}})", list().items()[0]["serviceDeploymentArn"].as_string(),
                       members);
  };
  expect_refused("ecs", "StopServiceDeployment", {stop("").c_str(), "InvalidParameterException", "no completed"});
  complete();
  expect_refused("ecs", "StopServiceDeployment", {stop("").c_str(), "ConflictException", "SUCCESSFUL"});
  update(R"("taskDefinition":"web:2")");
  const Json reply = ecs("StopServiceDeployment", stop(R"(,"stopType":"ROLLBACK")"));
  EXPECT_EQ(reply["serviceDeploymentArn"], list().items()[0]["serviceDeploymentArn"]);
  EXPECT_EQ(list().items()[0]["status"].as_string(), "ROLLBACK_REQUESTED");
  EXPECT_EQ(get<model::Service>(kKey).stop_requested, "ROLLBACK");
  const auto revision = store.revision();
  ecs("StopServiceDeployment", stop(""));
  EXPECT_EQ(store.revision(), revision) << "it is stopping already";
  update(R"("forceNewDeployment":true)");
  EXPECT_EQ(get<model::Service>(kKey).stop_requested, "") << "a new one has not been asked to stop";
  ecs("StopServiceDeployment", stop(R"(,"stopType":"ABORT")"));
  EXPECT_EQ(list().items()[0]["status"].as_string(), "STOP_REQUESTED");
}

TEST_F(ServiceDeployments, TheOldestAreForgotten) {
  complete();
  const std::string first = get<model::Service>(kKey).revision_id;
  for (std::size_t i = 0; i < kMaxServiceDeployments + 10; ++i) update(R"("forceNewDeployment":true)");
  EXPECT_EQ(list(R"(,"maxResults":100)").items().size(), kMaxServiceDeployments);
  EXPECT_TRUE(store::load<model::ServiceRevision>(store, std::string(kKey) + "/" + first).value())
      << "what the service may go back to is kept";
  const auto revisions = store::load_all<model::ServiceRevision>(store, std::string(kKey) + "/").value().size();
  EXPECT_LE(revisions, kMaxServiceDeployments + 2);
}

TEST_F(ServiceDeployments, WhatIsNotThereIsMissingOrRefused) {
  const std::string arn = std::string(kArn) + "service-deployment/one/s/none";
  const Json reply = ecs("DescribeServiceDeployments", fmt::format(R"({{"serviceDeploymentArns":["{}"]}})", arn));
  EXPECT_EQ(reply["failures"].dump(), fmt::format(R"([{{"arn":"{}","reason":"MISSING"}}])", arn));
  expect_refused("ecs", "DescribeServiceDeployments",
                 {R"({"serviceDeploymentArns":["x"]})", "InvalidParameterException", "Invalid identifier"});
  expect_refused("ecs", "DescribeServiceRevisions",
                 {R"({"serviceRevisionArns":[]})", "InvalidParameterException", "cannot be empty"});
  expect_refused("ecs", "StopServiceDeployment",
                 {fmt::format(R"({{"serviceDeploymentArn":"{}"}})", arn).c_str(), "ServiceDeploymentNotFoundException",
                  "cannot be found"});
  expect_refused("ecs", "ListServiceDeployments",
                 {R"({"cluster":"one","service":"none"})", "ServiceNotFoundException", "Service not found."});
}

TEST_F(ServiceDeployments, ADaemonHasOneTask) {
  const Json daemon = ecs("CreateService", R"({"cluster":"one","serviceName":"d","taskDefinition":"web",
      "schedulingStrategy":"DAEMON"})")["service"];
  EXPECT_EQ(daemon["schedulingStrategy"].as_string(), "DAEMON");
  EXPECT_EQ(daemon["desiredCount"].as_int(), 1);
  EXPECT_EQ(daemon["deploymentConfiguration"]["maximumPercent"].as_int(), 100);
  EXPECT_EQ(daemon["deploymentConfiguration"]["minimumHealthyPercent"].as_int(), 0);
  EXPECT_EQ(ecs("ListServices", R"({"cluster":"one","schedulingStrategy":"DAEMON"})")["serviceArns"].items().size(),
            1u);
  expect_refused("ecs", "UpdateService",
                 {R"({"cluster":"one","service":"d","desiredCount":2})", "InvalidParameterException",
                  "does not support a desired count"});
  expect_refused("ecs", "CreateService",
                 {R"({"cluster":"one","serviceName":"e","taskDefinition":"web",
      "schedulingStrategy":"DAEMON","desiredCount":1})",
                  "InvalidParameterException", "does not support a desired count"});
  EXPECT_EQ(ecs("DeleteService", R"({"cluster":"one","service":"d"})")["service"]["status"].as_string(), "DRAINING");
}

}  // namespace
}  // namespace weir::api
