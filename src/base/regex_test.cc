#include "base/regex.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(RegexTest, matches_whole_texts) {
  const auto regex = Regex::compile("/a[0-9]+(/.*)?");
  ASSERT_TRUE(regex);
  EXPECT_TRUE(regex->matches("/a12"));
  EXPECT_TRUE(regex->matches("/a1/b/c"));
  EXPECT_FALSE(regex->matches("/a"));
  EXPECT_FALSE(regex->matches("x/a1"));
  EXPECT_FALSE(regex->matches("/a1x"));
}

TEST(RegexTest, finds_what_fits_within_a_text) {
  const auto regex = Regex::compile("^a[0-9]");
  ASSERT_TRUE(regex);
  EXPECT_TRUE(regex->found_in("a1 and more"));
  EXPECT_FALSE(regex->found_in("not a1"));
}

TEST(RegexTest, refuses_what_is_none) {
  const auto open = Regex::compile("(a");
  ASSERT_FALSE(open);
  EXPECT_EQ(open.error().code, "Regex");
  EXPECT_EQ(open.error().message, "missing ): (a");
  EXPECT_FALSE(Regex::compile("((a{1,900}){1,900}){1,900}"));
  EXPECT_FALSE(Regex::compile("(a)\\1")) << "back references take exponential time";
}

}  // namespace
}  // namespace weir
