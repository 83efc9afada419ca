#include "proxy/matcher.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir::proxy {
namespace {

TEST(MatcherTest, the_host_of_an_authority_is_without_its_port) {
  EXPECT_EQ(host_of("[::1]:80"), "[::1]");
  EXPECT_EQ(host_of("plain"), "plain");
  EXPECT_EQ(host_of("api.EXAMPLE.ORG:8080"), "api.EXAMPLE.ORG");
}

TEST(MatcherTest, every_condition_has_to_hold_and_any_value_of_it) {
  http::HeaderBlock fields;
  fields.add("User-Agent", "curl/7.88");
  fields.add("X-Team", "red");
  fields.add("X-Team", "Blue");
  const RequestTraits request{.host = "api.EXAMPLE.ORG",
                              .path = "/x/1",
                              .query = "a=1&b=&flag&c=x=y",
                              .method = "POST",
                              .source = "192.0.2.7",
                              .fields = &fields};
  struct Row {
    route::Match match;
    bool takes;
  };
  const Row rows[] = {
      {{}, true},
      {{.hosts = {"*.Example.org"}}, true},
      {{.hosts = {"example.org"}}, false},
      {{.hosts = {"example.org", "api.example.org"}}, true},
      {{.hosts = {"*.Example.org"}, .paths = {"/x/*"}}, true},
      {{.hosts = {"*.Example.org"}, .paths = {"/X/*"}}, false},
      {{.paths = {"/y", "/x/1"}}, true},
      {{.methods = {"GET", "POST"}}, true},
      {{.methods = {"post"}}, false},
      {{.headers = {{"user-agent", {"CURL/*"}}}}, true},
      {{.headers = {{"user-agent", {"wget*", "*7.88"}}}}, true},
      {{.headers = {{"user-agent", {"wget*"}}}}, false},
      {{.headers = {{"x-team", {"blue"}}}}, true},
      {{.headers = {{"x-team", {"blue"}}, {"x-none", {"*"}}}}, false},
      {{.headers = {{"x-team", {"blue"}}, {"X-TEAM", {"red"}}}}, true},
      {{.queries = {{{{"a", "1"}}}}}, true},
      {{.queries = {{{{"A", "?"}}}}}, true},
      {{.queries = {{{{"a", "2"}, {"b", ""}}}}}, true},
      {{.queries = {{{{"flag", ""}}}}}, true},
      {{.queries = {{{{"c", "X=Y"}}}}}, true},
      {{.queries = {{{{"", "x=*"}}}}}, true},
      {{.queries = {{{{"", "z"}}}}}, false},
      {{.queries = {{{{"a", "1"}}}, {{{"d", "*"}}}}}, false},
      {{.sources = {"10.0.0.0/8", "192.0.2.0/24"}}, true},
      {{.sources = {"10.0.0.0/8", "::/0"}}, false},
  };
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    EXPECT_EQ(CompiledMatch(rows[i].match).takes(request), rows[i].takes) << "row " << i;
  }
  EXPECT_FALSE(CompiledMatch({.queries = {{{{"", "*"}}}}}).takes({.host = "h", .path = "/"}));
}

using Kind = route::Pattern::Kind;

bool takes(const route::Match& match, const RequestTraits& request) { return CompiledMatch(match).takes(request); }

TEST(MatcherTest, each_kind_of_pattern_looks_at_a_path_in_its_own_way) {
  struct Row {
    route::Pattern pattern;
    const char* path;
    bool takes;
  };
  const Row rows[] = {
      {"/a*", "/ab", true},
      {{Kind::exact, "/a*"}, "/a*", true},
      {{Kind::exact, "/a*"}, "/ab", false},
      {{Kind::exact, "/a"}, "/A", false},
      {{Kind::exact, "/a"}, "/a/", false},
      {{Kind::prefix, "/a?"}, "/a?b", true},
      {{Kind::prefix, "/a"}, "/a", true},
      {{Kind::prefix, "/a"}, "/ab", true},
      {{Kind::prefix, "/ab"}, "/a", false},
      {{Kind::prefix, ""}, "/", true},
      {{Kind::suffix, ".png"}, "/x.png", true},
      {{Kind::suffix, ".png"}, ".png", true},
      {{Kind::suffix, ".png"}, "png", false},
      {{Kind::suffix, ".png"}, "/x.PNG", false},
      {{Kind::regex, "/v[0-9]+"}, "/v12", true},
      {{Kind::regex, "/v[0-9]+"}, "/v12/", false},
      {{Kind::regex, "/v[0-9]+"}, "x/v1", false},
      {{Kind::regex, "(?i)/V1"}, "/v1", true},
      {{Kind::regex, "["}, "[", false},
      {route::Pattern::range(1, 10), "1", true},
      {route::Pattern::range(1, 10), "9", true},
      {route::Pattern::range(1, 10), "10", false},
      {route::Pattern::range(1, 10), "0", false},
      {route::Pattern::range(1, 10), "", false},
      {route::Pattern::range(1, 10), " 5", false},
      {route::Pattern::range(1, 10), "5x", false},
      {route::Pattern::range(1, 10), "5.0", false},
      {route::Pattern::range(-5, 0), "-5", true},
      {route::Pattern::range(-5, 0), "-0", false},
      {route::Pattern::range(1, 10), "99999999999999999999", false},
  };
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    EXPECT_EQ(takes({.paths = {rows[i].pattern}}, {.host = "h", .path = rows[i].path}), rows[i].takes) << "row " << i;
  }
}

