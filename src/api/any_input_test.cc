// Whatever comes in, an action answers: with a reply, or with an error that is the caller's.
#include <fmt/format.h>

#include "api/appmesh/actions.h"
#include "api/secretsmanager/actions.h"
#include "api/servicediscovery/actions.h"
#include "api/ssm/actions.h"
#include "api/test_world.h"
#include "model/documents.h"

namespace weir::api {
namespace {

constexpr int kCallsPerAction = 150;
constexpr unsigned kMaxDepth = 6;

class AnyInput : public TestWorld {
 protected:
  AnyInput() {
    appmesh::add_actions(table, proxies_);
    servicediscovery::add_actions(table);
    ssm::add_actions(table, box_);
    secretsmanager::add_actions(table, box_);
    ecs("CreateCluster", "{}");
    ecs("RegisterTaskDefinition", R"({"family":"web","networkMode":"bridge","containerDefinitions":[
        {"name":"app","image":"i:1","memory":64,"portMappings":[{"containerPort":80}]}]})");
    const Json group = elb("CreateTargetGroup", R"({"Name":"blue","Protocol":"HTTP","Port":80})");
    const Json balancer = elb("CreateLoadBalancer", R"({"Name":"front"})");
    words_.push_back(group["TargetGroups"].items().at(0)["TargetGroupArn"].as_string());
    words_.push_back(balancer["LoadBalancers"].items().at(0)["LoadBalancerArn"].as_string());
    const Json listener = elb("CreateListener", fmt::format(R"({{"LoadBalancerArn":"{}","Protocol":"HTTP","Port":80,
        "DefaultActions":[{{"Type":"forward","TargetGroupArn":"{}"}}]}})",
                                                            words_[words_.size() - 1], words_[words_.size() - 2]));
    words_.push_back(listener["Listeners"].items().at(0)["ListenerArn"].as_string());
    put(model::Task{.scope = {"000000000000", "eu-central-1"}, .cluster = "default", .id = std::string(32, '0')});
  }

  // Something within the limits of `field`, more often a word that means something than not.
  void fill(const Shape& shape, const Limits& limits, void* value, unsigned depth) {
    switch (shape.kind) {
      case ShapeKind::boolean:
        *static_cast<bool*>(value) = random.chance(30);
        return;
      case ShapeKind::integer:
        *static_cast<std::int32_t*>(value) = static_cast<std::int32_t>(number(limits));
        return;
      case ShapeKind::long_int:
        *static_cast<std::int64_t*>(value) = number(limits);
        return;
      case ShapeKind::string:
        *static_cast<std::string*>(value) = word(limits);
        return;
      case ShapeKind::list:
        for (auto count = random.below(3); count > 0; --count) {
          fill(shape.element(), limits.element ? *limits.element : Limits{}, shape.append(value), depth + 1);
        }
        return;
      case ShapeKind::map:
        fill(shape.element(), {}, shape.insert(value, word({})), depth + 1);
        return;
      case ShapeKind::structure:
        for (const auto& field : shape.fields) {
          const bool given = field.limits.required || random.chance(depth == 0 ? 40 : 25);
          if (given && depth < kMaxDepth) fill(field.shape(), field.limits, field.make(value), depth + 1);
        }
        return;
      default:
        return;
    }
  }

  std::int64_t number(const Limits& limits) {
    const std::int64_t low = std::max<std::int64_t>(limits.min, -2);
    const std::int64_t high = std::min<std::int64_t>(limits.max, 300);
    return random.between(low, std::max(low, high));
  }
  std::string word(const Limits& limits) {
    if (limits.words && random.chance(90)) {
      std::size_t count = 0;
      while (limits.words[count]) ++count;
      return limits.words[random.below(count)];
    }
    return words_[random.below(words_.size())];
  }

  std::vector<std::string> words_{"",
                                  "default",
                                  "web",
                                  "web:1",
                                  "app",
                                  "i:1",
                                  "HTTP",
                                  "traffic-port",
                                  "/",
                                  "200",
                                  "256",
                                  "512",
                                  "true",
                                  "awsvpc",
                                  "a/b",
                                  "arn:aws:ecs:eu-central-1:000000000000:",
                                  "arn:aws:ecs:eu-central-1:000000000000:cluster/default",
                                  "arn:aws:ecs:eu-central-1:000000000000:service/default/web",
                                  "arn:aws:ecs:eu-central-1:000000000000:task-definition/web:1",
                                  "00000000000000000000000000000000",
                                  "\xc3\xbc \"\\ \n"};
  const appmesh::SwiftProxies proxies_;
  const SecretBox box_{std::string(SecretBox::kKeyBytes, 'k')};
};

TEST_F(AnyInput, IsAnsweredWithAReplyOrWithTheCallersError) {
  int replies = 0;
  for (const auto& [service, operations] : table.all()) {
    for (const auto& [operation, action] : operations) {
      for (int i = 0; i < kCallsPerAction; ++i) {
        auto input = action.make_input();
        fill(action.input(), {}, input.get(), 0);
        const auto revision = store.revision();
        Context now = context();
        const auto reply = action.invoke(now, input.get());
        if (reply) {
          ++replies;
          continue;
        }
        EXPECT_EQ(reply.error().source, ErrorSource::client)
            << operation << " " << to_json(action.input(), input.get()).dump() << ": " << reply.error().message;
        EXPECT_FALSE(reply.error().code.empty() || reply.error().message.empty()) << operation;
        EXPECT_EQ(store.revision(), revision) << operation << ": " << reply.error().message;
        clock.advance(std::chrono::seconds(1));
      }
    }
  }
  EXPECT_GT(replies, 500) << "the inputs are not all nonsense";
}

}  // namespace
}  // namespace weir::api
