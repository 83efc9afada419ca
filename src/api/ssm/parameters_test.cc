#include <fmt/format.h>

#include "api/ssm/actions.h"
#include "api/test_world.h"
#include "model/secret_documents.h"

namespace weir::api {
namespace {

class Parameters : public TestWorld {
 protected:
  Parameters() { ssm::add_actions(table, box_); }
  Json ssm(const char* operation, const std::string& request) { return expect_reply("ssm", operation, request); }
  Json put(const std::string& name, const std::string& value, const std::string& more = R"("Type":"String")") {
    return ssm("PutParameter", fmt::format(R"({{"Name":"{}","Value":"{}",{}}})", name, value, more));
  }
  std::string names(const Json& reply, const char* list = "Parameters") {
    std::string all;
    for (const auto& one : reply[list].items()) {
      all += (all.empty() ? "" : " ") + (one.is_string() ? one.as_string() : one["Name"].as_string());
    }
    return all;
  }

  const SecretBox box_{std::string(SecretBox::kKeyBytes, 'k')};
};

TEST_F(Parameters, are_got_by_name_arn_and_version) {
  EXPECT_EQ(put("/app/db", "one").dump(), R"({"Version":1,"Tier":"Standard"})");
  EXPECT_EQ(put("/app/db", "two", R"("Overwrite":true)")["Version"].as_int(), 2);
  const Json newest = ssm("GetParameter", R"({"Name":"/app/db"})")["Parameter"];
  EXPECT_EQ(newest["Value"].as_string(), "two");
  EXPECT_EQ(newest["ARN"].as_string(), "arn:aws:ssm:eu-central-1:000000000000:parameter/app/db");
  EXPECT_EQ(newest["Type"].as_string(), "String");
  EXPECT_EQ(newest["DataType"].as_string(), "text");
  const Json first = ssm("GetParameter", R"({"Name":"/app/db:1"})")["Parameter"];
  EXPECT_EQ(first["Value"].as_string(), "one");
  EXPECT_EQ(first["Selector"].as_string(), ":1");
  for (const char* arn : {"arn:aws:ssm:eu-central-1:000000000000:parameter/app/db:2"}) {
    EXPECT_EQ(ssm("GetParameter", fmt::format(R"({{"Name":"{}"}})", arn))["Parameter"]["Value"].as_string(), "two");
  }
  put("plain", "p");
  put("/rooted", "r");
  for (const char* name : {"plain", "rooted"}) {
    const std::string arn = fmt::format("arn:aws:ssm:eu-central-1:000000000000:parameter/{}", name);
    const Json found = ssm("GetParameter", fmt::format(R"({{"Name":"{}"}})", arn))["Parameter"];
    EXPECT_EQ(found["Value"].as_string(), std::string(1, name[0])) << name;
  }
  const Json some = ssm("GetParameters", R"({"Names":["plain","/app/db:1","absent","/app/db:9"]})");
  EXPECT_EQ(names(some), "plain /app/db");
  EXPECT_EQ(names(some, "InvalidParameters"), "absent /app/db:9");
}

TEST_F(Parameters, that_are_secure_are_sealed_in_the_store_and_shown_only_when_asked) {
  put("token", "hunter2", R"("Type":"SecureString")");
  const auto stored = get<model::Parameter>("000000000000/eu-central-1/token");
  EXPECT_EQ(to_json_shape(stored).dump().find("hunter2"), std::string::npos);
  const std::string sealed = ssm("GetParameter", R"({"Name":"token"})")["Parameter"]["Value"].as_string();
  EXPECT_EQ(sealed, stored.versions[0].value);
  const Json open = ssm("GetParameter", R"({"Name":"token","WithDecryption":true})")["Parameter"];
  EXPECT_EQ(open["Value"].as_string(), "hunter2");
  EXPECT_EQ(ssm("GetParameterHistory", R"({"Name":"token","WithDecryption":true})")["Parameters"]
                .items()
                .at(0)["KeyId"]
                .as_string(),
            "alias/aws/ssm");
}

TEST_F(Parameters, are_listed_by_path_and_by_filters) {
  for (const char* name : {"/a/one", "/a/two", "/a/b/three", "/ab/four", "five"}) put(name, "v");
  put("/a/secret", "v", R"("Type":"SecureString","Tags":[{"Key":"team","Value":"shop"}])");
  EXPECT_EQ(names(ssm("GetParametersByPath", R"({"Path":"/a"})")), "/a/one /a/secret /a/two");
  EXPECT_EQ(names(ssm("GetParametersByPath", R"({"Path":"/a/","Recursive":true})")),
            "/a/b/three /a/one /a/secret /a/two");
  const Json page = ssm("GetParametersByPath", R"({"Path":"/a","MaxResults":2})");
  EXPECT_EQ(names(page), "/a/one /a/secret");
  EXPECT_EQ(names(ssm("GetParametersByPath",
                      fmt::format(R"({{"Path":"/a","NextToken":"{}"}})", page["NextToken"].as_string()))),
            "/a/two");
  const auto filtered = [&](const std::string& filter) {
    return names(ssm("DescribeParameters", R"({"ParameterFilters":[)" + filter + "]}"));
  };
  EXPECT_EQ(filtered(R"({"Key":"Name","Option":"Contains","Values":["o"]})"), "/a/one /a/two /ab/four");
  EXPECT_EQ(filtered(R"({"Key":"Type","Values":["SecureString"]})"), "/a/secret");
  EXPECT_EQ(filtered(R"({"Key":"Path","Option":"Recursive","Values":["/a"]})"), "/a/b/three /a/one /a/secret /a/two");
  EXPECT_EQ(filtered(R"({"Key":"tag:team","Values":["shop"]})"), "/a/secret");
  EXPECT_EQ(names(ssm("DescribeParameters", R"({"Filters":[{"Key":"Name","Values":["five"]}]})")), "five");
}

TEST_F(Parameters, have_tags_and_go) {
  put("a", "v", R"("Type":"StringList","Description":"d")");
  ssm("AddTagsToResource", R"({"ResourceType":"Parameter","ResourceId":"a","Tags":[{"Key":"k","Value":"v"},
      {"Key":"l","Value":"w"}]})");
  ssm("RemoveTagsFromResource", R"({"ResourceType":"Parameter","ResourceId":"a","TagKeys":["l"]})");
  EXPECT_EQ(ssm("ListTagsForResource", R"({"ResourceType":"Parameter","ResourceId":"a"})").dump(),
            R"({"TagList":[{"Key":"k","Value":"v"}]})");
  put("b", "v");
  EXPECT_EQ(names(ssm("DeleteParameters", R"({"Names":["b","c"]})"), "DeletedParameters"), "b");
  ssm("DeleteParameter", R"({"Name":"a"})");
  EXPECT_EQ(names(ssm("DescribeParameters", "{}")), "");
}