TEST(MatcherTest, hosts_ignore_case_whatever_the_kind_but_for_regular_expressions) {
  const auto at = [](const char* host) { return RequestTraits{.host = host, .path = "/"}; };
  EXPECT_TRUE(takes({.hosts = {{Kind::exact, "API.example"}}}, at("api.EXAMPLE")));
  EXPECT_TRUE(takes({.hosts = {{Kind::prefix, "API."}}}, at("api.example")));
  EXPECT_TRUE(takes({.hosts = {{Kind::suffix, ".Example"}}}, at("api.eXAMPLE")));
  EXPECT_FALSE(takes({.hosts = {{Kind::suffix, ".example"}}}, at("example")));
  EXPECT_TRUE(takes({.hosts = {{Kind::regex, "a.*"}}}, at("api")));
  EXPECT_FALSE(takes({.hosts = {{Kind::regex, "a.*"}}}, at("API")));
}

TEST(MatcherTest, a_header_is_there_or_has_a_value_or_has_it_not) {
  http::HeaderBlock fields;
  fields.add("X-Version", "v2-beta");
  fields.add("X-Version", "v3");
  fields.add("X-Count", "7");
  fields.add("X-Empty", "");
  fields.add("User-Agent", "curl");
  const RequestTraits request{.host = "h", .path = "/", .fields = &fields};
  struct Row {
    route::HeaderMatch header;
    bool takes;
  };
  const Row rows[] = {
      {{.name = "x-version"}, true},
      {{.name = "x-empty"}, true},
      {{.name = "x-none"}, false},
      {{.name = "user-agent"}, true},
      {{.name = "accept"}, false},
      {{.name = "x-none", .invert = true}, true},
      {{.name = "x-version", .invert = true}, false},
      {{.name = "accept", .invert = true}, true},
      {{.name = "X-VERSION", .values = {{Kind::exact, "v3"}}}, true},
      {{.name = "x-version", .values = {{Kind::exact, "V3"}}}, false},
      {{.name = "x-version", .values = {"V3"}}, true},
      {{.name = "x-version", .values = {{Kind::prefix, "v2"}}}, true},
      {{.name = "x-version", .values = {{Kind::suffix, "beta"}}}, true},
      {{.name = "x-version", .values = {{Kind::regex, "v[0-9]"}}}, true},
      {{.name = "x-version", .values = {{Kind::regex, "v"}}}, false},
      {{.name = "x-version", .values = {{Kind::exact, "v1"}, {Kind::exact, "v3"}}}, true},
      {{.name = "x-version", .values = {{Kind::exact, "v3"}}, .invert = true}, false},
      {{.name = "x-version", .values = {{Kind::exact, "v4"}}, .invert = true}, true},
      {{.name = "x-none", .values = {{Kind::exact, "v4"}}, .invert = true}, true},
      {{.name = "x-count", .values = {route::Pattern::range(0, 8)}}, true},
      {{.name = "x-count", .values = {route::Pattern::range(0, 7)}}, false},
      {{.name = "x-count", .values = {route::Pattern::range(0, 7)}, .invert = true}, true},
  };
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    EXPECT_EQ(takes({.headers = {rows[i].header}}, request), rows[i].takes) << "row " << i;
  }
  const RequestTraits bare{.host = "h", .path = "/"};
  EXPECT_FALSE(takes({.headers = {{.name = "x"}}}, bare));
  EXPECT_TRUE(takes({.headers = {{.name = "x", .invert = true}}}, bare));
}

