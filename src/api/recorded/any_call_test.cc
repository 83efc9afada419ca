// Whatever comes in, a recorded service answers: with a reply, or with an error that is the caller's.
#include <gtest/gtest.h>

#include "api/ec2/service.h"
#include "api/iam/service.h"
#include "api/recorded/test_service.h"

namespace weir::api::recorded {
namespace {

constexpr int kCalls = 12'000;

// Calls with words that mean something more often than not, above all the names that replies have shown.
class AnyCall : public RecordedWorld, public ::testing::WithParamInterface<const Service*> {
 protected:
  AnyCall() : RecordedWorld(*GetParam()) {}

  std::string word() {
    static constexpr const char* kWords[] = {"",
                                             "a",
                                             "vpc",
                                             "10.0.0.0/16",
                                             "10.0.1.0/24",
                                             "0.0.0.0/0",
                                             "::/0",
                                             "tcp",
                                             "-1",
                                             "80",
                                             "true",
                                             "vpc-id",
                                             "tag:a",
                                             "default",
                                             "/",
                                             "/p/",
                                             "{}",
                                             "public",
                                             "All",
                                             "{\"Statement\":[]}",
                                             "eu-central-1a",
                                             "v1",
                                             "subnet",
                                             "enableDnsSupport",
                                             "ecs.amazonaws.com",
                                             "arn:aws:iam::aws:policy/x",
                                             "arn:aws:iam::000000000000:policy/a"};
    if (!seen_.empty() && random.chance(60)) return seen_[random.below(seen_.size())];
    return kWords[random.below(std::size(kWords))];
  }

  Json value(const Parameter& parameter) {
    if (parameter.form == Parameter::Form::structure) return any(parameter.members);
    if (parameter.form == Parameter::Form::boolean) return random.chance(50) ? "true" : "false";
    if (parameter.form == Parameter::Form::integer) return std::to_string(random.between(-1, 70'000));
    return word();
  }

  Json any(const std::vector<Parameter>& parameters) {
    Json object = Json::object();
    for (const auto& one : parameters) {
      if (one.name == "DryRun" || (!one.required && random.chance(60))) continue;
      Json list = Json::array();
      for (auto count = one.list ? random.between(one.required ? 1 : 0, 2) : 0; count > 0; --count) {
        list.push(value(one));
      }
      object.set(one.name, one.list ? std::move(list) : value(one));
    }
    return object;
  }

  void remember(const Json& reply) {
    if (reply.is_string() && reply.as_string().size() > 8 && seen_.size() < 400) seen_.push_back(reply.as_string());
    for (const auto& one : reply.items()) remember(one);
    for (const auto& [name, one] : reply.members()) remember(one);
  }

  std::vector<std::string> seen_;
};

TEST_P(AnyCall, is_answered) {
  int replies = 0;
  for (int i = 0; i < kCalls; ++i) {
    const auto& operation = GetParam()->operations[random.below(GetParam()->operations.size())];
    const Json input = any(parse_parameters(operation.parameters));
    const auto done = call(operation.name, input.dump());
    if (done) {
      ++replies;
      if (random.chance(20)) remember(*done);
    } else {
      ASSERT_EQ(done.error().source, ErrorSource::client) << operation.name << input.dump() << done.error().message;
    }
  }
  EXPECT_GT(replies, kCalls / 40) << "the words mean something";
}

INSTANTIATE_TEST_SUITE_P(Services, AnyCall, ::testing::Values(&ec2::service(), &iam::service()),
                         [](const auto& one) { return std::string(one.param->model.name); });

}  // namespace
}  // namespace weir::api::recorded
