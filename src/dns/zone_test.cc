#include "dns/zone.h"

#include <gtest/gtest.h>

namespace weir::dns {
namespace {

TEST(DnsZone, comes_back_from_its_text_as_it_was) {
  Zone zone{.name = "echo.local", .negative_ttl = 7, .rank = 1'700'000'000'000};
  zone.names["web.echo.local"] = {
      .ttls = {{Type::a, 60}, {Type::srv, 10}},
      .policy = Policy::weighted,
      .endpoints = {{.label = "i-1", .ipv4 = Ipv4{127, 0, 0, 1}, .ipv4_of_tasks = Ipv4{169, 254, 172, 1}, .port = 80},
                    {.label = "i-2", .ipv6 = ipv6_of("fd00::2"), .healthy = false}}};
  zone.names["_out.echo.local"] = {.ttls = {{Type::cname, 5}}, .endpoints = {{.alias = "example.com"}}};
  const auto back = zone_from_json(MUST(Json::parse(to_json(zone).dump())));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, zone);
}

TEST(DnsZone, what_no_reply_could_hold_is_refused) {
  const auto refused = [](const char* names) {
    const std::string text = R"({"zone":"a.b","negativeTtl":1,"rank":0,"names":)" + std::string(names) + "}";
    return !zone_from_json(MUST(Json::parse(text)));
  };
  EXPECT_FALSE(refused(R"({"x.a.b":{"ttls":{"A":1},"endpoints":[{"ipv4":"1.2.3.4"}]}})"));
  for (const char* names :
       {R"([])", R"({"x.c":{}})", R"({"X.a.b":{}})", R"({"x..a.b":{}})", R"({"x.a.b":{"ttls":{"A":-1}}})",
        R"({"x.a.b":{"policy":"none"}})", R"({"x.a.b":{"endpoints":[{"ipv4":"1.2.3"}]}})",
        R"({"x.a.b":{"endpoints":[{"label":"a."}]}})", R"({"x.a.b":{"endpoints":[{"alias":".."}]}})",
        R"({"x.a.b":{"endpoints":[{"port":65536}]}})"}) {
    EXPECT_TRUE(refused(names)) << names;
  }
}

TEST(DnsZone, a_name_is_lower_case_and_fits_on_the_wire) {
  EXPECT_EQ(plain_name("Echo_1.Local."), "echo_1.local");
  const std::string label(63, 'a');
  EXPECT_TRUE(plain_name(label + ".b"));
  EXPECT_TRUE(plain_name(label + "." + label + "." + label + "." + std::string(61, 'a')));
  for (const std::string& bad : {std::string(), std::string("."), std::string(".a"), std::string("a..b"), label + "a.b",
                                 label + "." + label + "." + label + "." + std::string(62, 'a')}) {
    EXPECT_FALSE(plain_name(bad)) << bad;
  }
}

}  // namespace
}  // namespace weir::dns
