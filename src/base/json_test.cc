#include "base/json.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(Json, RoundTripsEveryKind) {
  const std::string text = R"({"a":null,"b":true,"c":-12,"d":1.5,"e":"x\"\n\u0001é","f":[1,[],{}],"g":{"h":"i"}})";
  const auto parsed = Json::parse(text);
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->dump(), text);
}

TEST(Json, KeepsTheLastOfRepeatedNames) { EXPECT_EQ(MUST(Json::parse(R"({"a":1,"a":2})")).dump(), R"({"a":2})"); }

TEST(Json, RefusesWhatIsNotJson) {
  for (const char* text : {"", "{", "[1,]", "{\"a\"}", "1 2", "\"\xff\"", "nul", "{'a':1}", "\"\n\""}) {
    const auto parsed = Json::parse(text);
    EXPECT_EQ(parsed ? "" : parsed.error().code, "Json") << text;
  }
}

TEST(Json, RefusesDeepNesting) {
  EXPECT_FALSE(Json::parse(std::string(10'000, '[')));
  EXPECT_FALSE(Json::parse(std::string(100, '[') + std::string(100, ']')));
  EXPECT_TRUE(Json::parse(std::string(60, '[') + std::string(60, ']')));
}

TEST(Json, ReadsMembersWithDefaults) {
  const Json value = MUST(Json::parse(R"({"n":3,"s":"t"})"));
  EXPECT_EQ(value["n"].as_int(), 3);
  EXPECT_EQ(value["missing"].as_int(7), 7);
  EXPECT_EQ(value["s"].as_string(), "t");
  EXPECT_TRUE(value["missing"]["deeper"].is_null());
}

}  // namespace
}  // namespace weir
