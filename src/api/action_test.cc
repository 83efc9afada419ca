#include "api/action.h"

#include <gtest/gtest.h>

#include "base/describe.h"

namespace weir::api {
namespace {

struct Question {
  std::string text;
};
struct Answer {
  std::string text;
};
const Shape& describe(const Question*) {
  static const Shape kShape = structure<Question>("Question", {member<&Question::text>("text", {.required = true})});
  return kShape;
}
const Shape& describe(const Answer*) {
  static const Shape kShape = structure<Answer>("Answer", {member<&Answer::text>("text")});
  return kShape;
}

Result<Answer> echo(Context& context, const Question& question) {
  if (question.text.empty()) return fail("EmptyException", "Nothing was asked.", ErrorSource::client);
  return Answer{context.region + ": " + question.text};
}

// No action of this test touches the store.
Context context_of(Random& random) {
  alignas(16) static char nowhere[16];
  return {"000000000000", "eu-central-1", {}, random, reinterpret_cast<store::Store&>(nowhere), "", ""};
}

TEST(ActionTable, CallsAnActionWithoutKnowingItsTypes) {
  ActionTable table;
  table.add("talk", "Echo", &echo);
  const Action* action = table.find("talk", "Echo");
  ASSERT_TRUE(action);
  Erased input = action->make_input();
  EXPECT_TRUE(from_json(action->input(), MUST(Json::parse(R"({"text":"hello"})")), input.get(), Unknown::refuse));
  Random random(1);
  Context context = context_of(random);
  const Erased output = MUST(action->invoke(context, input.get()));
  EXPECT_EQ(to_json(action->output(), output.get()).dump(), R"({"text":"eu-central-1: hello"})");
}

TEST(ActionTable, HandsOnAnActionsError) {
  ActionTable table;
  table.add("talk", "Echo", &echo);
  const Action* action = table.find("talk", "Echo");
  Random random(1);
  Context context = context_of(random);
  const auto output = action->invoke(context, action->make_input().get());
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code, "EmptyException");
}

TEST(ActionTable, TakesAnActionThatHoldsSomething) {
  ActionTable table;
  std::string seen;
  table.add<Question, Answer>("talk", "Note", [&](Context&, const Question& question) -> Result<Answer> {
    seen = question.text;
    return Answer{};
  });
  Random random(1);
  Context context = context_of(random);
  const Question question{"x"};
  EXPECT_TRUE(table.find("talk", "Note")->invoke(context, &question));
  EXPECT_EQ(seen, "x");
}

TEST(ActionTable, FindsNothingWhereNothingIs) {
  ActionTable table;
  table.add("talk", "Echo", &echo);
  EXPECT_FALSE(table.find("talk", "Sing"));
  EXPECT_FALSE(table.find("sing", "Echo"));
}

}  // namespace
}  // namespace weir::api
