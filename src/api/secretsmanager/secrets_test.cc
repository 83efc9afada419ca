#include <fmt/format.h>

#include "api/secretsmanager/actions.h"
#include "api/test_world.h"
#include "model/secret_documents.h"

namespace weir::api {
namespace {

using std::chrono::days;

class Secrets : public TestWorld {
 protected:
  Secrets() { secretsmanager::add_actions(table, box_); }
  Json call_it(const char* operation, const std::string& request) {
    return expect_reply("secretsmanager", operation, request);
  }
  Json create(const std::string& name, const std::string& value) {
    return call_it("CreateSecret", fmt::format(R"({{"Name":"{}","SecretString":"{}"}})", name, value));
  }
  std::string value(const std::string& more) {
    return call_it("GetSecretValue", R"({"SecretId":"s")" + more + "}")["SecretString"].as_string();
  }
  std::string listed(const std::string& request) {
    std::string all;
    const Json reply = call_it("ListSecrets", request);
    for (const auto& one : reply["SecretList"].items()) {
      all += (all.empty() ? "" : " ") + one["Name"].as_string();
    }
    return all;
  }

  const SecretBox box_{std::string(SecretBox::kKeyBytes, 'k')};
};

TEST_F(Secrets, are_sealed_in_the_store_and_found_by_name_and_arn) {
  const Json made = create("team/db", "hunter2");
  const std::string arn = made["ARN"].as_string();
  EXPECT_EQ(arn.substr(0, arn.size() - 6), "arn:aws:secretsmanager:eu-central-1:000000000000:secret:team/db-");
  const auto stored = get<model::Secret>("000000000000/eu-central-1/team/db");
  EXPECT_EQ(to_json_shape(stored).dump().find("hunter2"), std::string::npos);
  for (const std::string& id : {std::string("team/db"), arn, arn.substr(0, arn.size() - 7)}) {
    const Json found = call_it("GetSecretValue", fmt::format(R"({{"SecretId":"{}"}})", id));
    EXPECT_EQ(found["SecretString"].as_string(), "hunter2");
    EXPECT_EQ(found["VersionId"], made["VersionId"]);
    EXPECT_EQ(found["VersionStages"].dump(), R"(["AWSCURRENT"])");
  }
}

TEST_F(Secrets, keep_their_former_version_as_awsprevious) {
  create("s", "one");
  const std::string token(32, 'a');
  const std::string put = fmt::format(R"({{"SecretId":"s","SecretString":"two","ClientRequestToken":"{}"}})", token);
  EXPECT_EQ(call_it("PutSecretValue", put)["VersionId"].as_string(), token);
  EXPECT_EQ(call_it("PutSecretValue", put)["VersionStages"].dump(), R"(["AWSCURRENT"])") << "its repeat";
  EXPECT_EQ(value(""), "two");
  EXPECT_EQ(value(R"(,"VersionStage":"AWSPREVIOUS")"), "one");
  EXPECT_EQ(value(R"(,"VersionId":")" + token + R"(")"), "two");
  call_it("UpdateSecret", R"({"SecretId":"s","SecretString":"three","Description":"d"})");
  EXPECT_EQ(value(R"(,"VersionStage":"AWSPREVIOUS")"), "two");
  const Json described = call_it("DescribeSecret", R"({"SecretId":"s"})");
  EXPECT_EQ(described["Description"].as_string(), "d");
  EXPECT_EQ(described["VersionIdsToStages"].members().size(), 2u) << "the first has no stage any more";
  call_it("PutSecretValue", R"({"SecretId":"s","SecretString":"four","VersionStages":["next"]})");
  EXPECT_EQ(value(""), "three");
  EXPECT_EQ(value(R"(,"VersionStage":"next")"), "four");
  EXPECT_EQ(call_it("ListSecretVersionIds", R"({"SecretId":"s"})")["Versions"].items().size(), 3u);
  EXPECT_EQ(call_it("ListSecretVersionIds", R"({"SecretId":"s","IncludeDeprecated":true})")["Versions"].items().size(),
            4u);
}

TEST_F(Secrets, may_be_rolled_back_by_moving_a_stage) {
  const std::string first = create("s", "one")["VersionId"].as_string();
  const std::string second =
      call_it("PutSecretValue", R"({"SecretId":"s","SecretString":"two"})")["VersionId"].as_string();
  call_it(
      "UpdateSecretVersionStage",
      fmt::format(R"({{"SecretId":"s","VersionStage":"AWSCURRENT","RemoveFromVersionId":"{}","MoveToVersionId":"{}"}})",
                  second, first));
  EXPECT_EQ(value(""), "one");
  EXPECT_EQ(value(R"(,"VersionStage":"AWSPREVIOUS")"), "two");
}

TEST_F(Secrets, go_when_their_recovery_window_is_over) {
  create("s", "one");
  create("kept", "k");
  call_it("DeleteSecret", R"({"SecretId":"s","RecoveryWindowInDays":7})");
  expect_refused("secretsmanager", "GetSecretValue",
                 {R"({"SecretId":"s"})", "InvalidRequestException", "it was marked for deletion"});
  expect_refused("secretsmanager", "CreateSecret",
                 {R"({"Name":"s"})", "InvalidRequestException", "already scheduled for deletion"});
  EXPECT_EQ(listed("{}"), "kept");
  EXPECT_EQ(listed(R"({"IncludePlannedDeletion":true,"SortBy":"name"})"), "kept s");
  call_it("RestoreSecret", R"({"SecretId":"s"})");
  EXPECT_EQ(value(""), "one");
  call_it("DeleteSecret", R"({"SecretId":"s"})");
  clock.advance(days(30));
  expect_refused("secretsmanager", "DescribeSecret",
                 {R"({"SecretId":"s"})", "ResourceNotFoundException", "can't find the specified secret."});
  call_it("DeleteSecret", R"({"SecretId":"kept","ForceDeleteWithoutRecovery":true})");
  EXPECT_TRUE(MUST(store::load_all<model::Secret>(store, "")).empty()) << "nothing sealed is left behind";
  create("s", "anew");
  EXPECT_EQ(value(""), "anew");
}

TEST_F(Secrets, are_listed_by_filters_and_have_tags) {
  create("web/db", "v");
  create("job/db", "v");
  call_it("TagResource", R"({"SecretId":"job/db","Tags":[{"Key":"team","Value":"shop"},{"Key":"x","Value":"y"}]})");
  call_it("UntagResource", R"({"SecretId":"job/db","TagKeys":["x"]})");
  EXPECT_EQ(call_it("DescribeSecret", R"({"SecretId":"job/db"})")["Tags"].dump(), R"([{"Key":"team","Value":"shop"}])");
  EXPECT_EQ(listed(R"({"Filters":[{"Key":"name","Values":["web"]}]})"), "web/db");
  EXPECT_EQ(listed(R"({"Filters":[{"Key":"name","Values":["!web"]}]})"), "job/db");
  EXPECT_EQ(listed(R"({"Filters":[{"Key":"tag-value","Values":["shop"]}]})"), "job/db");
  EXPECT_EQ(listed(R"({"Filters":[{"Key":"all","Values":["SHOP"]}]})"), "job/db");
}

TEST_F(Secrets, hold_bytes_too) {
  call_it("CreateSecret", R"({"Name":"s","SecretBinary":"AAEC"})");
  const Json found = call_it("GetSecretValue", R"({"SecretId":"s"})");
  EXPECT_EQ(found["SecretBinary"].as_string(), "AAEC");
  EXPECT_EQ(found.find("SecretString"), nullptr);
}

TEST_F(Secrets, refuse_what_aws_refuses) {
  const std::string token(32, 't');
  call_it("CreateSecret", fmt::format(R"({{"Name":"s","SecretString":"v","ClientRequestToken":"{}"}})", token));
  call_it("CreateSecret", R"({"Name":"empty"})");
  const std::string other =
      fmt::format(R"({{"SecretId":"s","SecretString":"other","ClientRequestToken":"{}"}})", token);
  const std::tuple<const char*, std::string, const char*, const char*> rows[] = {
      {"CreateSecret", R"({"Name":"s","SecretString":"v"})", "ResourceExistsException", "the secret s already exists"},
      {"CreateSecret", R"({"Name":"a b"})", "InvalidParameterException", "Invalid name"},
      {"CreateSecret", R"({"Name":"b","SecretString":"v","SecretBinary":"AAEC"})", "InvalidParameterException", "both"},
      {"CreateSecret", R"({"Name":"b","AddReplicaRegions":[{"Region":"eu-west-1"}]})", "InvalidParameterException",
       "'AddReplicaRegions' is not supported"},
      {"GetSecretValue", R"({"SecretId":"absent"})", "ResourceNotFoundException", "the specified secret."},
      {"GetSecretValue", R"({"SecretId":"empty"})", "ResourceNotFoundException", "staging label: AWSCURRENT"},
      {"GetSecretValue", R"({"SecretId":"s","VersionId":"00000000000000000000000000000000"})",
       "ResourceNotFoundException", "for VersionId: 0000"},
      {"PutSecretValue", R"({"SecretId":"s"})", "InvalidRequestException", "either SecretString or SecretBinary"},
      {"PutSecretValue", other, "ResourceExistsException", "already in use"},
      {"DeleteSecret", R"({"SecretId":"s","RecoveryWindowInDays":5})", "InvalidParameterException", "7 and 30 days"},
      {"DeleteSecret", R"({"SecretId":"s","RecoveryWindowInDays":7,"ForceDeleteWithoutRecovery":true})",
       "InvalidParameterException", "in conjunction"},
      {"UpdateSecretVersionStage", R"({"SecretId":"s","VersionStage":"AWSCURRENT"})", "InvalidParameterException",
       "RemoveFromVersionId"},
  };
  for (const auto& [operation, request, code, message] : rows) {
    expect_refused("secretsmanager", operation, {request.c_str(), code, message});
  }
}

}  // namespace
}  // namespace weir::api
