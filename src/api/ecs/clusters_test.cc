#include "api/test_world.h"
#include "model/documents.h"

namespace weir::api {
namespace {

class Clusters : public TestWorld {};

TEST_F(Clusters, AreCreatedOnceHoweverOftenAsked) {
  const Json first = ecs("CreateCluster", R"({"clusterName":"one","tags":[{"key":"team","value":"a"}]})")["cluster"];
  EXPECT_EQ(first["clusterArn"].as_string(), "arn:aws:ecs:eu-central-1:000000000000:cluster/one");
  EXPECT_EQ(first["status"].as_string(), "ACTIVE");
  EXPECT_EQ(first["settings"].dump(), R"([{"name":"containerInsights","value":"disabled"}])");
  const auto revision = store.revision();
  EXPECT_EQ(ecs("CreateCluster", R"({"clusterName":"one"})")["cluster"], first);
  EXPECT_EQ(store.revision(), revision);
  EXPECT_EQ(ecs("CreateCluster", "{}")["cluster"]["clusterName"].as_string(), "default");
}

TEST_F(Clusters, AreDescribedByNameAndArnAndMissedByArn) {
  ecs("CreateCluster", R"({"clusterName":"one","tags":[{"key":"team","value":"a"}]})");
  const Json all = ecs("DescribeClusters", R"({"clusters":["one","arn:aws:ecs:eu-central-1:000000000000:cluster/one",
      "none","arn:aws:ecs:eu-west-1:000000000000:cluster/one"]})");
  EXPECT_EQ(all["clusters"].items().size(), 2u);
  EXPECT_EQ(all["clusters"].items()[0]["tags"].dump(), "[]");
  EXPECT_EQ(all["failures"].dump(),
            R"([{"arn":"arn:aws:ecs:eu-central-1:000000000000:cluster/none","reason":"MISSING"},)"
            R"({"arn":"arn:aws:ecs:eu-west-1:000000000000:cluster/one","reason":"MISSING"}])");
  const Json tagged = ecs("DescribeClusters", R"({"clusters":["one"],"include":["TAGS","SETTINGS"]})");
  EXPECT_EQ(tagged["clusters"].items()[0]["tags"].dump(), R"([{"key":"team","value":"a"}])");
  EXPECT_EQ(tagged["clusters"].items()[0]["settings"].items().size(), 1u);
  EXPECT_EQ(ecs("DescribeClusters", "{}")["failures"].items().size(), 1u);  // "default"
}

TEST_F(Clusters, CountTheirTasksAndServices) {
  ecs("CreateCluster", R"({"clusterName":"one"})");
  const model::Scope scope{"000000000000", "eu-central-1"};
  put(model::Task{.scope = scope, .cluster = "one", .id = "a", .last_status = "RUNNING"});
  put(model::Task{.scope = scope, .cluster = "one", .id = "b", .last_status = "PENDING"});
  put(model::Task{.scope = scope, .cluster = "one", .id = "c", .last_status = "STOPPED"});
  put(model::Task{.scope = scope, .cluster = "one-more", .id = "d", .last_status = "RUNNING"});
  put(model::Service{.scope = scope, .cluster = "one", .name = "s"});
  const Json cluster = ecs("DescribeClusters", R"({"clusters":["one"]})")["clusters"].items()[0];
  EXPECT_EQ(cluster["runningTasksCount"].as_int(), 1);
  EXPECT_EQ(cluster["pendingTasksCount"].as_int(), 1);
  EXPECT_EQ(cluster["activeServicesCount"].as_int(), 1);
}

