#include "route/route_table.h"

#include <gtest/gtest.h>

#include "route/feedback.h"

namespace weir::route {
namespace {

Match everything() {
  return {.hosts = {"a", {Pattern::Kind::suffix, ".b"}},
          .paths = {"/b", {Pattern::Kind::exact, "/*"}, {Pattern::Kind::prefix, "/c/"}},
          .methods = {"GET", "PURGE"},
          .headers = {{"X-A", {"1", "2*"}},
                      {"X-B", {Pattern::range(-1, 10), {Pattern::Kind::regex, "a|b+"}}, true},
                      {"X-C"}},
          .queries = {{{{"k", "v"}, {"", "any"}}}, {{{"l", "*"}}}},
          .sources = {"10.0.0.0/8", "::/0"},
          .grpc = GrpcMatch{"a.B", "C"}};
}

RouteTable example() {
  RouteTable table;
  table.version = 7;
  Pool pool{.id = "blue", .protocol = PoolProtocol::grpc, .algorithm = Algorithm::least_outstanding};
  pool.health = {.protocol = HealthProtocol::grpc,
                 .path = "/grpc.health.v1.Health/Check",
                 .matcher = "0-99",
                 .port = 9,
                 .interval = milliseconds(6000),
                 .timeout = milliseconds(2000),
                 .healthy_threshold = 2,
                 .unhealthy_threshold = 3};
  pool.drain_delay = milliseconds(1000);
  pool.slow_start = milliseconds(30'000);
  pool.stickiness = Stickiness{.cookie = "A", .application_cookie = "B"};
  pool.limits = {.connections = 1, .requests = 2, .pending = 3};
  pool.outlier = OutlierDetection{1, 2, milliseconds(3), milliseconds(4), 5};
  pool.fail_open = {.count = 0, .percent = 50};
  pool.retry_budget_percent = 5;
  pool.envoy_headers = true;
  pool.backends = {{"a", "127.0.0.1", 8080, BackendState::serving}, {"b", "::1", 8081, BackendState::draining, 3}};
  table.pools = {pool, Pool{.id = "green", .tls = PoolTls{.verify = true, .sni = "a.test", .ca = "/ca.pem"}}};
  table.pools.push_back({.id = "bytes", .protocol = PoolProtocol::tcp, .send_proxy_protocol = true});
  table.pools.back().health = {.protocol = HealthProtocol::tcp, .host = "a.test:80"};
  Listener listener{.id = "l", .address = "0.0.0.0", .port = 80, .idle_timeout = milliseconds(30'000)};
  listener.rules = {{"r1", {{"*.example.org"}, {"/a/*"}}, Forward{{{"blue", 90}, {"green", 10}}}},
                    {"r2", {}, FixedResponse{404, "text/plain", "no"}},
                    {"r3", everything(), Redirect{301, "https", "#{host}", "443", "/b/#{path}", "x=1&#{query}"}}};
  Forward forward{{{"blue", 1}}};
  forward.stickiness = Stickiness{.cookie = "C", .duration = milliseconds(5)};
  forward.retry = {static_cast<std::uint32_t>(RetryOn::reset) | static_cast<std::uint32_t>(RetryOn::unavailable), 2,
                   milliseconds(7)};
  forward.timeouts = {.request = milliseconds(8), .idle = milliseconds(9)};
  listener.rules.push_back({"r4", {}, forward});
  listener.proxy_protocol = listener.trace = true;
  listener.forwarded = {.mode = Forwarded::Mode::preserve, .client_port = true};
  listener.max_request_body = 1 << 20;
  listener.access_log = AccessLog{"/access.log", AccessLog::Format::json};
  Listener relay{.id = "t", .port = 99, .protocol = ListenerProtocol::tcp};
  relay.access_log = AccessLog{"/flows.log", AccessLog::Format::nlb};
  relay.rules = {{"r", {.sources = {"10.0.0.0/8"}}, Forward{{{"bytes", 1}}, {}, {}, {.idle = milliseconds(4)}}}};
  Listener secure{.id = "s", .port = 443, .protocol = ListenerProtocol::https};
  secure.tls = ListenerTls{.certificates = {{"/a.pem", "/a.key"}, {"/b.pem", "/b.key"}},
                           .client_certificates = ClientCertificates::require,
                           .client_ca = "/ca.pem",
                           .client_names = {"a.test", "spiffe://a"},
                           .as_envoy = true,
                           .permissive = true,
                           .http1_first = true};
  Listener gate{.id = "g", .port = 81};
  gate.pool_limits = PoolLimits{.connections = 1, .requests = 2, .pending = 0};
  gate.rules = {{"a", {}, Enter{"s", "127.72.0.7"}, Rewrite{.path = "/", .prefix = "/a", .host = "b"}},
                {"b", {}, Forward{{{"blue", 1}}}, Rewrite{.path = "/c"}}};
  table.listeners = {listener, secure, relay, gate};
  return table;
}

TEST(RouteTableTest, comes_back_from_its_text_as_it_was) {
  const RouteTable table = example();
  const Json json = MUST(Json::parse(to_json(table).dump()));
  const auto back = table_from_json(json);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, table);
}

TEST(RouteTableTest, fills_what_may_be_left_out) {
  const Json json = MUST(Json::parse(R"({"version":1,"pools":[{"id":"p","backends":[]}]})"));
  const auto table = table_from_json(json);
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->pools[0], Pool{.id = "p"});
}

TEST(RouteTableTest, how_many_may_wait_is_told_apart_from_nobody) {
  const auto pending = [](const char* limits) {
    const std::string text = std::string(R"({"version":1,"pools":[{"id":"p","limits":)") + limits + "}]}";
    const RouteTable table = MUST(table_from_json(MUST(Json::parse(text))));
    const RouteTable again = MUST(table_from_json(MUST(Json::parse(to_json(table).dump()))));
    EXPECT_EQ(again, table);
    return again.pools[0].limits.pending;
  };
  EXPECT_EQ(pending(R"({"requests":1})"), std::nullopt);
  EXPECT_EQ(pending(R"({"requests":1,"pending":0})"), 0u);
  EXPECT_EQ(pending(R"({"pending":7})"), 7u);
}

TEST(RouteTableTest, the_log_of_bytes_is_that_of_nlb_where_nothing_else_is_said) {
  const char* text = R"({"version":1,"listeners":[
      {"id":"a","address":"::1","port":1,"protocol":"tcp","access_log":{"path":"/a"}},
      {"id":"b","address":"::1","port":2,"access_log":{"path":"/a"}}]})";
  const RouteTable table = MUST(table_from_json(MUST(Json::parse(text))));
  EXPECT_EQ(table.listeners[0].access_log->format, AccessLog::Format::nlb);
  EXPECT_EQ(table.listeners[1].access_log->format, AccessLog::Format::alb);
}

