#include "base/shape.h"

#include <gtest/gtest.h>

#include "base/describe.h"

namespace weir {
namespace {

struct Part {
  std::string name;
  std::optional<std::int32_t> size;
};
struct Whole {
  std::string title;
  std::optional<bool> open;
  std::optional<std::vector<Part>> parts;
  std::map<std::string, std::string> tags;
  std::optional<Timestamp> at;
};

struct Label {
  std::string key;
  std::string value;
};

const Shape& describe(const Label*) {
  static const Shape kShape =
      structure<Label>("Label", {
                                    member<&Label::key>("key", {.required = true}),
                                    member<&Label::value>("value", {.required = true, .min = 0}),
                                });
  return kShape;
}
const Shape& describe(const Part*) {
  static const Shape kShape = structure<Part>("Part", {
                                                          member<&Part::name>("name", {.required = true, .max = 4}),
                                                          member<&Part::size>("size", {.min = 1, .max = 9}),
                                                      });
  return kShape;
}
const Shape& describe(const Whole*) {
  static constexpr const char* kWords[] = {"a", "b", nullptr};
  static const Shape kShape =
      structure<Whole>("Whole", {
                                    member<&Whole::title>("title", {.required = true, .words = kWords}),
                                    member<&Whole::open>("open"),
                                    member<&Whole::parts>("parts", {.max = 2}),
                                    member<&Whole::tags>("tags"),
                                    member<&Whole::at>("at"),
                                });
  return kShape;
}

Result<Whole> read(std::string_view text, Unknown unknown = Unknown::refuse) {
  return from_json_shape<Whole>(MUST(Json::parse(text)), unknown);
}

TEST(Shape, RoundTripsThroughJson) {
  const std::string text =
      R"({"title":"a","open":true,"parts":[{"name":"p","size":3},{"name":"q"}],"tags":{"k":"v"},"at":1.5})";
  const Whole whole = MUST(read(text));
  EXPECT_EQ(whole.parts->size(), 2u);
  EXPECT_EQ(whole.at->millis, 1500);
  EXPECT_EQ(to_json_shape(whole).dump(), text);
}

TEST(Shape, TellsAnEmptyListFromNone) {
  EXPECT_FALSE(MUST(read(R"({"title":"a"})")).parts);
  EXPECT_TRUE(MUST(read(R"({"title":"a","parts":[]})")).parts);
}

TEST(Shape, NamesThePathOfAWrongType) {
  const auto result = read(R"({"parts":[{"name":"p"},{"size":"x"}]})");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, "Serialization");
  EXPECT_EQ(result.error().message, "parts[1].size must be of type Integer");
}

TEST(Shape, NamesAnUnknownMember) {
  const auto result = read(R"({"parts":[{"colour":1}]})");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, "Unknown");
  EXPECT_EQ(result.error().message, "parts[0].colour");
  EXPECT_TRUE(read(R"({"parts":[{"colour":1}]})", Unknown::ignore));
}

TEST(Shape, ListsEveryBreachOfTheLimits) {
  const Whole whole = MUST(read(R"({"title":"c","parts":[{"name":"toolong"},{"size":12},{"name":"x"}]})"));
  const auto result = validate(shape_of<Whole>(), &whole);
  ASSERT_FALSE(result);
  const std::string& message = result.error().message;
  EXPECT_EQ(message.find("5 validation errors detected"), 0u) << message;
  EXPECT_NE(message.find("at 'title' failed to satisfy constraint: Member must satisfy enum value set: [a, b]"),
            std::string::npos);
  EXPECT_NE(message.find("Value null at 'parts.2.member.name' failed"), std::string::npos) << message;
}

struct Word {
  std::optional<std::string> text;
  std::optional<std::string> short_text;
};
const Shape& describe(const Word*) {
  static const Shape kShape = structure<Word>("Word", {
                                                          member<&Word::text>("text", {.pattern = "^[a-z]+$"}),
                                                          member<&Word::short_text>("shortText", {.max = 3}),
                                                      });
  return kShape;
}

TEST(Shape, ChecksAPatternOfATextOfAnyLength) {
  for (const std::size_t size : {1, 100, 2048}) {
    const Word word{.text = std::string(size, 'a')};
    EXPECT_TRUE(validate(shape_of<Word>(), &word)) << size;
  }
  const Word long_word{.text = std::string(10'000'000, 'a')};
  EXPECT_FALSE(validate(shape_of<Word>(), &long_word));
}

TEST(Shape, CountsCharactersAndNotBytes) {
  const Word fits{.short_text = "äöü"};
  EXPECT_TRUE(validate(shape_of<Word>(), &fits));
  std::string much = "x";
  for (int i = 0; i < 100; ++i) much += "ä";
  const Word over{.short_text = much};
  const auto result = validate(shape_of<Word>(), &over);
  ASSERT_FALSE(result);
  EXPECT_TRUE(Json::parse(Json(result.error().message).dump())) << "cut within a character";
}

TEST(Shape, a_required_text_may_be_empty_where_its_least_length_is_said_to_be_nothing) {
  EXPECT_TRUE(validate(shape_of<Label>(), std::make_unique<Label>(Label{"a", ""}).get()));
  const auto breach = validate(shape_of<Label>(), std::make_unique<Label>(Label{"", ""}).get());
  ASSERT_FALSE(breach);
  EXPECT_NE(breach.error().message.find("at 'key'"), std::string::npos);
}

}  // namespace
}  // namespace weir