TEST_F(Clusters, AreListedInPagesAndPerRegion) {
  for (const char* name : {"c", "a", "b"}) {
    ecs("CreateCluster", std::string(R"({"clusterName":")") + name + R"("})");
  }
  const Json first = ecs("ListClusters", R"({"maxResults":2})");
  EXPECT_EQ(first["clusterArns"].items().size(), 2u);
  const Json rest = ecs("ListClusters", R"({"maxResults":2,"nextToken":")" + first["nextToken"].as_string() + R"("})");
  EXPECT_EQ(rest["clusterArns"].dump(), R"(["arn:aws:ecs:eu-central-1:000000000000:cluster/c"])");
  EXPECT_TRUE(rest["nextToken"].is_null());
  Context elsewhere = context("000000000000", "us-east-1");
  EXPECT_TRUE(MUST(ecs::list_clusters(elsewhere, {})).clusterArns->empty());
  Context other = context("111111111111");
  EXPECT_TRUE(MUST(ecs::list_clusters(other, {})).clusterArns->empty());
}

TEST_F(Clusters, AreDeletedWhenEmptyAndMayBeMadeAgain) {
  ecs("CreateCluster", R"({"clusterName":"one"})");
  const model::Scope scope{"000000000000", "eu-central-1"};
  model::Task task{.scope = scope, .cluster = "one", .id = "a", .last_status = "RUNNING"};
  put(task);
  expect_refused("ecs", "DeleteCluster",
                 {R"({"cluster":"one"})", "ClusterContainsTasksException", "while Tasks are active."});
  model::Service service{.scope = scope, .cluster = "one", .name = "s"};
  put(service);
  expect_refused("ecs", "DeleteCluster",
                 {R"({"cluster":"one"})", "ClusterContainsServicesException", "while Services are active."});
  task.last_status = "STOPPED";
  put(task);
  service.status = "INACTIVE";
  put(service);
  EXPECT_EQ(ecs("DeleteCluster", R"({"cluster":"one"})")["cluster"]["status"].as_string(), "INACTIVE");
  EXPECT_EQ(ecs("ListClusters", "{}")["clusterArns"].dump(), "[]");
  EXPECT_EQ(ecs("DescribeClusters", R"({"clusters":["one"]})")["clusters"].items()[0]["status"].as_string(),
            "INACTIVE");
  expect_refused("ecs", "DeleteCluster", {R"({"cluster":"one"})", "ClusterNotFoundException", "inactive"});
  EXPECT_EQ(ecs("CreateCluster", R"({"clusterName":"one"})")["cluster"]["status"].as_string(), "ACTIVE");
}

TEST_F(Clusters, RefuseBadInput) {
  const std::string long_name = R"({"clusterName":")" + std::string(256, 'a') + R"("})";
  const Bad create[] = {
      {R"({"clusterName":"a b"})", "InvalidParameterException", "Cluster name"},
      {long_name.c_str(), "InvalidParameterException", "255"},
      {R"({"settings":[{"name":"containerInsights","value":"x"}]})", "InvalidParameterException", "setting value"},
      {R"({"tags":[{"key":"a"},{"key":"a"}]})", "InvalidParameterException", "Duplicate"},
      {R"({"tags":[{"key":"aws:a"}]})", "InvalidParameterException", "aws:"},
      {R"({"configuration":{"managedStorageConfiguration":{"kmsKeyId":"k"}}})", "UnsupportedFeatureException",
       "'configuration'"},
      {R"({"capacityProviders":["FARGATE","mine"]})", "UnsupportedFeatureException", "'capacityProviders[1]'"},
      {R"({"serviceConnectDefaults":{"namespace":"n"}})", "UnsupportedFeatureException", "'serviceConnectDefaults'"},
  };
  for (const auto& bad : create) expect_refused("ecs", "CreateCluster", bad);
  expect_refused("ecs", "ListClusters", {R"({"nextToken":"x"})", "InvalidParameterException", "Invalid token"});
  expect_refused("ecs", "ListClusters", {R"({"maxResults":101})", "InvalidParameterException", "maxResults"});
  expect_refused("ecs", "DeleteCluster", {R"({"cluster":"none"})", "ClusterNotFoundException", "Cluster not found."});
  expect_refused("ecs", "DescribeClusters", {R"({"clusters":["a b"]})", "InvalidParameterException", "Invalid"});
}

}  // namespace
}  // namespace weir::api
