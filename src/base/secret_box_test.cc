#include "base/secret_box.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(SecretBoxTest, opens_what_it_has_sealed) {
  const SecretBox box(SecretBox::new_key());
  for (const std::string& text : {std::string(), std::string("hunter2"), std::string(100'000, '\0')}) {
    const std::string sealed = box.seal(text, "a");
    EXPECT_EQ(sealed.find("hunter2"), std::string::npos);
    const auto opened = box.open(sealed, "a");
    ASSERT_TRUE(opened);
    EXPECT_EQ(*opened, text);
    EXPECT_NE(box.seal(text, "a"), sealed) << "the same text is never sealed the same";
  }
}

TEST(SecretBoxTest, opens_for_no_other_place_key_or_text) {
  const SecretBox box(std::string(32, 'k')), other(std::string(32, 'o'));
  std::string sealed = box.seal("text", "a");
  EXPECT_FALSE(box.open(sealed, "b"));
  EXPECT_FALSE(other.open(sealed, "a"));
  EXPECT_FALSE(box.open(sealed.substr(4), "a"));
  EXPECT_FALSE(box.open("", "a"));
  EXPECT_FALSE(box.open("no base64!", "a"));
  sealed[17] = sealed[17] == 'A' ? 'B' : 'A';
  const auto changed = box.open(sealed, "a");
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().code, "Sealed");
}

}  // namespace
}  // namespace weir
