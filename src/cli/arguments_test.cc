#include "cli/arguments.h"

#include <gtest/gtest.h>

namespace weir::cli {
namespace {

constexpr Flag kFlags[] = {{"--follow", "-f"}, {"--tail", "", Takes::value}};

Result<Arguments> parse(std::vector<std::string> words) { return Arguments::parse(words, kFlags, 1, 1); }

TEST(Arguments, FlagsStandBeforeOrAfterWordsAndHaveShortForms) {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"-f", "web", "--tail", "5"}, {"web", "--tail=5", "--follow"}, {"--tail", "5", "-f", "--", "web"}}) {
    const auto parsed = parse(words);
    ASSERT_TRUE(parsed);
    EXPECT_TRUE(parsed->has("--follow"));
    EXPECT_EQ(parsed->value("--tail"), "5");
    EXPECT_EQ(parsed->number("--tail", 1, 0, 10).value(), 5);
    EXPECT_EQ(parsed->words(), std::vector<std::string>{"web"});
  }
}

TEST(Arguments, WhatMakesNoSenseIsRefusedWithASentence) {
  const struct {
    std::vector<std::string> words;
    const char* message;
  } kRows[] = {
      {{}, "something is missing"},
      {{"a", "b"}, "`b` is one word too many"},
      {{"a", "--nope"}, "no flag `--nope`"},
      {{"a", "--tail"}, "`--tail` needs a value"},
      {{"a", "--follow=1"}, "`--follow` takes no value"},
  };
  for (const auto& row : kRows) {
    const auto parsed = parse(row.words);
    ASSERT_FALSE(parsed) << row.message;
    EXPECT_EQ(parsed.error().message, row.message);
  }
  EXPECT_FALSE(parse({"a", "--tail", "x"})->number("--tail", 1, 0, 10));
  EXPECT_FALSE(parse({"a", "--tail", "11"})->number("--tail", 1, 0, 10));
}

}  // namespace
}  // namespace weir::cli
