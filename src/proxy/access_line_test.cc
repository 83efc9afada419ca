#include "proxy/access_line.h"

#include <gtest/gtest.h>

#include <regex>

#include "base/json.h"
#include "proxy/limits.h"

namespace weir::proxy {
namespace {

using std::chrono::microseconds;

AccessFacts example() {
  AccessFacts facts;
  facts.type = "https";
  facts.time = {1'700'000'000'250};
  facts.created = {1'700'000'000'100};
  facts.listener = "app/web";
  facts.client = "192.0.2.1:4711";
  facts.target = "10.0.0.1:80";
  facts.request_time = microseconds(1'999);
  facts.target_time = microseconds(148'000);
  facts.response_time = Duration(0);
  facts.total = microseconds(150'123);
  facts.status = 200;
  facts.target_status = 201;
  facts.received = 34;
  facts.sent = 366;
  facts.method = "GET";
  facts.scheme = "https";
  facts.host = "www.example.com:443";
  facts.path = "/a?b=c";
  facts.version = "HTTP/1.1";
  facts.user_agent = "curl/7.46.0";
  facts.cipher = "ECDHE-RSA-AES128-GCM-SHA256";
  facts.protocol = "TLSv1.2";
  facts.pool = "targets";
  facts.trace_id = "Root=1-58337281-1d84f3d73c47ec4e58577259";
  facts.server_name = "www.example.com";
  facts.certificate = "/certs/www.pem";
  facts.rule = "web";
  facts.rule_place = 1;
  facts.action = "forward";
  facts.connection = "TID_1234abcd5678ef90";
  return facts;
}

std::string alb(const AccessFacts& facts) {
  std::string line;
  write_alb_line(line, facts);
  return line;
}

TEST(AccessLineTest, alb_has_its_fields_in_order) {
  EXPECT_EQ(alb(example()),
            "https 2023-11-14T22:13:20.250000Z app/web 192.0.2.1:4711 10.0.0.1:80 0.001 0.148 0.000 200 201 34 366 "
            "\"GET https://www.example.com:443/a?b=c HTTP/1.1\" \"curl/7.46.0\" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 "
            "targets \"Root=1-58337281-1d84f3d73c47ec4e58577259\" \"www.example.com\" \"/certs/www.pem\" 1 "
            "2023-11-14T22:13:20.100000Z \"forward\" \"-\" \"-\" \"10.0.0.1:80\" \"201\" \"-\" \"-\" "
            "TID_1234abcd5678ef90\n");
}

TEST(AccessLineTest, times_are_those_of_the_calendar) {
  for (const std::int64_t millis :
       {0LL, 951'782'400'000LL, 951'868'799'999LL, 1'709'164'800'001LL, 4'102'444'799'999LL}) {
    AccessFacts facts = example();
    facts.time = {millis};
    const std::string wanted = to_iso8601(facts.time);
    EXPECT_EQ(alb(facts).substr(6, 27), wanted.substr(0, 23) + "000Z");
    std::string line;
    write_json_line(line, facts);
    EXPECT_EQ(MUST(Json::parse(line))["time"].as_string(), wanted);
  }
}

TEST(AccessLineTest, what_there_is_not_is_a_dash) {
  AccessFacts facts;
  facts.type = "http";
  facts.scheme = "http";
  facts.host = "127.0.0.1:80";
  facts.listener = "l";
  facts.client = "192.0.2.1:4711";
  facts.status = 400;
  EXPECT_EQ(
      alb(facts),
      "http 1970-01-01T00:00:00.000000Z l 192.0.2.1:4711 - -1 -1 -1 400 - 0 0 \"- http://127.0.0.1:80- -\" "
      "\"-\" - - - \"-\" \"-\" \"-\" - 1970-01-01T00:00:00.000000Z \"-\" \"-\" \"-\" \"-\" \"-\" \"-\" \"-\" -\n");
}

// Every byte that there is, in every text that a client or a backend may choose.
std::string every_byte() {
  std::string text;
  for (int byte = 0; byte < 256; ++byte) text += static_cast<char>(byte);
  return text;
}

AccessFacts hostile(std::string_view text) {
  AccessFacts facts = example();
  facts.method = facts.host = facts.path = facts.user_agent = facts.trace_id = facts.server_name = facts.redirect =
      text;
  facts.pool = facts.listener = facts.certificate = facts.target = text;
  return facts;
}

TEST(AccessLineTest, alb_stays_one_line_of_its_form_whatever_is_in_it) {
  const std::string text = every_byte();
  const std::string line = alb(hostile(text));
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  for (const char c : line.substr(0, line.size() - 1)) EXPECT_TRUE(c >= 0x20 && c < 0x7f);
  // AWS documents this expression for Athena; the texts here may not have spaces beside those of the form.
  const std::regex form(
      R"re(([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*):([0-9]*) ([^ ]*)[:-]([0-9]*) ([-.0-9]*) ([-.0-9]*) ([-.0-9]*) (|[-0-9]*) (-|[-0-9]*) ([-0-9]*) ([-0-9]*) "([^ ]*) ([^"]*) (- |[^ ]*)" "([^"]*)" ([A-Z0-9_-]+) ([A-Za-z0-9.-]*) ([^ ]*) "([^"]*)" "([^"]*)" "([^"]*)" ([-.0-9]*) ([^ ]*) "([^"]*)" "([^"]*)" "([^ ]*)" "([^\s]+?)" "([^\s]+)" "([^ ]*)" "([^ ]*)" ?([^ ]*)?\n)re");
  for (const std::string_view each :
       {std::string_view("\" \" x"), std::string_view("\r\nhttp 1"), std::string_view("a\\\"b")}) {
    std::smatch match;
    AccessFacts facts = hostile(each);
    facts.target = "10.0.0.1:80";
    const std::string one = alb(facts);
    EXPECT_TRUE(std::regex_match(one, match, form)) << one;
  }
}

TEST(AccessLineTest, json_can_be_read_whatever_is_in_it) {
  const std::string bytes = every_byte(), text = "plain \xC3\xA4 \xF0\x9F\x98\x80";
  for (const std::string_view each : {std::string_view(bytes), std::string_view(text)}) {
    std::string line;
    write_json_line(line, hostile(each));
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    const auto json = Json::parse(line);
    ASSERT_TRUE(json) << line;
    const std::string& agent = (*json)["user_agent"].as_string();
    if (each == text) {
      EXPECT_EQ(agent, text);
    } else {
      EXPECT_EQ(agent.substr(0, 128), bytes.substr(0, 128));
      EXPECT_EQ(agent.substr(128, 3), "\xEF\xBF\xBD");
    }
  }
}

TEST(AccessLineTest, json_takes_only_what_is_utf_8) {
  // Overlong, a surrogate, beyond the last, cut short: RFC 3629.
  for (const std::string_view wrong : {"\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82"}) {
    std::string line;
    AccessFacts facts = example();
    facts.user_agent = wrong;
    write_json_line(line, facts);
    const auto json = Json::parse(line);
    ASSERT_TRUE(json) << line;
    EXPECT_TRUE((*json)["user_agent"].as_string().starts_with("\xEF\xBF\xBD"));
  }
}

TEST(AccessLineTest, json_says_the_same) {
  std::string line;
  AccessFacts facts = example();
  facts.aborted = true;
  facts.retries = 2;
  write_json_line(line, facts);
  const Json json = MUST(Json::parse(line));
  EXPECT_EQ(json["target_status"].as_int(), 201);
  EXPECT_EQ(json["path"].as_string(), "/a?b=c");
  EXPECT_EQ(json["total_seconds"].as_double(), 0.150123);
  EXPECT_EQ(json["aborted"].as_string(), "client");
  EXPECT_EQ(json["retries"].as_int(), 2);
  EXPECT_EQ(json.find("redirect"), nullptr);
}

TEST(AccessLineTest, nlb_has_its_fields_in_order) {
  AccessFacts facts;
  facts.type = "tls";
  facts.time = {1'700'000'005'999};
  facts.created = {1'700'000'003'000};
  facts.listener = "front";
  facts.client = "192.0.2.1:4711";
  facts.host = "198.51.100.1:443";
  facts.total = std::chrono::milliseconds(2999);
  facts.handshake_time = std::chrono::milliseconds(12);
  facts.received = 98;
  facts.sent = 246;
  facts.certificate = "/a b.pem";
  facts.cipher = "TLS_AES_128_GCM_SHA256";
  facts.protocol = "TLSv1.3";
  facts.server_name = "a.test";
  std::string line;
  write_nlb_line(line, facts);
  EXPECT_EQ(line,
            "tls 2.0 2023-11-14T22:13:25 front front 192.0.2.1:4711 198.51.100.1:443 2999 12 98 246 - /a\\x20b.pem - "
            "TLS_AES_128_GCM_SHA256 TLSv1.3 - a.test - - - 2023-11-14T22:13:23\n");
  facts = {
      .type = "tcp", .time = facts.time, .created = facts.created, .listener = "l", .client = "c:1", .host = "h:2"};
  line.clear();
  write_nlb_line(line, facts);
  EXPECT_EQ(line, "tcp 2.0 2023-11-14T22:13:25 l l c:1 h:2 0 - 0 0 - - - - - - - - - - 2023-11-14T22:13:23\n");
}

TEST(AccessLineTest, long_texts_are_cut) {
  AccessFacts facts = example();
  const std::string text(kMaxLogField * 4, 'x');
  facts.user_agent = text;
  EXPECT_LT(alb(facts).size(), kMaxLogField + 1000);
}

}  // namespace
}  // namespace weir::proxy
