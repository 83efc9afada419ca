#include "http/header.h"

#include <gtest/gtest.h>

namespace weir::http {
namespace {

std::string text_of(const HeaderBlock& block) {
  std::string text;
  for (const HeaderField field : block) text.append(field.name).append("=").append(field.value).append(";");
  return text;
}

TEST(Header, every_known_name_is_found_in_any_case) {
  for (unsigned i = 1; i < static_cast<unsigned>(HeaderId::count_); ++i) {
    const auto id = static_cast<HeaderId>(i);
    std::string name(header_name(id));
    ASSERT_FALSE(name.empty()) << i;
    EXPECT_EQ(header_id(name), id) << name;
    for (char& c : name) c = static_cast<char>(std::toupper(c));
    EXPECT_EQ(header_id(name), id) << name;
  }
}

TEST(Header, other_names_are_none_of_ours) {
  for (const char* name : {"", "x", "hosts", "x-forwarded-fox", "content_length", "a-very-long-name-that-nobody-has"}) {
    EXPECT_EQ(header_id(name), HeaderId::other) << name;
  }
}

TEST(HeaderBlock, finds_replaces_and_removes_ignoring_case) {
  HeaderBlock block;
  block.add("Host", "x");
  block.add("X-A", "1");
  block.add("x-a", "2");
  EXPECT_EQ(block.get(HeaderId::host), "x");
  EXPECT_EQ(block.find("x-A"), "1");
  EXPECT_FALSE(block.find("x-b"));
  EXPECT_FALSE(block.has(HeaderId::cookie));
  block.set(HeaderId::host, "y");
  EXPECT_EQ(text_of(block), "X-A=1;x-a=2;host=y;");
  EXPECT_EQ(block.remove("X-a"), 2u);
  EXPECT_EQ(block.remove(HeaderId::host), 1u);
  EXPECT_EQ(block.remove(HeaderId::host), 0u);
  EXPECT_TRUE(block.empty());
}

TEST(HeaderBlock, keeps_text_that_is_no_field_while_it_grows) {
  HeaderBlock block;
  const Slice slice = block.keep("GET");
  for (int i = 0; i < 1000; ++i) block.add("name", "value");
  EXPECT_EQ(block.text(slice), "GET");
}

TEST(Header, list_members_are_compared_whole) {
  EXPECT_TRUE(list_contains("keep-alive, Upgrade", "upgrade"));
  EXPECT_TRUE(list_contains(" close\t", "close"));
  EXPECT_TRUE(list_contains(",,close", "close"));
  EXPECT_FALSE(list_contains("closed", "close"));
  EXPECT_FALSE(list_contains("", "close"));
  EXPECT_FALSE(list_contains("clo,se", "close"));
}

TEST(Header, what_concerns_one_connection_is_stripped) {
  struct Row {
    const char* what;
    std::vector<std::pair<const char*, const char*>> fields;
    const char* left;
  };
  const Row rows[] = {
      {"nothing to do", {{"a", "1"}}, "a=1;"},
      {"the well-known ones",
       {{"a", "1"}, {"Keep-Alive", "x"}, {"Proxy-Connection", "x"}, {"Upgrade", "h2c"}, {"HTTP2-Settings", "x"}},
       "a=1;"},
      {"named by Connection", {{"Connection", "close, X-Hop"}, {"x-hop", "1"}, {"b", "2"}}, "b=2;"},
      {"named by a second Connection",
       {{"Connection", "a"}, {"connection", "b"}, {"a", "1"}, {"b", "2"}, {"c", "3"}},
       "c=3;"},
      {"what a sender may not take away",
       {{"Connection", "host, content-length, x-forwarded-for, cookie"},
        {"host", "x"},
        {"content-length", "1"},
        {"x-forwarded-for", "1.2.3.4"},
        {"cookie", "a"}},
       "host=x;content-length=1;x-forwarded-for=1.2.3.4;cookie=a;"},
      {"TE", {{"te", "gzip"}, {"a", "1"}}, "a=1;"},
      {"TE with trailers", {{"TE", "gzip, trailers"}, {"a", "1"}}, "a=1;te=trailers;"},
      {"Connection that names itself", {{"connection", "connection, keep-alive"}, {"a", "1"}}, "a=1;"},
  };
  for (const Row& row : rows) {
    HeaderBlock block;
    for (const auto& [name, value] : row.fields) block.add(name, value);
    strip_hop_by_hop(block);
    EXPECT_EQ(text_of(block), row.left) << row.what;
    EXPECT_FALSE(block.has(HeaderId::connection)) << row.what;
  }
}

}  // namespace
}  // namespace weir::http
