#include <fmt/format.h>

#include "api/test_world.h"

namespace weir::api {
namespace {

class InstanceAttributes : public TestWorld {
 protected:
  InstanceAttributes() {
    ecs("CreateCluster", R"({"clusterName":"one"})");
    machine_ = ecs("ListContainerInstances", R"({"cluster":"one"})")["containerInstanceArns"].items().at(0).as_string();
  }
  // {"cluster":"one","attributes":[…]}, each as NAME or NAME=VALUE.
  std::string request(const std::vector<std::string>& words, const std::string& target) {
    std::string all;
    for (const auto& word : words) {
      const std::size_t equals = word.find('=');
      all += fmt::format(R"({}{{"name":"{}","targetId":"{}"{}}})", all.empty() ? "" : ",", word.substr(0, equals),
                         target, equals == std::string::npos ? "" : R"(,"value":")" + word.substr(equals + 1) + '"');
    }
    return fmt::format(R"({{"cluster":"one","attributes":[{}]}})", all);
  }
  std::string request(const std::vector<std::string>& words) { return request(words, machine_); }
  // "a=1 b= …" of those that are listed.
  std::string listed(const std::string& members = "") {
    const Json reply = ecs("ListAttributes", R"({"cluster":"one","targetType":"container-instance")" + members + "}");
    std::string all;
    for (const auto& each : reply["attributes"].items()) {
      EXPECT_EQ(each["targetId"].as_string(), machine_);
      all += (all.empty() ? "" : " ") + each["name"].as_string() + "=" + each["value"].as_string();
    }
    return all;
  }

  std::string machine_;
};

TEST_F(InstanceAttributes, ArePutListedAndDeleted) {
  const std::string id = machine_.substr(machine_.rfind('/') + 1);
  EXPECT_EQ(ecs("PutAttributes", request({"rack=a", "fast"}))["attributes"].items().size(), 2u);
  ecs("PutAttributes", request({"rack=b"}, id));
  EXPECT_EQ(listed(), "ecs.cpu-architecture=x86_64 ecs.os-type=linux fast= rack=b");
  EXPECT_EQ(listed(R"(,"attributeName":"rack")"), "rack=b");
  EXPECT_EQ(listed(R"(,"attributeName":"rack","attributeValue":"a")"), "");
  const Json shown =
      ecs("DescribeContainerInstances", fmt::format(R"({{"cluster":"one","containerInstances":["{}"]}})", machine_));
  EXPECT_EQ(shown["containerInstances"].items().at(0)["attributes"].items().size(), 4u);
  ecs("DeleteAttributes", request({"rack=a", "fast", "absent"}));
  EXPECT_EQ(listed(), "ecs.cpu-architecture=x86_64 ecs.os-type=linux rack=b");
  ecs("DeleteAttributes", request({"rack"}));
  EXPECT_EQ(listed(R"(,"attributeName":"rack")"), "");
}

TEST_F(InstanceAttributes, ComeInPages) {
  ecs("PutAttributes", request({"c", "a", "b"}));
  const Json first = ecs("ListAttributes", R"({"cluster":"one","targetType":"container-instance","maxResults":2})");
  EXPECT_EQ(first["attributes"].items().size(), 2u);
  const std::string token = first["nextToken"].as_string();
  const std::string rest = listed(R"(,"nextToken":")" + token + '"');
  EXPECT_EQ(first["attributes"].items()[0]["name"].as_string() + " " +
                first["attributes"].items()[1]["name"].as_string() + " " + rest,
            "a b c= ecs.cpu-architecture=x86_64 ecs.os-type=linux");
}

TEST_F(InstanceAttributes, AreRefusedAllAtOnce) {
  const std::string without_target = R"({"cluster":"one","attributes":[{"name":"a"}]})";
  const std::string nowhere = request({"a"}, "nowhere"), reserved = request({"a", "ecs.os-type=plan9"}),
                    bad_name = request({"a", "a b"}), no_name = request({""}),
                    long_value = request({"a=" + std::string(129, 'x')}),
                    many = request({"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"});
  const std::string half = request({"a1", "a2", "a3", "a4", "a5", "a6"}),
                    rest = request({"b1", "b2", "b3", "b4", "b5"});
  for (const auto& [body, words] : {std::pair{&without_target, "targetId is required"},
                                    {&reserved, "ECS's own"},
                                    {&bad_name, "name must be"},
                                    {&no_name, "name must be"},
                                    {&long_value, "value must be"},
                                    {&many, "1 to 10 elements"}}) {
    expect_refused("ecs", "PutAttributes", {body->c_str(), "InvalidParameterException", words});
  }
  expect_refused("ecs", "PutAttributes", {nowhere.c_str(), "TargetNotFoundException", "nowhere"});
  EXPECT_EQ(listed(), "ecs.cpu-architecture=x86_64 ecs.os-type=linux") << "nothing half done";
  ecs("PutAttributes", half);
  expect_refused("ecs", "PutAttributes", {rest.c_str(), "AttributeLimitExceededException", "at most 10"});
  expect_refused("ecs", "ListAttributes",
                 {R"({"cluster":"one","targetType":"container-instance","attributeValue":"x"})",
                  "InvalidParameterException", "attributeName"});
}

}  // namespace
}  // namespace weir::api
