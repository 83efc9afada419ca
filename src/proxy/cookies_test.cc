#include "proxy/cookies.h"

#include <gtest/gtest.h>

#include <vector>

namespace weir::proxy {
namespace {

std::vector<std::string> values(const http::HeaderBlock& fields, std::string_view name) {
  std::vector<std::string> out;
  any_cookie(fields, name, [&](std::string_view value) {
    out.emplace_back(value);
    return false;
  });
  return out;
}

TEST(CookiesTest, every_cookie_of_a_name_is_found_wherever_it_stands) {
  http::HeaderBlock fields;
  fields.add("cookie", "a=1; AWSALB=first;AWSALB2=x;\tAWSALB=second ; xAWSALB=y; AWSALB; =; ;;b==;");
  fields.add("x-cookie", "AWSALB=none");
  fields.add("Cookie", "AWSALB=third");
  EXPECT_EQ(values(fields, "AWSALB"), (std::vector<std::string>{"first", "second", "third"}));
  EXPECT_EQ(values(fields, "b"), (std::vector<std::string>{"="}));
  EXPECT_EQ(values(fields, "awsalb"), std::vector<std::string>{});
  EXPECT_EQ(values({}, "a"), std::vector<std::string>{});
  EXPECT_TRUE(any_cookie(fields, "AWSALB", [](std::string_view value) { return value == "second"; }));
  EXPECT_FALSE(any_cookie(fields, "AWSALB", [](std::string_view value) { return value == "fourth"; }));
}

TEST(CookiesTest, a_token_comes_back_from_its_text_and_from_nothing_else) {
  for (const std::uint64_t token : {std::uint64_t{0}, std::uint64_t{0xabc}, ~std::uint64_t{0}}) {
    EXPECT_EQ(token_text(token).size(), 16u);
    EXPECT_EQ(parse_token(token_text(token)), token);
  }
  for (const std::string_view forged : {"", "0", "zzzzzzzzzzzzzzzz", "0000000000000000 ", "-000000000000001",
                                        "0x00000000000001", "00000000000000000", "000000000000000\xff"}) {
    EXPECT_EQ(parse_token(forged), std::nullopt) << forged;
  }
  EXPECT_EQ(parse_token(std::string(1'000'000, 'f')), std::nullopt);
  EXPECT_EQ(parse_token(std::string(16, '\0')), std::nullopt);
}

TEST(CookiesTest, pools_and_backends_have_names_of_their_own) {
  EXPECT_NE(token_of("p", "b"), token_of("pb", ""));
  EXPECT_NE(token_of("p", "b"), token_of("q", "b"));
  EXPECT_NE(token_of("p"), token_of("p", "b"));
  EXPECT_EQ(token_of("p", "b"), token_of("p", "b"));
}

TEST(CookiesTest, a_cookie_lives_for_its_duration_or_as_long_as_the_client_likes) {
  const Timestamp now{784111777'000};  // Sun, 06 Nov 1994 08:49:37 GMT
  EXPECT_EQ(sticky_cookie("A", 1, milliseconds(0), now), "A=0000000000000001; Path=/");
  EXPECT_EQ(sticky_cookie("A", 1, milliseconds(86'400'000), now),
            "A=0000000000000001; Max-Age=86400; Expires=Mon, 07 Nov 1994 08:49:37 GMT; Path=/");
  EXPECT_EQ(sticky_cookie("A", 1, milliseconds(1), now),
            "A=0000000000000001; Max-Age=1; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Path=/");
}

TEST(CookiesTest, a_cookie_follows_that_of_the_application) {
  http::HeaderBlock response;
  EXPECT_EQ(following_cookie("A", 1, "SESSION", response), std::nullopt);
  response.add("set-cookie", "OTHER=1; Max-Age=5");
  response.add("set-cookie", "SESSION2=1");
  EXPECT_EQ(following_cookie("A", 1, "SESSION", response), std::nullopt);
  response.add("set-cookie", "SESSION=x; Path=/app; max-age=60; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Secure");
  EXPECT_EQ(following_cookie("A", 1, "SESSION", response),
            "A=0000000000000001; max-age=60; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Path=/");
  http::HeaderBlock bare;
  bare.add("Set-Cookie", "SESSION=");
  EXPECT_EQ(following_cookie("A", 1, "SESSION", bare), "A=0000000000000001; Path=/");
}

}  // namespace
}  // namespace weir::proxy
