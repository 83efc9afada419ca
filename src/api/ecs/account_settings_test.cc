#include <fmt/format.h>

#include "api/test_world.h"

namespace weir::api {
namespace {

class AccountSettings : public TestWorld {
 protected:
  std::string value(const std::string& name, const std::string& members = R"(,"effectiveSettings":true)") {
    const Json reply = ecs("ListAccountSettings", fmt::format(R"({{"name":"{}"{}}})", name, members));
    const auto& settings = reply["settings"].items();
    return settings.empty() ? "" : settings[0]["value"].as_string();
  }
};

TEST_F(AccountSettings, AreOnesOwnOrElseTheAccountsOrElseOfAws) {
  EXPECT_EQ(value("containerInsights"), "disabled");
  EXPECT_EQ(value("containerInsights", ""), "") << "nobody has put it";
  ecs("PutAccountSettingDefault", R"({"name":"containerInsights","value":"enabled"})");
  EXPECT_EQ(value("containerInsights"), "enabled");
  const Json put = ecs("PutAccountSetting", R"({"name":"containerInsights","value":"enhanced"})")["setting"];
  EXPECT_EQ(put.dump(), R"({"name":"containerInsights","value":"enhanced",)"
                        R"("principalArn":"arn:aws:iam::000000000000:root","type":"user"})");
  EXPECT_EQ(value("containerInsights"), "enhanced");
  EXPECT_EQ(
      value("containerInsights", R"(,"effectiveSettings":true,"principalArn":"arn:aws:iam::000000000000:user/u")"),
      "enabled");
  ecs("DeleteAccountSetting", R"({"name":"containerInsights"})");
  EXPECT_EQ(value("containerInsights"), "enabled");
  EXPECT_EQ(ecs("ListAccountSettings", R"({"effectiveSettings":true})")["settings"].items().size(), 11u);
}

TEST_F(AccountSettings, ANewClusterHasTheInsightsOfItsAccount) {
  ecs("PutAccountSettingDefault", R"({"name":"containerInsights","value":"enabled"})");
  const Json cluster = ecs("CreateCluster", R"({"clusterName":"one"})")["cluster"];
  EXPECT_EQ(cluster["settings"].dump(), R"([{"name":"containerInsights","value":"enabled"}])");
}

TEST_F(AccountSettings, RefuseWhatTheyAreNot) {
  expect_refused(
      "ecs", "PutAccountSetting",
      {R"({"name":"containerInsights","value":"much"})", "InvalidParameterException", "Invalid setting value"});
  expect_refused("ecs", "PutAccountSetting",
                 {R"({"name":"guardDutyActivate","value":"on"})", "InvalidParameterException", "read-only"});
  expect_refused("ecs", "ListAccountSettings",
                 {R"({"value":"enabled"})", "InvalidParameterException", "together with a name"});
}

class LaterChanges : public TestWorld {
 protected:
  LaterChanges() { ecs("CreateCluster", R"({"clusterName":"one"})"); }
};

TEST_F(LaterChanges, TakeSettingsAndCapacityProvidersLater) {
  Json cluster = ecs("UpdateClusterSettings", R"({"cluster":"one","settings":[{"name":"containerInsights",
      "value":"enhanced"}]})")["cluster"];
  EXPECT_EQ(cluster["settings"].dump(), R"([{"name":"containerInsights","value":"enhanced"}])");
  cluster = ecs("UpdateCluster",
                R"({"cluster":"one","settings":[{"name":"containerInsights","value":"disabled"}]})")["cluster"];
  EXPECT_EQ(cluster["settings"].dump(), R"([{"name":"containerInsights","value":"disabled"}])");
  cluster = ecs("PutClusterCapacityProviders", R"({"cluster":"one","capacityProviders":["FARGATE","FARGATE_SPOT"],
      "defaultCapacityProviderStrategy":[{"capacityProvider":"FARGATE_SPOT","weight":1}]})")["cluster"];
  EXPECT_EQ(cluster["capacityProviders"].dump(), R"(["FARGATE","FARGATE_SPOT"])");
  expect_refused("ecs", "PutClusterCapacityProviders",
                 {R"({"cluster":"one","capacityProviders":["FARGATE"],
      "defaultCapacityProviderStrategy":[{"capacityProvider":"FARGATE_SPOT"}]})",
                  "InvalidParameterException", "not associated with the cluster"});
  expect_refused("ecs", "PutClusterCapacityProviders",
                 {R"({"cluster":"one","capacityProviders":["mine"],"defaultCapacityProviderStrategy":[]})",
                  "UnsupportedFeatureException", "'mine'"});
  expect_refused("ecs", "UpdateClusterSettings",
                 {R"({"cluster":"two","settings":[]})", "ClusterNotFoundException", "Cluster not found."});
}

