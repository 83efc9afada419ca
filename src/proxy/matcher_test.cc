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
      for (auto left = drawn(3); left > 0; --left) rule.paths.push_back(paths[drawn(10)]);
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
