#include "observe/alarm_rule.h"

#include <gtest/gtest.h>

#include <map>

namespace weir::observe {
namespace {

// a is in ALARM, o is OK, i has no data, "two words" is in ALARM; there is no other.
bool holds(const char* text) {
  static const std::map<std::string, std::string> kStates{
      {"a", "ALARM"}, {"o", "OK"}, {"i", "INSUFFICIENT_DATA"}, {"two words", "ALARM"}};
  const AlarmRule rule = MUST(AlarmRule::parse(text));
  return rule.holds([](const std::string& name) {
    const auto found = kStates.find(name);
    return found == kStates.end() ? std::string() : found->second;
  });
}

TEST(AlarmRuleTest, states_and_constants) {
  for (const char* yes : {"ALARM(a)", "OK(o)", "INSUFFICIENT_DATA(i)", "TRUE", " ( TRUE ) ", "ALARM(\"two words\")",
                          "ALARM ( a )", "ALARM(arn:aws:cloudwatch:eu-west-1:000000000000:alarm:a)",
                          "ALARM(\"arn:aws:cloudwatch:eu-west-1:000000000000:alarm:two words\")"}) {
    EXPECT_TRUE(holds(yes)) << yes;
  }
  for (const char* no : {"OK(a)", "ALARM(o)", "ALARM(i)", "FALSE", "ALARM(nobody)", "OK(nobody)", "NOT TRUE"}) {
    EXPECT_FALSE(holds(no)) << no;
  }
}

TEST(AlarmRuleTest, not_binds_more_than_and_and_and_more_than_or) {
  EXPECT_TRUE(holds("TRUE OR TRUE AND FALSE"));
  EXPECT_FALSE(holds("(TRUE OR TRUE) AND FALSE"));
  EXPECT_TRUE(holds("NOT FALSE OR TRUE AND FALSE"));
  EXPECT_FALSE(holds("NOT (FALSE OR TRUE)"));
  EXPECT_TRUE(holds("NOT NOT ALARM(a)"));
  EXPECT_TRUE(holds("ALARM(a) AND NOT ALARM(o) AND (OK(a) OR OK(o))"));
  EXPECT_TRUE(holds("FALSE OR FALSE OR ALARM(a)"));
}

TEST(AlarmRuleTest, knows_the_alarms_that_it_speaks_of) {
  const AlarmRule rule = MUST(AlarmRule::parse("ALARM(a) OR (OK(\"b c\") AND NOT ALARM(a))"));
  EXPECT_EQ(rule.alarms(), (std::set<std::string>{"a", "b c"}));
}

TEST(AlarmRuleTest, says_what_is_wrong) {
  const std::pair<std::string, const char*> rows[] = {
      {"", "''"},
      {"ALARM", "opening bracket"},
      {"ALARM(", "name"},
      {"ALARM(a", "closing bracket"},
      {"ALARM(\"a)", "closing quote"},
      {"(ALARM(a)", "closing bracket"},
      {"ALARM(a) ALARM(o)", "should end"},
      {"ALARM(a) AND", "''"},
      {"alarm(a)", "'alarm'"},
      {"AT_LEAST(1, ALARM, (a, b))", "'AT_LEAST'"},
      {std::string(100, '(') + "TRUE" + std::string(100, ')'), "too deeply"},
      {[] {
         std::string all = "TRUE";
         for (int i = 0; i < 500; ++i) all += " OR TRUE";
         return all;
       }(),
       "too many"},
  };
  for (const auto& [text, part] : rows) {
    const auto parsed = AlarmRule::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_NE(parsed.error().message.find(part), std::string::npos) << text << ": " << parsed.error().message;
  }
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(AlarmRule::parse(std::string(static_cast<std::size_t>(i), '(')));
}

}  // namespace
}  // namespace weir::observe
