#include "observe/filter_pattern.h"

#include <gtest/gtest.h>

namespace weir::observe {
namespace {

struct Row {
  const char* pattern;
  const char* message;
  bool matches;
};

TEST(FilterPattern, TermsAreSearchedForInText) {
  static constexpr Row kRows[] = {
      {"", "anything", true},
      {"  ", "anything", true},
      {"\"\"", "anything", true},
      {"ERROR", "[ERROR] no such file", true},
      {"error", "[ERROR] no such file", false},
      {"ERROR file", "[ERROR] no such file", true},
      {"ERROR folder", "[ERROR] no such file", false},
      {"\"such file\"", "[ERROR] no such file", true},
      {"\"file such\"", "[ERROR] no such file", false},
      {"\"say \\\"hi\\\"\"", "they say \"hi\" now", true},
      {"ERROR -file", "[ERROR] no such file", false},
      {"ERROR -folder", "[ERROR] no such file", true},
      {"-\"such file\"", "[ERROR] no such file", false},
      {"?ERROR ?WARN", "a WARN", true},
      {"?ERROR ?WARN", "an INFO", false},
      {"?ERROR INFO", "an INFO", true},
      {"?\"two words\" ?x", "has two words", true},
      {"{ $.a = 1", "", false},
  };
  for (const auto& row : kRows) {
    const auto pattern = FilterPattern::parse(row.pattern);
    if (row.pattern[0] == '{') {
      EXPECT_FALSE(pattern) << row.pattern;
      continue;
    }
    ASSERT_TRUE(pattern) << row.pattern << ": " << pattern.error().message;
    EXPECT_EQ(pattern->matches(row.message), row.matches) << row.pattern << " | " << row.message;
  }
}

TEST(FilterPattern, JsonConditionsHoldOfMembers) {
  constexpr const char* kMessage =
      R"({"level":"ERROR","code":503,"ok":false,"up":true,"gone":null,"big":1.5e3,"a b":"c",)"
      R"("user":{"name":"ada","tags":["x","y",{"z":1}]},"path":"/api/v1/things","text":"7"})";
  static constexpr Row kRows[] = {
      {R"({ $.level = "ERROR" })", kMessage, true},
      {R"({$.level="ERROR"})", kMessage, true},
      {R"({ $.level = ERROR })", kMessage, true},
      {R"({ $.level = "error" })", kMessage, false},
      {R"({ $.level != "INFO" })", kMessage, true},
      {R"({ $.none != "INFO" })", kMessage, false},
      {R"({ $.none = "*" })", kMessage, false},
      {R"({ $.path = "/api/*/things" })", kMessage, true},
      {R"({ $.path = "/api/*/thing" })", kMessage, false},
      {R"({ $.path != "/health*" })", kMessage, true},
      {R"({ $.code = 503 })", kMessage, true},
      {R"({ $.code = 5* })", kMessage, true},
      {R"({ $.code >= 500 && $.code < 600 })", kMessage, true},
      {R"({ $.code > 503 })", kMessage, false},
      {R"({ $.code <= 503 })", kMessage, true},
      {R"({ $.big = 1500 })", kMessage, true},
      {R"({ $.big > 1e3 })", kMessage, true},
      {R"({ $.text > 6 })", kMessage, false},
      {R"({ $.ok IS FALSE && $.up IS TRUE })", kMessage, true},
      {R"({ $.ok IS TRUE })", kMessage, false},
      {R"({ $.gone IS NULL })", kMessage, true},
      {R"({ $.none NOT EXISTS })", kMessage, true},
      {R"({ $.level NOT EXISTS })", kMessage, false},
      {R"({ $.user.name = "ada" })", kMessage, true},
      {R"({ $.user.tags[1] = "y" })", kMessage, true},
      {R"({ $.user.tags[*] = "x" })", kMessage, true},
      {R"({ $.user.tags[2].z = 1 })", kMessage, true},
      {R"({ $.user.tags[9] = "y" })", kMessage, false},
      {R"({ $['a b'] = "c" })", kMessage, true},
      {R"({ $.level = "INFO" || $.code = 503 })", kMessage, true},
      {R"({ $.level = "INFO" || $.code = 503 && $.up IS FALSE })", kMessage, false},
      {R"({ ($.level = "ERROR" || $.code = 1) && ($.up IS FALSE || $.ok IS FALSE) })", kMessage, true},
      {R"({ $.level = "ERROR" })", "level ERROR, no JSON", false},
      {R"({ $.level = "ERROR" })", R"({"level":"ERROR")", false},
  };
  for (const auto& row : kRows) {
    const auto pattern = FilterPattern::parse(row.pattern);
    ASSERT_TRUE(pattern) << row.pattern << ": " << pattern.error().message;
    EXPECT_EQ(pattern->matches(row.message), row.matches) << row.pattern << " | " << row.message;
  }
}

TEST(FilterPattern, WhatCannotBeReadIsRefused) {
  for (const char* pattern : {"\"open", "-", "?", "%reg%", "[a, b]", "{", "{}", "{ $ = 1 }", "{ $.a }", "{ $.a = }",
                              "{ $.a = 1 } x", "{ $.a = \"x }", "{ $.a[ = 1 }", "{ $.a[-1] = 1 }", "{ ($.a = 1 }",
                              "{ a = 1 }", "{ $.a > x }", "{ $.a = %x% }", "{ $.a = 1 && }"}) {
    const auto parsed = FilterPattern::parse(pattern);
    ASSERT_FALSE(parsed) << pattern;
    EXPECT_EQ(parsed.error().code, "InvalidParameterException") << pattern;
  }
  EXPECT_FALSE(FilterPattern::parse("{ " + std::string(400, '(')));
}

}  // namespace
}  // namespace weir::observe
