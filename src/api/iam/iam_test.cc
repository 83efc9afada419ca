#include <fmt/format.h>

#include "api/iam/service.h"
#include "api/recorded/test_service.h"

namespace weir::api::iam {
namespace {

constexpr const char* kDocument = R"({\"Version\":\"2012-10-17\",\"Statement\":[]})";
constexpr const char* kOfAws = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy";

class IamTest : public recorded::RecordedWorld {
 protected:
  IamTest() : RecordedWorld(service()) {}

  Json role(const char* name) {
    return reply("CreateRole",
                 fmt::format(R"({{"RoleName":"{}","AssumeRolePolicyDocument":"{}"}})", name, kDocument))["Role"];
  }
  std::string policy(const char* name) {
    return reply("CreatePolicy",
                 fmt::format(R"({{"PolicyName":"{}","PolicyDocument":"{}"}})", name, kDocument))["Policy"]["Arn"]
        .as_string();
  }
};

TEST_F(IamTest, a_role_is_shown_as_it_was_made) {
  const Json made = role("task");
  EXPECT_EQ(made["Arn"].as_string(), "arn:aws:iam::000000000000:role/task");
  EXPECT_EQ(made["Path"].as_string(), "/");
  EXPECT_EQ(made["AssumeRolePolicyDocument"].as_string(),
            "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%5D%7D");
  EXPECT_TRUE(made["RoleId"].as_string().starts_with("AROA"));
  EXPECT_EQ(reply("GetRole", R"({"RoleName":"task"})")["Role"].dump(), made.dump());
  refused("CreateRole", fmt::format(R"({{"RoleName":"task","AssumeRolePolicyDocument":"{}"}})", kDocument),
          "EntityAlreadyExists");
  refused("GetRole", R"({"RoleName":"other"})", "NoSuchEntity");
}

TEST_F(IamTest, names_paths_and_policies_are_checked) {
  const auto asked = [](const char* name, const char* path, const char* document) {
    return fmt::format(R"({{"RoleName":"{}","Path":"{}","AssumeRolePolicyDocument":"{}"}})", name, path, document);
  };
  refused("CreateRole", asked("a b", "/", kDocument), "ValidationError");
  refused("CreateRole", asked("a", "x", kDocument), "ValidationError");
  refused("CreateRole", asked("a", "/", "{"), "MalformedPolicyDocument");
  refused("CreateRole", asked("a", "/", "[]"), "MalformedPolicyDocument");
  refused("CreateRole", asked("a", "/", "{}"), "MalformedPolicyDocument");
}

TEST_F(IamTest, a_role_stays_while_something_of_it_is_left) {
  role("task");
  const std::string own = policy("own");
  reply("PutRolePolicy", fmt::format(R"({{"RoleName":"task","PolicyName":"in","PolicyDocument":"{}"}})", kDocument));
  reply("AttachRolePolicy", fmt::format(R"({{"RoleName":"task","PolicyArn":"{}"}})", kOfAws));
  reply("AttachRolePolicy", fmt::format(R"({{"RoleName":"task","PolicyArn":"{}"}})", own));
  reply("CreateInstanceProfile", R"({"InstanceProfileName":"p"})");
  reply("AddRoleToInstanceProfile", R"({"InstanceProfileName":"p","RoleName":"task"})");

  const Json attached = reply("ListAttachedRolePolicies", R"({"RoleName":"task"})")["AttachedPolicies"];
  EXPECT_EQ(attached.items().size(), 2u);
  EXPECT_EQ(reply("ListRolePolicies", R"({"RoleName":"task"})")["PolicyNames"].dump(), R"(["in"])");
  EXPECT_EQ(reply("GetRolePolicy", R"({"RoleName":"task","PolicyName":"in"})")["RoleName"].as_string(), "task");
  EXPECT_EQ(reply("ListInstanceProfilesForRole", R"({"RoleName":"task"})")["InstanceProfiles"].items().size(), 1u);
  EXPECT_EQ(reply("GetPolicy", fmt::format(R"({{"PolicyArn":"{}"}})", own))["Policy"]["AttachmentCount"].as_string(),
            "1");
  refused("DeletePolicy", fmt::format(R"({{"PolicyArn":"{}"}})", own), "DeleteConflict");
  refused("DeleteInstanceProfile", R"({"InstanceProfileName":"p"})", "DeleteConflict");

  refused("DeleteRole", R"({"RoleName":"task"})", "DeleteConflict");
  reply("DetachRolePolicy", fmt::format(R"({{"RoleName":"task","PolicyArn":"{}"}})", kOfAws));
  refused("DetachRolePolicy", fmt::format(R"({{"RoleName":"task","PolicyArn":"{}"}})", kOfAws), "NoSuchEntity");
  reply("DetachRolePolicy", fmt::format(R"({{"RoleName":"task","PolicyArn":"{}"}})", own));
  refused("DeleteRole", R"({"RoleName":"task"})", "DeleteConflict");
  reply("DeleteRolePolicy", R"({"RoleName":"task","PolicyName":"in"})");
  refused("DeleteRole", R"({"RoleName":"task"})", "DeleteConflict");
  reply("RemoveRoleFromInstanceProfile", R"({"InstanceProfileName":"p","RoleName":"task"})");
  reply("DeleteRole", R"({"RoleName":"task"})");
  reply("DeleteInstanceProfile", R"({"InstanceProfileName":"p"})");
  reply("DeletePolicy", fmt::format(R"({{"PolicyArn":"{}"}})", own));
  EXPECT_EQ(reply("ListRoles", "{}")["Roles"].items().size(), 0u);
}

TEST_F(IamTest, a_policy_has_versions) {
  const std::string arn = policy("own");
  const std::string next =
      fmt::format(R"({{"PolicyArn":"{}","PolicyDocument":"{}","SetAsDefault":"true"}})", arn, kDocument);
  EXPECT_EQ(reply("CreatePolicyVersion", next)["PolicyVersion"]["VersionId"].as_string(), "v2");
  EXPECT_EQ(reply("GetPolicy", fmt::format(R"({{"PolicyArn":"{}"}})", arn))["Policy"]["DefaultVersionId"].as_string(),
            "v2");
  const auto version = [&](const char* id) { return fmt::format(R"({{"PolicyArn":"{}","VersionId":"{}"}})", arn, id); };
  EXPECT_EQ(reply("GetPolicyVersion", version("v2"))["PolicyVersion"]["IsDefaultVersion"].as_string(), "true");
  EXPECT_EQ(reply("GetPolicyVersion", version("v1"))["PolicyVersion"]["IsDefaultVersion"].as_string(), "false");
  refused("DeletePolicy", fmt::format(R"({{"PolicyArn":"{}"}})", arn), "DeleteConflict");
  refused("DeletePolicyVersion", version("v2"), "DeleteConflict");
  for (int i = 0; i < 3; ++i) reply("CreatePolicyVersion", next);
  refused("CreatePolicyVersion", next, "LimitExceeded");
  EXPECT_EQ(reply("ListPolicyVersions", fmt::format(R"({{"PolicyArn":"{}"}})", arn))["Versions"].items().size(), 5u);
  reply("SetDefaultPolicyVersion", version("v1"));
  for (const char* id : {"v2", "v3", "v4", "v5"}) reply("DeletePolicyVersion", version(id));
  reply("DeletePolicy", fmt::format(R"({{"PolicyArn":"{}"}})", arn));
  refused("GetPolicyVersion", version("v1"), "NoSuchEntity");
}

TEST_F(IamTest, only_policies_that_exist_are_attached) {
  role("task");
  refused("AttachRolePolicy", R"({"RoleName":"task","PolicyArn":"arn:aws:iam::000000000000:policy/none"})",
          "NoSuchEntity");
  refused("AttachRolePolicy", R"({"RoleName":"task","PolicyArn":"none"})", "InvalidInput");
  refused("AttachRolePolicy", fmt::format(R"({{"RoleName":"none","PolicyArn":"{}"}})", kOfAws), "NoSuchEntity");
}

TEST_F(IamTest, roles_are_changed_and_tagged) {
  role("task");
  reply("UpdateRole", R"({"RoleName":"task","Description":"d","MaxSessionDuration":"7200"})");
  refused("UpdateRole", R"({"RoleName":"task","MaxSessionDuration":"60"})", "ValidationError");
  reply("UpdateAssumeRolePolicy", R"({"RoleName":"task","PolicyDocument":"{\"Statement\":[]}"})");
  reply("TagRole", R"({"RoleName":"task","Tags":[{"Key":"a","Value":"1"},{"Key":"b","Value":"2"}]})");
  reply("UntagRole", R"({"RoleName":"task","TagKeys":["a"]})");
  const Json shown = reply("GetRole", R"({"RoleName":"task"})")["Role"];
  EXPECT_EQ(shown["MaxSessionDuration"].as_string(), "7200");
  EXPECT_EQ(shown["AssumeRolePolicyDocument"].as_string(), "%7B%22Statement%22%3A%5B%5D%7D");
  EXPECT_EQ(shown["Tags"].dump(), R"([{"Key":"b","Value":"2"}])");
  EXPECT_EQ(reply("ListRoleTags", R"({"RoleName":"task"})")["Tags"].dump(), R"([{"Key":"b","Value":"2"}])");
}

TEST_F(IamTest, service_linked_roles_have_their_services_names) {
  EXPECT_EQ(reply("CreateServiceLinkedRole", R"({"AWSServiceName":"ecs.amazonaws.com"})")["Role"]["Arn"].as_string(),
            "arn:aws:iam::000000000000:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS");
  refused("CreateServiceLinkedRole", R"({"AWSServiceName":"ecs.amazonaws.com"})", "InvalidInput");
  refused("CreateServiceLinkedRole", R"({"AWSServiceName":"none.amazonaws.com"})", "InvalidInput");
  const Json task = reply("DeleteServiceLinkedRole", R"({"RoleName":"AWSServiceRoleForECS"})");
  EXPECT_EQ(reply("GetServiceLinkedRoleDeletionStatus",
                  fmt::format(R"({{"DeletionTaskId":"{}"}})", task["DeletionTaskId"].as_string()))["Status"]
                .as_string(),
            "SUCCEEDED");
}

TEST_F(IamTest, lists_come_in_pages) {
  for (const char* name : {"a", "b", "c"}) role(name);
  const Json page = reply("ListRoles", R"({"MaxItems":"2"})");
  EXPECT_EQ(page["Roles"].items().size(), 2u);
  EXPECT_EQ(page["IsTruncated"].as_string(), "true");
  const Json rest = reply("ListRoles", fmt::format(R"({{"Marker":"{}"}})", page["Marker"].as_string()));
  EXPECT_EQ(rest["Roles"].items().at(0)["RoleName"].as_string(), "c");
  EXPECT_EQ(rest["IsTruncated"].as_string(), "false");
  refused("ListRoles", R"({"Marker":"x"})", "ValidationError");
}

}  // namespace
}  // namespace weir::api::iam
