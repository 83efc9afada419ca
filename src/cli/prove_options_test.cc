#include "cli/prove_options.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/check.h"
#include "cli/prove_account.h"

namespace weir::cli {
namespace {

using std::chrono::milliseconds;

TEST(ProveAccount, tells_what_was_before_a_mark_and_after_it) {
  using std::chrono::seconds;
  ProveAccount account;
  const Instant start{seconds(1000)};
  account.begin(start, {.millis = 1'700'000'000'000}, seconds(5));
  for (int i = 0; i < 300; ++i) {
    const Instant now = start + i * milliseconds(100);
    if (i == 100) account.mark("deploy", now);
    const bool slow = i >= 100 && i < 150;
    account.started(ProveProtocol::h1);
    account.finished(ProveProtocol::h1, {.cause = i == 120 ? "reset" : ""}, milliseconds(slow ? 80 : 10), now);
  }
  const Json json = account.json(seconds(30));
  const Json& mark = json["marks"].items().at(0);
  EXPECT_EQ(mark["name"].as_string(), "deploy");
  EXPECT_EQ(mark["seconds"].as_double(), 10);
  EXPECT_EQ(mark["at"].as_string(), "2023-11-14T22:13:30.000Z");
  const auto row = [&](const char* when) {
    const Json& tally = mark[when];
    return std::to_string(tally["ok"].as_int()) + " " + std::to_string(tally["failed"].as_int()) + " " +
           std::to_string(std::lround(tally["latency_ms"]["p99"].as_double()));
  };
  EXPECT_EQ(row("before"), "49 0 10") << "to a twentieth of the window";
  EXPECT_EQ(row("during"), "49 1 81");
  EXPECT_EQ(row("after"), "50 0 10");
  EXPECT_EQ(
      json["failures"].dump(),
      R"([{"protocol":"h1","cause":"reset","intended":"2023-11-14T22:13:31.920Z","at":"2023-11-14T22:13:32.000Z"}])");
  EXPECT_NE(account.table(seconds(30)).find("at 10.0 s: deploy"), std::string::npos);
}

TEST(ProveOptions, each_protocol_has_what_is_its_own) {
  const std::vector<std::string> words = {
      "http://h/p",    "-p",     "h1,grpc,grpc-stream,ws", "--data",  "body",      "--name", "n",
      "--grpc-method", "/S/One", "--grpc-stream",          "/S/Many", "--ws-path", "/ws"};
  const ProveOptions options = MUST(parse_prove_options(words));
  ASSERT_EQ(options.loads.size(), 4u);
  const auto row = [&](int i) {
    return options.loads[i].method + " " + options.loads[i].target + " " + options.loads[i].body;
  };
  EXPECT_EQ(row(0), "POST /p body");
  EXPECT_EQ(row(1), std::string("POST /S/One ") + std::string("\0\0\0\0\3", 5) + "\x0a\1n");
  EXPECT_EQ(row(2), std::string("POST /S/Many ") + std::string("\0\0\0\0\3", 5) + "\x0a\1n");
  EXPECT_EQ(row(3), "GET /ws body");
}

TEST(ProveOptions, refuses_what_makes_no_sense) {
  const std::vector<std::vector<std::string>> rows = {
      {},
      {"https://x/"},
      {"x"},
      {"http:///"},
      {"http://x:0/"},
      {"http://x:99999/"},
      {"http://x/ a"},
      {"http://x/", "--rate", "0"},
      {"http://x/", "--rate", "many"},
      {"http://x/", "--duration", "3 weeks"},
      {"http://x/", "--duration", "-1s"},
      {"http://x/", "--protocol", "h3"},
      {"http://x/", "--protocol", "grpc"},
      {"http://x/", "--header", "nonsense"},
      {"http://x/", "--version-pattern", "(["},
      {"http://x/", "--version-pattern", "nogroup"},
      {"http://x/", "--data", "a", "--name", "b"},
      {"http://x/", "--grpc-message-hex", "0g"},
      {"http://x/", "--data-file", "/nonexistent/file"},
      {"http://x/", "--bogus"},
      {"http://x/", "--name", "a"},
      {"http://x/", "--ws-path", "/a"},
      {"http://x/", "--protocol", "h1,h1"},
      {"http://x/", "--protocol", "h1,"},
      {"http://x/", "--protocol", "grpc-stream"},
      {"http://x/", "--protocol", "ws", "--ws-path", "ws"},
      {"http://x/", "--messages", "0"},
      {"http://x/", "--data", "a", "--data-size", "5"},
      {"http://x/", "--data-size", "0"},
      {"http://x/", "--expect-pattern", "(["},
      {"http://x/", "--mark", "soon"},
      {"http://x/", "--mark", "1s,,2s"},
  };
  for (const auto& words : rows) EXPECT_FALSE(parse_prove_options(words)) << testing::PrintToString(words);
}

TEST(ProveOptions, reads_urls_and_json_with_or_without_a_file) {
  const std::vector<std::string> words = {"--json", "http://[::1]:81?q", "-H", "A: b", "-H", "c:d", "-d", "2m"};
  const auto options = parse_prove_options(words);
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->host, "::1");
  EXPECT_EQ(options->port, 81);
  EXPECT_EQ(options->loads[0].target, "/?q");
  EXPECT_EQ(options->json, "-");
  EXPECT_EQ(options->loads[0].headers.size(), 2u);
  EXPECT_EQ(options->duration, std::chrono::minutes(2));
  EXPECT_EQ(MUST(parse_prove_options(std::vector<std::string>{"http://x/", "--json", "f"})).json, "f");
  EXPECT_EQ(MUST(parse_prove_options(std::vector<std::string>{"http://x/", "--json", "--quiet"})).json, "-");
}

}  // namespace
}  // namespace weir::cli
