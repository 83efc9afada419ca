#include <fmt/format.h>

#include "api/test_world.h"
#include "model/documents.h"

namespace weir::api {
namespace {

class Tags : public TestWorld {
 protected:
  Tags() {
    ecs("CreateCluster", R"({"clusterName":"one"})");
    ecs("RegisterTaskDefinition",
        R"({"family":"web","containerDefinitions":[{"name":"app","image":"i:1","memory":64}]})");
    ecs("CreateService", R"({"cluster":"one","serviceName":"s","taskDefinition":"web","desiredCount":0})");
    const Json run = ecs("RunTask", R"({"cluster":"one","taskDefinition":"web"})");
    arns_ = {std::string(kArn) + "cluster/one", std::string(kArn) + "service/one/s",
             std::string(kArn) + "task-definition/web:1", run["tasks"].items().at(0)["taskArn"].as_string()};
  }
  void tag(const std::string& arn, const std::string& tags) {
    ecs("TagResource", fmt::format(R"({{"resourceArn":"{}","tags":{}}})", arn, tags));
  }
  std::string tags_of(const std::string& arn) {
    return ecs("ListTagsForResource", fmt::format(R"({{"resourceArn":"{}"}})", arn))["tags"].dump();
  }
  std::vector<std::string> arns_;
};

TEST_F(Tags, AreAddedReplacedAndRemovedOnEveryResource) {
  for (const auto& arn : arns_) {
    tag(arn, R"([{"key":"a","value":"1"},{"key":"b","value":"2"}])");
    tag(arn, R"([{"key":"a","value":"3"},{"key":"c"}])");
    EXPECT_EQ(tags_of(arn), R"([{"key":"a","value":"3"},{"key":"b","value":"2"},{"key":"c"}])") << arn;
    const auto revision = store.revision();
    tag(arn, R"([{"key":"b","value":"2"}])");
    EXPECT_EQ(store.revision(), revision) << "nothing to write";
    ecs("UntagResource", fmt::format(R"({{"resourceArn":"{}","tagKeys":["a","none","c"]}})", arn));
    EXPECT_EQ(tags_of(arn), R"([{"key":"b","value":"2"}])") << arn;
  }
}

TEST_F(Tags, RefuseWhatAwsRefuses) {
  const auto refused = [&](const std::string& arn, const std::string& tags, const char* message) {
    const std::string request = fmt::format(R"({{"resourceArn":"{}","tags":{}}})", arn, tags);
    expect_refused("ecs", "TagResource", {request.c_str(), "InvalidParameterException", message});
  };
  std::string many;
  for (int i = 0; i < 50; ++i) many += fmt::format(R"({}{{"key":"k{}","value":"v"}})", i ? "," : "", i);
  tag(arns_[0], "[" + many + "]");
  refused(arns_[0], R"([{"key":"one-more","value":"v"}])", "at most 50 tags");
  refused(arns_[1], R"([{"key":"aws:x","value":"v"}])", "aws:");
  refused(arns_[1], R"([{"key":"x","value":"v"},{"key":"x","value":"w"}])", "Duplicate");
  refused(std::string(kArn) + "service/one/none", R"([{"key":"x"}])", "The specified service was not found.");
  refused("arn:aws:ecs:us-east-1:000000000000:cluster/one", R"([{"key":"x"}])", "Invalid identifier");
  refused("one", R"([{"key":"x"}])", "Invalid identifier");
  ecs("CreateCluster", R"({"clusterName":"gone"})");
  ecs("DeleteCluster", R"({"cluster":"gone"})");
  refused(std::string(kArn) + "cluster/gone", R"([{"key":"x"}])", "The specified cluster is inactive.");
  expect_refused("ecs", "UntagResource",
                 {fmt::format(R"({{"resourceArn":"{}","tagKeys":["aws:x"]}})", arns_[0]).c_str(),
                  "InvalidParameterException", "aws:"});
}

}  // namespace
}  // namespace weir::api