TEST(RouteTableTest, refuses_what_is_wrong_and_names_the_member) {
  struct Row {
    const char* text;
    const char* message;
  };
  const Row rows[] = {
      {R"([])", "(top): is not an object"},
      {R"({})", "version: a number is missing"},
      {R"({"version":-1})", "version: -1 is not within 0 to 9223372036854775807"},
      {R"({"version":1,"nonsense":1})", "nonsense: is not known"},
      {R"({"version":1,"pools":{}})", "pools: is not an array"},
      {R"({"version":1,"pools":[{"id":"a"},{"id":"a"}]})", "pools[1].id: 'a' repeats"},
      {R"({"version":1,"pools":[{"id":"a","protocol":"http3"}]})",
       "pools[0].protocol: is none of: http1, http2, grpc, tcp"},
      {R"({"version":1,"pools":[{"id":"a","backends":[{"id":"x","address":"localhost","port":1}]}]})",
       "pools[0].backends[0].address: 'localhost' is no IPv4 or IPv6 address"},
      {R"({"version":1,"pools":[{"id":"a","backends":[{"id":"x","address":"::1","port":0}]}]})",
       "pools[0].backends[0].port: 0 is not within 1 to 65535"},
      {R"({"version":1,"pools":[{"id":"a","health":{"interval_ms":0}}]})",
       "pools[0].health.interval_ms: 0 is not within 1 to 604800000"},
      {R"({"version":1,"pools":[{"id":"a","refusal":"no\nmore"}]})",
       "pools[0].refusal: has what a header field cannot hold"},
      {R"({"version":1,"pools":[{"id":"a","health":{"serving":true}}]})",
       "pools[0].health.serving: is of checks by gRPC only"},
      {R"({"version":1,"listeners":[{"id":"l","address":"::1","port":1,"protocol":"https"}]})",
       "listeners[0].tls: belongs to the protocols https and tls"},
      {R"({"version":1,"listeners":[{"id":"l","address":"::1","port":1,"tls":{"certificates":[
           {"certificate":"/a","key":"/b"}]}}]})",
       "listeners[0].tls: belongs to the protocols https and tls"},
      {R"({"version":1,"listeners":[{"id":"l","address":"::1","port":1,"protocol":"https","tls":{}}]})",
       "listeners[0].tls.certificates: is empty"},
      {R"({"version":1,"listeners":[{"id":"l","address":"::1","port":1,"protocol":"https","tls":{"certificates":[
           {"certificate":"/a","key":"/b"}],"client_certificates":"require"}}]})",
       "listeners[0].tls.client_ca: belongs to client_certificates 'require' and 'verify', and only there"},
      {R"({"version":1,"listeners":[{"id":"l","address":"::1","port":1,"protocol":"https","tls":{"certificates":[
          {"certificate":"/a","key":"/b"}],"client_names":["a"]}}]})",
       "listeners[0].tls.client_names: are of no use without client_ca"},
      {R"({"version":1,"listeners":[{"id":"l","address":"::1","port":1,"protocol":"tls","tls":{"certificates":[
          {"certificate":"/a","key":"/b"}],"permissive":true}}]})",
       "listeners[0].tls: may be permissive where the protocol is https"},
      {R"({"version":1,"pools":[{"id":"p","tls":{"ca":"/a"}}]})", "pools[0].tls.ca: is of no use without verify"},
      {R"({"version":1,"listeners":[{"id":"l","address":"::1","port":1,"rules":[{"id":"r","action":{}}]}]})",
       "listeners[0].rules[0].action: is not exactly one of: forward, fixed_response, redirect, enter"},
      {R"({"version":1,"listeners":[{"id":"l","address":"::1","port":1,
           "rules":[{"id":"r","action":{"forward":[{"pool":"p"}]}}]}]})",
       "listeners[0].rules[0].action.forward[0].pool: there is no pool 'p'"},
      {R"({"version":1,"listeners":[{"id":"l","address":"::1","port":1,
           "rules":[{"id":"r","action":{"fixed_response":{"status":99}}}]}]})",
       "listeners[0].rules[0].action.fixed_response.status: 99 is not within 200 to 599"},
      {R"({"version":1,"listeners":[{"id":"l","address":"::1","port":1,
           "rules":[{"id":"r","match":{"headers":[{"name":"","values":["a"]}]}}]}]})",
       "listeners[0].rules[0].match.headers[0].name: is empty"},
      {R"({"version":1,"listeners":[{"id":"l","address":"::1","port":1,
           "rules":[{"id":"r","match":{"queries":[{"any":[]}]}}]}]})",
       "listeners[0].rules[0].match.queries[0].any: is empty"},
      {R"({"version":1,"listeners":[{"id":"l","address":"::1","port":1,
           "rules":[{"id":"r","match":{"queries":[{"any":[{"key":"a"}]}]}}]}]})",
       "listeners[0].rules[0].match.queries[0].any[0].value: is not an object"},
      {R"({"version":1,"listeners":[{"id":"l","address":"::1","port":1,
           "rules":[{"id":"r","match":{"sources":["10.0.0.1"]}}]}]})",
       "listeners[0].rules[0].match.sources: '10.0.0.1' is no range of IP addresses"},
      {R"({"version":1,"listeners":[{"id":"l","address":"::1","port":1,
           "rules":[{"id":"r","match":{"cookies":[]}}]}]})",
       "listeners[0].rules[0].match.cookies: is not known"},
      {R"({"version":1,"listeners":[{"id":"l","address":"::1","port":1,
           "rules":[{"id":"r","action":{"redirect":{"status":307}}}]}]})",
       "listeners[0].rules[0].action.redirect.status: 307 is not within 301 to 302"},
      {R"({"version":1,"listeners":[{"id":"l","address":"::1","port":1,
           "rules":[{"id":"r","action":{"redirect":{"protocol":"ftp"}}}]}]})",
       "listeners[0].rules[0].action.redirect.protocol: is none of: #{protocol}, http, https"},
      {R"({"version":1,"listeners":[{"id":"l","address":"::1","port":1,
           "rules":[{"id":"r","action":{"redirect":{"path":"a"}}}]}]})",
       "listeners[0].rules[0].action.redirect.path: does not begin with a slash"},
      {R"({"version":1,"listeners":[{"id":"l","address":"::1","port":1,
           "rules":[{"id":"r","match":{"paths":[{"regex":"("}]}}]}]})",
       "listeners[0].rules[0].match.paths[0].regex: is no regular expression: missing ): ("},
      {R"({"version":1,"listeners":[{"id":"l","address":"::1","port":1,
           "rules":[{"id":"r","match":{"paths":[{"exact":"a","prefix":"b"}]}}]}]})",
       "listeners[0].rules[0].match.paths[0]: is not exactly one of: wildcard, exact, prefix, suffix, regex, range"},
      {R"({"version":1,"listeners":[{"id":"l","address":"::1","port":1,
           "rules":[{"id":"r","match":{"headers":[{"name":"a","values":[{"range":[2,2]}]}]}}]}]})",
       "listeners[0].rules[0].match.headers[0].values[0].range: is an empty range"},
      {R"({"version":1,"listeners":[{"id":"l","address":"::1","port":1,
           "rules":[{"id":"r","match":{"grpc":{"method":"M"}}}]}]})",
       "listeners[0].rules[0].match.grpc.method: needs its service"},
      {R"({"version":1,"pools":[{"id":"p"}],"listeners":[{"id":"l","address":"::1","port":1,"protocol":"tcp",
           "rules":[{"id":"r","action":{"forward":[{"pool":"p"}]}}]}]})",
       "listeners[0].rules[0].action: the pool 'p' is not of the protocol tcp"},
      {R"({"version":1,"pools":[{"id":"p","protocol":"tcp"}],"listeners":[{"id":"l","address":"::1","port":1,
           "rules":[{"id":"r","action":{"forward":[{"pool":"p"}]}}]}]})",
       "listeners[0].rules[0].action: the pool 'p' is of the protocol tcp"},
      {R"({"version":1,"pools":[{"id":"p","protocol":"tcp"}],"listeners":[{"id":"l","address":"::1","port":1,
           "protocol":"tcp","rules":[{"id":"r","match":{"paths":["/"]},"action":{"forward":[{"pool":"p"}]}}]}]})",
       "listeners[0].rules[0].match: looks at more than sources, on a listener that does not speak HTTP"},
      {R"({"version":1,"pools":[{"id":"p"}],"listeners":[{"id":"l","address":"::1","port":1,
           "rules":[{"id":"r","action":{"forward":{"pools":[{"pool":"p"}],"retry":{"on":["rain"]}}}}]}]})",
       "listeners[0].rules[0].action.forward.retry.on: 'rain' is not known"},
      {R"({"version":1,"listeners":[{"id":"l","address":"::1","port":1,"protocol":"tcp","trace":true}]})",
       "listeners[0].trace: is of no use on a listener that does not speak HTTP"},
      {R"({"version":1,"listeners":[{"id":"l","address":"::1","port":1,"protocol":"tcp","max_request_body":9}]})",
       "listeners[0].max_request_body: is of no use on a listener that does not speak HTTP"},
      {R"({"version":1,"listeners":[{"id":"l","address":"::1","port":1,"protocol":"tcp",
           "forwarded":{"client_port":true}}]})",
       "listeners[0].forwarded: is of no use on a listener that does not speak HTTP"},
      {R"({"version":1,"listeners":[{"id":"l","address":"::1","port":1,"protocol":"tcp",
           "access_log":{"path":"/a","format":"alb"}}]})",
       "listeners[0].access_log.format: 'alb' tells of requests: of a listener of bytes there are 'nlb' and 'json'"},
      {R"({"version":1,"listeners":[{"id":"l","address":"::1","port":1,"access_log":{"path":"/a","format":"nlb"}}]})",
       "listeners[0].access_log.format: 'nlb' tells of bytes: of a listener that speaks HTTP there are 'alb' and "
       "'json'"},
      {R"({"version":1,"listeners":[{"id":"l","address":"::1","port":1,
          "rules":[{"id":"r","rewrite":{"path":"/"},"action":{"fixed_response":{}}}]}]})",
       "listeners[0].rules[0].rewrite: belongs to what is forwarded, or enters another listener, as HTTP"},
      {R"({"version":1,"listeners":[{"id":"l","address":"::1","port":1,
          "rules":[{"id":"r","rewrite":{"path":"a"},"action":{"forward":[]}}]}]})",
       "listeners[0].rules[0].rewrite.path: does not begin with a slash"},
      {R"({"version":1,"listeners":[{"id":"l","address":"::1","port":1,
          "rules":[{"id":"r","rewrite":{"host":"a b"},"action":{"forward":[]}}]}]})",
       "listeners[0].rules[0].rewrite.host: has a character that does not belong there"},
      {R"({"version":1,"listeners":[{"id":"l","address":"::1","port":1,
          "rules":[{"id":"r","rewrite":{"prefix":"/a"},"action":{"forward":[]}}]}]})",
       "listeners[0].rules[0].rewrite.prefix: needs a path that comes in its place"},
      {R"({"version":1,"listeners":[{"id":"l","address":"::1","port":1,
          "rules":[{"id":"r","action":{"enter":"m"}}]}]})",
       "listener 'l', rule 'r': there is no listener 'm'"},
      {R"({"version":1,"listeners":[{"id":"l","address":"::1","port":1,
          "rules":[{"id":"r","action":{"enter":"l"}}]}]})",
       "listener 'l', rule 'r': the listener 'l' enters another itself"},
      {R"({"version":1,"listeners":[{"id":"l","address":"::1","port":1,"rules":[{"id":"r","action":{"enter":"t"}}]},
                                    {"id":"t","address":"::1","port":2,"protocol":"tcp"}]})",
       "listener 'l', rule 'r': the listener 't' does not speak HTTP"},
      {R"({"version":1,"pools":[{"id":"p","limits":{"pending":-1}}]})",
       "pools[0].limits.pending: -1 is not within 0 to 1000000"},
      {R"({"version":1,"pools":[{"id":"p","stickiness":{"cookie":"a b"}}]})",
       "pools[0].stickiness.cookie: is no name of a cookie"},
      {R"({"version":1,"pools":[{"id":"p","send_proxy_protocol":true}]})",
       "pools[0].send_proxy_protocol: belongs to the protocol tcp"},
      {R"({"version":1,"listeners":[{"id":"l","address":"::1","port":1,
           "rules":[{"id":"r","action":{"redirect":{"query":"a b"}}}]}]})",
       "listeners[0].rules[0].action.redirect.query: has a space or a control character"},
  };
  for (const Row& row : rows) {
    const Json json = MUST(Json::parse(row.text));
    const auto table = table_from_json(json);
    ASSERT_FALSE(table) << row.text;
    EXPECT_EQ(table.error().code, "RouteTable");
    EXPECT_EQ(table.error().message, row.message);
  }
}

