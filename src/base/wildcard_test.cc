#include "base/wildcard.h"

#include <gtest/gtest.h>

#include <string>

namespace weir {
namespace {

TEST(WildcardTest, wildcards_fit_the_whole_text) {
  struct Row {
    const char* pattern;
    const char* text;
    bool fits;
  };
  const Row rows[] = {
      {"", "", true},
      {"", "a", false},
      {"*", "", true},
      {"*", "/any/thing", true},
      {"/a", "/a", true},
      {"/a", "/ab", false},
      {"/a*", "/ab/c", true},
      {"/mysfits/*/like", "/mysfits/1/like", true},
      {"/mysfits/*/like", "/mysfits/1/2/like", true},
      {"/mysfits/*/like", "/mysfits/1/fulfill-like", false},
      {"/a?c", "/abc", true},
      {"/a?c", "/ac", false},
      {"*.png", "/x.png.png", true},
      {"*a*b*c*", "xxaxxbxxc", true},
      {"*a*b*c*", "xxaxxcxxb", false},
      {"/A", "/a", false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(wildcard_match(row.pattern, row.text, Case::sensitive), row.fits) << row.pattern << " " << row.text;
  }
}

TEST(WildcardTest, a_bad_pattern_costs_no_more_than_its_product) {
  const std::string text(20'000, 'a');
  EXPECT_FALSE(wildcard_match("*a*a*a*a*a*a*a*a*a*a*b", text, Case::sensitive));
}

}  // namespace
}  // namespace weir