TEST(MatcherTest, a_query_has_a_pair_of_any_kind) {
  const RequestTraits request{.host = "h", .path = "/", .query = "n=12&word=Blue"};
  EXPECT_TRUE(takes({.queries = {{{{"n", route::Pattern::range(12, 13)}}}}}, request));
  EXPECT_FALSE(takes({.queries = {{{{"n", route::Pattern::range(0, 12)}}}}}, request));
  EXPECT_TRUE(takes({.queries = {{{{"word", {Kind::regex, "B.*"}}}}}}, request));
  EXPECT_FALSE(takes({.queries = {{{{"word", {Kind::exact, "blue"}}}}}}, request));
  EXPECT_TRUE(takes({.queries = {{{{"word", "blue"}}}}}, request));
}

TEST(MatcherTest, a_grpc_call_is_known_by_its_content_type_and_path) {
  struct Row {
    const char* type;
    const char* path;
    route::GrpcMatch grpc;
    bool takes;
  };
  const char* const call = "application/grpc";
  const Row rows[] = {
      {call, "/s.S/M", {}, true},
      {"application/grpc+proto", "/s.S/M", {"s.S", "M"}, true},
      {"application/grpc;charset=x", "/s.S/M", {"s.S", "M"}, true},
      {"application/grpc-web", "/s.S/M", {}, false},
      {"application/grpcx", "/s.S/M", {}, false},
      {"application/json", "/s.S/M", {"s.S", "M"}, false},
      {"", "/s.S/M", {}, false},
      {call, "/s.S/M", {"s.S", ""}, true},
      {call, "/s.S2/M", {"s.S", ""}, false},
      {call, "/s.S", {"s.S", ""}, false},
      {call, "/s.S/", {"s.S", "M"}, false},
      {call, "/s.S/N", {"s.S", "M"}, false},
      {call, "/s.S/M/", {"s.S", "M"}, false},
      {call, "s.S/M", {"s.S", "M"}, false},
      {call, "", {"s.S", ""}, false},
  };
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    http::HeaderBlock fields;
    if (*rows[i].type != 0) fields.add("content-type", rows[i].type);
    const RequestTraits request{.host = "h", .path = rows[i].path, .method = "POST", .fields = &fields};
    EXPECT_EQ(takes({.grpc = rows[i].grpc}, request), rows[i].takes) << "row " << i;
  }
  EXPECT_FALSE(takes({.grpc = route::GrpcMatch{}}, {.host = "h", .path = "/s.S/M"}));
}

// The place of the first match by asking every rule.
std::optional<std::size_t> asked_one_by_one(const std::vector<route::Match>& rules, const RequestTraits& request) {
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (CompiledMatch(rules[i]).takes(request)) return i;
  }
  return std::nullopt;
}

RuleIndex index_of(const std::vector<route::Match>& rules) {
  std::vector<const route::Match*> borrowed;
  for (const auto& rule : rules) borrowed.push_back(&rule);
  RuleIndex index;
  index.build(borrowed);
  return index;
}

TEST(RuleIndexTest, finds_what_asking_every_rule_finds) {
  const char* hosts[] = {"a.example", "A.EXAMPLE", "b.example", "*.example", "", "?.example"};
  const std::string longest(80, 'x');
  const std::string paths[] = {"/", "/a", "/a/*", "/a/b", "*", "/a?b", "", "/" + longest, "/" + longest + "*", "*b"};
  std::uint64_t state = 1;
  const auto drawn = [&](std::size_t below) {
    return ((state = state * 6364136223846793005ULL + 1442695040888963407ULL) >> 33) % below;
  };
  for (int round = 0; round < 200; ++round) {
    std::vector<route::Match> rules(drawn(12));
    for (auto& rule : rules) {
      for (auto left = drawn(3); left > 0; --left) rule.hosts.emplace_back(hosts[drawn(6)]);
      for (auto left = drawn(3); left > 0; --left) {
        rule.paths.emplace_back(static_cast<Kind>(drawn(5)), paths[drawn(10)]);  // range has no text
      }
      if (drawn(4) == 0) rule.methods = {"PUT"};
      std::erase(rule.hosts, "");
    }
    const RuleIndex index = index_of(rules);
    for (const char* host : {"a.example", "B.example", "c", ""}) {
      for (const std::string& path : {std::string(""), std::string("/"), std::string("/a"), std::string("/a/b"),
                                      std::string("/a/c/b"), "/" + longest, "/" + longest + "y"}) {
        for (const char* method : {"GET", "PUT"}) {
          const RequestTraits request{.host = host, .path = path, .method = method};
          EXPECT_EQ(index.find(request), asked_one_by_one(rules, request)) << round << " " << host << path << method;
        }
      }
    }
  }
}

}  // namespace
}  // namespace weir::proxy