TEST_F(LaterChanges, KnowTheTwoProvidersThatEveryAccountHas) {
  const Json all = ecs("DescribeCapacityProviders", "{}");
  ASSERT_EQ(all["capacityProviders"].items().size(), 2u);
  EXPECT_EQ(all["capacityProviders"].items()[0]["name"].as_string(), "FARGATE");
  EXPECT_EQ(all["capacityProviders"].items()[0]["status"].as_string(), "ACTIVE");
  const Json some = ecs("DescribeCapacityProviders", R"({"capacityProviders":["FARGATE_SPOT","mine"]})");
  EXPECT_EQ(some["capacityProviders"].items().size(), 1u);
  EXPECT_EQ(some["failures"].items().at(0)["reason"].as_string(), "MISSING");
  EXPECT_EQ(ecs("DescribeCapacityProviders", R"({"cluster":"one"})")["capacityProviders"].items().size(), 0u);
}

TEST_F(LaterChanges, DefinitionsAreDeletedOnceNothingNeedsThem) {
  ecs("RegisterTaskDefinition",
      R"({"family":"web","containerDefinitions":[{"name":"app","image":"i:1","memory":64}]})");
  const std::string request = R"({"taskDefinitions":["web:1","web:9"]})";
  Json reply = ecs("DeleteTaskDefinitions", request);
  ASSERT_EQ(reply["failures"].items().size(), 2u);
  EXPECT_NE(reply["failures"].items()[0]["reason"].as_string().find("still in ACTIVE status"), std::string::npos);
  ecs("CreateService", R"({"cluster":"one","serviceName":"s","taskDefinition":"web:1","desiredCount":0})");
  ecs("DeregisterTaskDefinition", R"({"taskDefinition":"web:1"})");
  reply = ecs("DeleteTaskDefinitions", R"({"taskDefinitions":["web:1"]})");
  EXPECT_EQ(reply["taskDefinitions"].items().at(0)["status"].as_string(), "DELETE_IN_PROGRESS");
  const auto is_there = [&] {
    return call("ecs", "DescribeTaskDefinition", R"({"taskDefinition":"web:1"})").has_value();
  };
  clock.advance(std::chrono::hours(2));
  ecs("DeleteTaskDefinitions", R"({"taskDefinitions":["web:1"]})");
  EXPECT_TRUE(is_there()) << "its service needs it";
  auto service = get<model::Service>("000000000000/eu-central-1/one/s");
  service.status = "INACTIVE";
  put(service);
  auto key = service.key() + "/" + service.revision_id;
  const store::Write erased{{model::ServiceRevision::kKind, key}, std::nullopt};
  MUST(store.commit({&erased, 1}));
  ecs("DeleteTaskDefinitions", R"({"taskDefinitions":["web:9"]})");
  EXPECT_FALSE(is_there());
  expect_refused("ecs", "DeleteTaskDefinitions", {R"({"taskDefinitions":["web"]})", "ClientException", "revision"});
}

TEST_F(LaterChanges, NoNamespaceIsFound) {
  expect_refused("ecs", "ListServicesByNamespace", {R"({"namespace":"local"})", "NamespaceNotFoundException", "local"});
}

}  // namespace
}  // namespace weir::api