TEST_F(Parameters, refuse_what_aws_refuses) {
  put("/there", "v");
  put("large", std::string(5000, 'x'), R"("Type":"String","Tier":"Intelligent-Tiering")");
  const std::string large = fmt::format(R"({{"Name":"l","Type":"String","Value":"{}"}})", std::string(4097, 'x'));
  std::string deep;
  for (int i = 0; i < 16; ++i) deep += "/a";
  const std::string levels = fmt::format(R"({{"Name":"{}","Type":"String","Value":"v"}})", deep);
  const std::tuple<const char*, std::string, const char*, const char*> rows[] = {
      {"PutParameter", R"({"Name":"/there","Type":"String","Value":"v"})", "ParameterAlreadyExists", "already exists"},
      {"PutParameter", R"({"Name":"/there","Type":"SecureString","Value":"v","Overwrite":true})",
       "HierarchyTypeMismatchException", "changing a parameter type"},
      {"PutParameter", R"({"Name":"n","Value":"v"})", "ValidationException", "A parameter type is required"},
      {"PutParameter", R"({"Name":"a b","Type":"String","Value":"v"})", "ValidationException", "letters, numbers"},
      {"PutParameter", R"({"Name":"a/b","Type":"String","Value":"v"})", "ValidationException", "fully qualified"},
      {"PutParameter", R"({"Name":"/aws/x","Type":"String","Value":"v"})", "AccessDeniedException", "reserved"},
      {"PutParameter", R"({"Name":"SSMx","Type":"String","Value":"v"})", "ValidationException", "ssm"},
      {"PutParameter", levels, "HierarchyLevelLimitExceededException", "15 levels"},
      {"PutParameter", large, "ValidationException", "Standard tier"},
      {"PutParameter", R"({"Name":"large","Value":"v","Overwrite":true,"Tier":"Standard"})", "ValidationException",
       "downgrade"},
      {"PutParameter", R"({"Name":"n","Type":"String","Value":"v","AllowedPattern":"^\\d+$"})",
       "ParameterPatternMismatchException", "allowedPattern"},
      {"PutParameter", R"({"Name":"n","Type":"String","Value":"v","Policies":"[]"})", "ValidationException",
       "'Policies' is not supported"},
      {"PutParameter", R"({"Name":"/there","Value":"v","Overwrite":true,"Tags":[{"Key":"k","Value":"v"}]})",
       "ValidationException", "tags and overwrite can't be used together"},
      {"GetParameter", R"({"Name":"absent"})", "ParameterNotFound", "absent"},
      {"GetParameter", R"({"Name":"/there:7"})", "ParameterVersionNotFound", "version 7"},
      {"GetParameter", R"({"Name":"/there:prod"})", "ParameterVersionNotFound", "label prod"},
      {"GetParametersByPath", R"({"Path":"a"})", "ValidationException", "forward slash"},
      {"DescribeParameters", R"({"ParameterFilters":[{"Key":"Colour","Values":["red"]}]})", "InvalidFilterKey",
       "Colour"},
      {"DeleteParameter", R"({"Name":"absent"})", "ParameterNotFound", "absent"},
      {"ListTagsForResource", R"({"ResourceType":"Document","ResourceId":"a"})", "InvalidResourceType", "Document"},
      {"ListTagsForResource", R"({"ResourceType":"Parameter","ResourceId":"a"})", "InvalidResourceId", "not valid"},
  };
  for (const auto& [operation, request, code, message] : rows) {
    expect_refused("ssm", operation, {request.c_str(), code, message});
  }
}

}  // namespace
}  // namespace weir::api