// Every count another number, and times of every magnitude.
Counters counted(std::uint64_t first) {
  Counters counters;
  for (std::uint64_t& count : counters.counts) count = first++;
  for (std::uint64_t micros = first; micros < Histogram::kLargest; micros *= 7) counters.duration.record(micros);
  counters.response_time.record(first);
  return counters;
}

TEST(FeedbackTest, comes_back_from_its_text_as_it_was) {
  Feedback feedback;
  feedback.acknowledged = 9;
  feedback.backends = {{"p", "b", Health::unhealthy, "Timeout", "Request timed out", 3, 17}, {"p", "c"}};
  feedback.listeners = {{"l", true, ""}, {"m", false, "Address already in use"}};
  feedback.listener_counters = {{"l", counted(3)}};
  feedback.pools = {{"p", counted(1000)}, {"idle", {}}};
  const Json json = MUST(Json::parse(text_of(feedback)));
  const auto back = feedback_from_json(json);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, feedback);
}

TEST(FeedbackTest, what_is_not_counted_is_not_written) {
  Feedback feedback;
  feedback.pools = {{"idle", {}}};
  feedback.listeners = {{"l", true, ""}};
  EXPECT_EQ(
      text_of(feedback),
      R"({"acknowledged":0,"backends":[],"listeners":[{"listener":"l","listening":true}],"pools":[{"pool":"idle","requests":0}],"listener_counters":[]})");
}

TEST(FeedbackTest, refuses_buckets_that_a_histogram_does_not_have) {
  for (const char* buckets : {"[896,1]", "[-1,1]", "[3,-1]", "[\"a\",1]"}) {
    const std::string text =
        std::string(R"({"acknowledged": 1, "pools": [{"pool": "p", "duration_us": {"buckets": )") + buckets + "}}]}";
    const auto feedback = feedback_from_json(MUST(Json::parse(text)));
    ASSERT_FALSE(feedback) << text;
    EXPECT_EQ(feedback.error().message, "pools[0].duration_us.buckets: is not an array of buckets and counts in turn");
  }
}

TEST(FeedbackTest, refuses_an_unknown_word) {
  const Json json = MUST(Json::parse(R"({"acknowledged":1,"backends":[{"pool":"p","backend":"b","health":"ill"}]})"));
  const auto feedback = feedback_from_json(json);
  ASSERT_FALSE(feedback);
  EXPECT_EQ(feedback.error().message, "backends[0].health: is none of: unknown, healthy, unhealthy");
}

}  // namespace
}  // namespace weir::route
