#include "base/base64.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(Base64, is_read_as_rfc_4648_has_it) {
  const std::pair<const char*, const char*> rows[] = {
      {"", ""}, {"Zg==", "f"}, {"Zm8=", "fo"}, {"Zm9v", "foo"}, {"Zm9vYg==", "foob"}, {"Zm9v\r\nYmFy", "foobar"},
  };
  for (const auto& [text, bytes] : rows) EXPECT_EQ(decode_base64(text), bytes) << text;
  for (const char* bad : {"Z", "Zg", "Zg=", "Zh==", "Zm9v=", "Zg==Zg==", "Z-==", "===="}) {
    EXPECT_FALSE(decode_base64(bad)) << bad;
  }
}

TEST(Base64, is_written_as_it_is_read) {
  for (const auto& [bytes, text] :
       {std::pair{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}}) {
    EXPECT_EQ(encode_base64(bytes), text);
    EXPECT_EQ(decode_base64(text), bytes);
  }
  EXPECT_EQ(encode_base64("\xFF\xFE\xFD"), "//79");
}

}  // namespace
}  // namespace weir
