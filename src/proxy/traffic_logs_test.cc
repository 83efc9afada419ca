#include "proxy/traffic_logs.h"

#include <gtest/gtest.h>

namespace weir::proxy {
namespace {

struct Line {
  Line() {
    request.set_method("GET");
    request.set_target("/hello?a=b");
    request.set_authority("server.mesh.local:8080");
    request.fields.add("x-one", "said\tso");
    response.fields.add("x-envoy-upstream-service-time", "7");
    facts.created = {1'700'000'000'123};
    facts.client = "169.254.172.8:40000";
    facts.target = "169.254.172.9:8080";
    facts.place = "127.72.0.3:8080";
    facts.request_time = std::chrono::milliseconds(2);
    facts.target_time = std::chrono::milliseconds(7);
    facts.total = std::chrono::milliseconds(12);
    facts.status = 200;
    facts.body_received = 3;
    facts.body_sent = 44;
    facts.method = "GET";
    facts.path = "/hello?a=b";
    facts.version = "HTTP/2.0";
    facts.action = "forward";
    facts.request = &request;
    facts.response = &response;
  }
  std::string of(std::string_view format) const {
    std::string line;
    write_formatted(line, MUST(parse_log_format(format)), facts);
    return line;
  }
  http::RequestHead request;
  http::ResponseHead response;
  AccessFacts facts;
};

TEST(TrafficLogs, envoys_default_line) {
  const Line line;
  EXPECT_EQ(line.of(kDefaultLogFormat),
            "[2023-11-14T22:13:20.123Z] \"GET /hello?a=b HTTP/2\" 200 - 3 44 12 7 \"-\" \"-\" \"-\" "
            "\"server.mesh.local:8080\" \"169.254.172.9:8080\"\n");
}

TEST(TrafficLogs, facts_and_what_is_not_known) {
  Line line;
  EXPECT_EQ(line.of("%REQ(X-ONE)% %REQ(X-TWO?X-ONE):4% %REQ(X-TWO)% %RESP(:STATUS)%"), "said?so said - 200");
  EXPECT_EQ(line.of("%DOWNSTREAM_REMOTE_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% %DOWNSTREAM_LOCAL_PORT%"),
            "169.254.172.8:40000 169.254.172.8 8080");
  EXPECT_EQ(line.of("%REQUEST_DURATION% %RESPONSE_DURATION% %UPSTREAM_REQUEST_ATTEMPT_COUNT%"), "2 9 1");
  line.facts.error = "none_in_service";
  EXPECT_EQ(line.of("%RESPONSE_FLAGS%"), "UH");
  line.facts.aborted = true;
  EXPECT_EQ(line.of("%RESPONSE_FLAGS%"), "DC");
}

TEST(TrafficLogs, a_line_goes_to_who_called_and_to_who_served) {
  const Line line;
  route::RouteTable table;
  EXPECT_EQ(TrafficLogs::of(table, {}), nullptr);
  table.traffic_logs.push_back({.path = "/caller", .format = "out %RESPONSE_CODE%\n", .callers = {"169.254.172.8"}});
  table.traffic_logs.push_back({.path = "/called",
                                .fields = {{"code", "%RESPONSE_CODE%"}, {"who", "%REQ(X-TWO)%"}, {"a", "<%PROTOCOL%>"}},
                                .backends = {"169.254.172.9:8080"}});
  const LogRings rings{{"/caller", std::make_shared<LogRing>(1024)}, {"/called", std::make_shared<LogRing>(64)}};
  const auto logs = TrafficLogs::of(table, rings);
  Tally tally;
  logs->write(line.facts, tally);
  EXPECT_EQ(rings.at("/caller")->piece(rings.at("/caller")->end()), "out 200\n");
  EXPECT_EQ(rings.at("/called")->piece(rings.at("/called")->end()), "{\"code\":200,\"who\":null,\"a\":\"<HTTP/2>\"}\n");
  EXPECT_EQ(tally.counters()[Count::log_lines], 2u);
  logs->write(line.facts, tally);
  EXPECT_EQ(tally.counters()[Count::log_dropped], 1u) << "there is no room for a second one";
  Line other;
  other.facts.client = "169.254.172.80:1";
  other.facts.target = "";
  logs->write(other.facts, tally);
  EXPECT_EQ(tally.counters()[Count::log_lines], 3u) << "neither came from there nor went there";
}

TEST(TrafficLogs, what_comes_in_by_a_listener_is_logged_for_it) {
  Line line;
  line.facts.listener = "gate";
  route::RouteTable table;
  table.traffic_logs.push_back(
      {.path = "/task", .format = "task\n", .callers = {"169.254.172.8"}, .listeners = {"gate"}});
  table.traffic_logs.push_back({.path = "/rest", .format = "rest\n", .listeners = {"gate", "gate@host"}});
  const LogRings rings{{"/task", std::make_shared<LogRing>(64)}, {"/rest", std::make_shared<LogRing>(64)}};
  const auto logs = TrafficLogs::of(table, rings);
  Tally tally;
  const auto said = [&](const char* path) { return std::string(rings.at(path)->piece(rings.at(path)->end())); };
  logs->write(line.facts, tally);
  EXPECT_EQ(said("/task"), "task\n");
  EXPECT_EQ(said("/rest"), "") << "it is the task's";
  line.facts.client = "192.0.2.1:1";
  logs->write(line.facts, tally);
  line.facts.listener = "gate@host";
  line.facts.client = "169.254.172.8:1";
  logs->write(line.facts, tally);
  EXPECT_EQ(said("/rest"), "rest\nrest\n");
  line.facts.listener = "other";
  logs->write(line.facts, tally);
  EXPECT_EQ(tally.counters()[Count::log_lines], 3u) << "who calls from there is none of theirs elsewhere";
}

TEST(TrafficLogs, of_a_path_that_was_rewritten_both_are_known) {
  Line line;
  EXPECT_EQ(line.of("%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %REQ(X-ENVOY-ORIGINAL-PATH)%"), "/hello?a=b -");
  line.request.set_target("/rewritten");
  EXPECT_EQ(line.of("%REQ(:PATH)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%"), "/rewritten /hello?a=b");
}

}  // namespace
}  // namespace weir::proxy
