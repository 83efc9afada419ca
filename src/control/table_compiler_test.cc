#include "control/table_compiler.h"

#include <gtest/gtest.h>

#include <memory>

#include "base/regex.h"
#include "control/limits.h"

namespace weir::control {
namespace {

namespace elbv2 = model::elbv2;
using route::BackendState;

class TableCompilerTest : public ::testing::Test {
 protected:
  model::LoadBalancer& balancer(const std::string& name, std::int64_t created) {
    auto& made = *balancers_.emplace_back(std::make_unique<model::LoadBalancer>());
    made.balancer.LoadBalancerName = name;
    made.balancer.LoadBalancerArn = "arn:" + name;
    made.balancer.DNSName = name + ".elb.localhost";
    made.balancer.CreatedTime = Timestamp{created};
    return made;
  }
  elbv2::Listener& listener(const std::string& balancer_name, int port) {
    auto& made = *listeners_.emplace_back(std::make_unique<model::Listener>());
    made.listener.ListenerArn = "arn:" + balancer_name + "/" + std::to_string(port);
    made.listener.LoadBalancerArn = "arn:" + balancer_name;
    made.listener.Port = port;
    made.listener.Protocol = "HTTP";
    return made.listener;
  }
  static void forward(elbv2::Listener& to, const std::vector<std::pair<std::string, int>>& groups) {
    auto& action = to.DefaultActions.emplace().emplace_back();
    action.Type = "forward";
    auto& tuples = action.ForwardConfig.emplace().TargetGroups.emplace();
    for (const auto& [arn, weight] : groups) tuples.push_back({.TargetGroupArn = arn, .Weight = weight});
  }
  model::TargetGroup& group(const std::string& arn) {
    auto& made = *groups_.emplace_back(std::make_unique<model::TargetGroup>());
    made.group.TargetGroupArn = arn;
    return made;
  }
  elbv2::Rule& rule(const std::string& listener_arn, int priority, const std::string& status) {
    auto& made = *rules_.emplace_back(std::make_unique<model::Rule>());
    made.listener = listener_arn;
    made.priority = priority;
    made.rule.RuleArn = listener_arn + "#" + std::to_string(priority);
    auto& action = made.rule.Actions.emplace().emplace_back();
    action.Type = "fixed-response";
    action.FixedResponseConfig.emplace().StatusCode = status;
    return made.rule;
  }
  static void when(elbv2::Rule& rule, const std::string& field, const std::string& value) {
    if (!rule.Conditions) rule.Conditions.emplace();
    rule.Conditions->push_back({.Field = field, .Values = std::vector<std::string>{value}});
  }
  static std::string shown(const std::vector<route::Rule>& rules) {
    std::string all;
    for (const auto& each : rules) {
      all += each.id;
      for (const auto& host : each.match.hosts) all += " host " + host.text;
      for (const auto& path : each.match.paths) all += " path " + path.text;
      all += "\n";
    }
    return all;
  }
  void certificate(const std::string& name) {
    auto& made = *certificates_.emplace_back(std::make_unique<model::Certificate>());
    made.arn = "arn:" + name;
    made.file = name + "/1";
  }
  model::Task& task(const std::string& id, const std::string& group_arn, const std::string& state, int port) {
    auto& made = *tasks_.emplace_back(std::make_unique<model::Task>());
    made.id = id;
    made.targets.push_back({.target_group = group_arn, .address = "127.0.0.1", .port = port, .state = state});
    return made;
  }
  CompiledTable compile(ControlOptions options = {}) {
    TableSources sources;
    for (const auto& each : balancers_) sources.balancers.push_back(each.get());
    for (const auto& each : listeners_) sources.listeners.push_back(each.get());
    for (const auto& each : rules_) sources.rules.push_back(each.get());
    for (const auto& each : groups_) sources.groups.push_back(each.get());
    for (const auto& each : tasks_) sources.tasks.push_back(each.get());
    for (const auto& each : certificates_) sources.certificates.push_back(each.get());
    sources.trust_stores.push_back(&trust_store_);
    CompiledTable compiled = compile_table(sources, options);
    // What is compiled is what a proxy takes.
    const auto read = route::table_from_json(route::to_json(compiled.table));
    EXPECT_TRUE(read) << read.error().message;
    EXPECT_TRUE(read && *read == compiled.table);
    return compiled;
  }
  static const route::Forward& forwards(const route::Rule& rule) { return std::get<route::Forward>(rule.action); }

  model::TrustStore trust_store_;
  std::vector<std::unique_ptr<model::LoadBalancer>> balancers_;
  std::vector<std::unique_ptr<model::Listener>> listeners_;
  std::vector<std::unique_ptr<model::Rule>> rules_;
  std::vector<std::unique_ptr<model::TargetGroup>> groups_;
  std::vector<std::unique_ptr<model::Task>> tasks_;
  std::vector<std::unique_ptr<model::Certificate>> certificates_;
};

TEST_F(TableCompilerTest, nothing_makes_an_empty_table) { EXPECT_EQ(compile().table, route::RouteTable{}); }

TEST_F(TableCompilerTest, one_balancer_takes_every_host_and_splits_by_weight) {
  balancer("front", 1).attributes["idle_timeout.timeout_seconds"] = "30";
  forward(listener("front", 80), {{"blue", 90}, {"green", 0}});
  group("green");
  group("blue");
  task("t2", "blue", "serving", 30002);
  task("t1", "blue", "checking", 30001);
  task("t3", "green", "waiting", 0);
  const auto compiled = compile();
  ASSERT_EQ(compiled.table.listeners.size(), 1u);
  const auto& made = compiled.table.listeners[0];
  EXPECT_EQ(made.id, "port-80");
  EXPECT_EQ(made.address, "127.0.0.1");
  EXPECT_EQ(made.port, 80);
  EXPECT_EQ(made.idle_timeout, std::chrono::seconds(30));
  ASSERT_EQ(made.rules.size(), 1u);
  EXPECT_TRUE(made.rules[0].match.hosts.empty());
  EXPECT_EQ(forwards(made.rules[0]).pools, (std::vector<route::WeightedPool>{{"blue", 90}, {"green", 0}}));
  ASSERT_EQ(compiled.table.pools.size(), 2u);
  EXPECT_EQ(compiled.table.pools[0].backends,
            (std::vector<route::Backend>{{"t1:30001", "127.0.0.1", 30001, BackendState::checking},
                                         {"t2:30002", "127.0.0.1", 30002, BackendState::serving}}));
  EXPECT_TRUE(compiled.table.pools[1].backends.empty());
  EXPECT_EQ(compiled.served_by.at("arn:front/80"), "port-80");
}

TEST_F(TableCompilerTest, balancers_that_share_a_port_are_told_apart_by_host_and_the_first_takes_the_rest) {
  balancer("late", 2);
  balancer("early", 1);
  forward(listener("late", 80), {{"green", 1}});
  forward(listener("early", 80), {{"blue", 1}});
  group("blue");
  group("green");
  const auto compiled = compile({.port_offset = 8000});
  ASSERT_EQ(compiled.table.listeners.size(), 1u);
  EXPECT_EQ(compiled.table.listeners[0].port, 8080);
  const auto& rules = compiled.table.listeners[0].rules;
  ASSERT_EQ(rules.size(), 3u);
  EXPECT_EQ(rules[0].match.hosts, std::vector<route::Pattern>{"early.elb.localhost"});
  EXPECT_EQ(rules[1].match.hosts, std::vector<route::Pattern>{"late.elb.localhost"});
  EXPECT_TRUE(rules[2].match.hosts.empty());
  EXPECT_EQ(forwards(rules[2]).pools[0].pool, "blue");
}

TEST_F(TableCompilerTest, only_ports_below_1024_move) {
  balancer("front", 1);
  listener("front", 1023);
  listener("front", 1024);
  const auto compiled = compile({.port_offset = 8000});
  ASSERT_EQ(compiled.table.listeners.size(), 2u);
  EXPECT_EQ(compiled.table.listeners[0].port, 1024);
  EXPECT_EQ(compiled.table.listeners[1].port, 9023);
}

TEST_F(TableCompilerTest, a_listener_that_moved_onto_another_of_its_balancer_is_refused_by_name) {
  balancer("front", 1);
  listener("front", 8080);
  listener("front", 80);
  const auto compiled = compile({.port_offset = 8000});
  ASSERT_EQ(compiled.table.listeners.size(), 1u);
  EXPECT_TRUE(compiled.served_by.contains("arn:front/80"));
  EXPECT_NE(compiled.refused.at("arn:front/8080").find("8080"), std::string::npos);
}

TEST_F(TableCompilerTest, fixed_responses_and_actions_without_pools) {
  balancer("front", 1);
  auto& action = listener("front", 8001).DefaultActions.emplace().emplace_back();
  action.Type = "fixed-response";
  action.FixedResponseConfig = {.MessageBody = "gone", .StatusCode = "410", .ContentType = "text/html"};
  forward(listener("front", 8002), {{"unknown", 1}});
  listener("front", 8003);
  const auto table = compile().table;
  EXPECT_EQ(std::get<route::FixedResponse>(table.listeners[0].rules[0].action),
            (route::FixedResponse{410, "text/html", "gone"}));
  EXPECT_TRUE(forwards(table.listeners[1].rules[0]).pools.empty());
  EXPECT_EQ(std::get<route::FixedResponse>(table.listeners[2].rules[0].action).status, 503u);
}

TEST_F(TableCompilerTest, the_plain_form_of_forward_has_one_group) {
  balancer("front", 1);
  auto& action = listener("front", 8001).DefaultActions.emplace().emplace_back();
  action.Type = "forward";
  action.TargetGroupArn = "blue";
  group("blue");
  EXPECT_EQ(forwards(compile().table.listeners[0].rules[0]).pools, (std::vector<route::WeightedPool>{{"blue", 1}}));
}

TEST_F(TableCompilerTest, a_target_group_becomes_a_pool_with_its_checks) {
  balancer("front", 1);
  forward(listener("front", 8001), {{"a-plain", 1}, {"b-grpc", 1}, {"c-off", 1}});
  auto& plain = group("a-plain");
  plain.group.ProtocolVersion = "HTTP2";
  plain.group.HealthCheckPath = "/health";
  plain.group.HealthCheckPort = "9000";
  plain.group.HealthCheckIntervalSeconds = 6;
  plain.group.HealthCheckTimeoutSeconds = 2;
  plain.group.HealthyThresholdCount = 3;
  plain.group.UnhealthyThresholdCount = 4;
  plain.group.Matcher = elbv2::Matcher{.HttpCode = "200-299"};
  plain.attributes = {{"deregistration_delay.timeout_seconds", "20"},
                      {"load_balancing.algorithm.type", "least_outstanding_requests"}};
  auto& grpc = group("b-grpc");
  grpc.group.ProtocolVersion = "GRPC";
  grpc.group.HealthCheckPort = "traffic-port";
  group("c-off").group.HealthCheckEnabled = false;
  const auto pools = compile().table.pools;
  ASSERT_EQ(pools.size(), 3u);
  EXPECT_EQ(pools[0].protocol, route::PoolProtocol::http2);
  EXPECT_EQ(pools[0].algorithm, route::Algorithm::least_outstanding);
  EXPECT_EQ(pools[0].drain_delay, std::chrono::seconds(20));
  const route::HealthCheck expected{.protocol = route::HealthProtocol::http,
                                    .path = "/health",
                                    .matcher = "200-299",
                                    .port = 9000,
                                    .interval = std::chrono::seconds(6),
                                    .timeout = std::chrono::seconds(2),
                                    .healthy_threshold = 3,
                                    .unhealthy_threshold = 4};
  EXPECT_EQ(pools[0].health, expected);
  EXPECT_EQ(pools[1].protocol, route::PoolProtocol::grpc);
  EXPECT_EQ(pools[1].health.protocol, route::HealthProtocol::grpc);
  EXPECT_EQ(pools[1].health.path, "/AWS.ALB/healthcheck");
  EXPECT_EQ(pools[1].health.matcher, "12");
  EXPECT_EQ(pools[1].health.port, 0);
  EXPECT_EQ(pools[1].drain_delay, std::chrono::seconds(300));
  EXPECT_EQ(pools[2].health.protocol, route::HealthProtocol::none);
}

TEST_F(TableCompilerTest, targets_in_flight_stay_when_no_listener_leads_to_them_and_even_when_their_group_is_gone) {
  group("unused");
  task("t1", "unused", "draining", 30001);
  task("t2", "deleted", "draining", 30002);
  task("t3", "idle", "gone", 30003);
  const auto pools = compile().table.pools;
  ASSERT_EQ(pools.size(), 2u);
  EXPECT_EQ(pools[0].id, "deleted");
  EXPECT_EQ(pools[0].health.protocol, route::HealthProtocol::none);
  EXPECT_EQ(pools[0].drain_delay, std::chrono::seconds(300));
  EXPECT_EQ(pools[1].id, "unused");
  EXPECT_EQ(pools[1].backends[0].state, BackendState::draining);
}

TEST_F(TableCompilerTest, what_drains_for_a_virtual_node_that_is_gone_has_as_long_as_control_waits) {
  task("t1", "arn:aws:appmesh:eu-west-1:000000000000:mesh/m/virtualNode/gone:8080", "draining", 30001);
  const auto pools = compile().table.pools;
  ASSERT_EQ(pools.size(), 1u);
  EXPECT_EQ(pools[0].drain_delay, kMeshDrainDelay);
}

TEST_F(TableCompilerTest, rules_come_by_priority_and_the_default_last) {
  balancer("front", 1);
  forward(listener("front", 8080), {{"blue", 1}});
  group("blue");
  when(rule("arn:front/8080", 10, "210"), "path-pattern", "/b");
  when(rule("arn:front/8080", 9, "209"), "path-pattern", "/a");
  const auto table = compile().table;
  EXPECT_EQ(shown(table.listeners.at(0).rules),
            "arn:front/8080#9 path /a\narn:front/8080#10 path /b\narn:front/8080\n");
  EXPECT_EQ(std::get<route::FixedResponse>(table.listeners[0].rules[0].action).status, 209u);
}

TEST_F(TableCompilerTest, a_rule_says_all_of_its_conditions_and_where_it_redirects_to) {
  balancer("front", 1);
  listener("front", 80);
  auto& made = rule("arn:front/80", 1, "200");
  made.Conditions.emplace();
  made.Conditions->push_back({.Field = "http-header"});
  made.Conditions->back().HttpHeaderConfig = {.HttpHeaderName = "X-A", .Values = std::vector<std::string>{"1", "2"}};
  made.Conditions->push_back({.Field = "http-request-method"});
  made.Conditions->back().HttpRequestMethodConfig = {.Values = std::vector<std::string>{"GET"}};
  made.Conditions->push_back({.Field = "query-string"});
  made.Conditions->back().QueryStringConfig.emplace().Values.emplace().push_back({.Key = "k", .Value = "v"});
  made.Conditions->push_back({.Field = "source-ip"});
  made.Conditions->back().SourceIpConfig = {.Values = std::vector<std::string>{"10.0.0.0/8"}};
  auto& action = made.Actions->at(0);
  action = {.Type = "redirect"};
  action.RedirectConfig = {.Protocol = "HTTPS", .Port = "443", .StatusCode = "HTTP_301"};
  const auto table = compile({.port_offset = 8000}).table;
  const route::Rule& compiled = table.listeners.at(0).rules.at(0);
  const route::Match expected{
      .methods = {"GET"}, .headers = {{"X-A", {"1", "2"}}}, .queries = {{{{"k", "v"}}}}, .sources = {"10.0.0.0/8"}};
  EXPECT_EQ(compiled.match, expected);
  const route::Redirect to{.status = 301, .protocol = "https", .port = "8443"};
  EXPECT_EQ(std::get<route::Redirect>(compiled.action), to);
}

TEST_F(TableCompilerTest, balancers_that_share_a_port_keep_their_rules_apart) {
  balancer("a", 1);
  balancer("b", 2);
  listener("a", 8080);
  listener("b", 8080);
  when(rule("arn:a/8080", 1, "200"), "path-pattern", "/a");
  when(rule("arn:b/8080", 1, "200"), "path-pattern", "/b");
  when(rule("arn:b/8080", 2, "200"), "host-header", "shop.example");
  when(rule("arn:b/8080", 3, "200"), "host-header", "B.elb.*");
  EXPECT_EQ(shown(compile().table.listeners.at(0).rules),
            "arn:a/8080#1 host a.elb.localhost path /a\n"
            "arn:a/8080 host a.elb.localhost\n"
            "arn:b/8080#1 host b.elb.localhost path /b\n"
            "arn:b/8080#3 host b.elb.localhost\n"
            "arn:b/8080 host b.elb.localhost\n"
            "arn:a/8080#1#any-host path /a\n"
            "arn:b/8080#2#any-host host shop.example\n"
            "arn:b/8080#3#any-host host B.elb.*\n"
            "arn:a/8080#any-host\n");
}

TEST_F(TableCompilerTest, listeners_of_no_balancer_and_those_without_their_certificate_are_left_out) {
  balancer("front", 1);
  listener("nobody", 8001);
  listener("front", 8002).Protocol = "HTTPS";
  const auto compiled = compile();
  EXPECT_TRUE(compiled.table.listeners.empty());
  EXPECT_TRUE(compiled.refused.contains("arn:front/8002"));
}

TEST(BackendId, names_the_task) { EXPECT_EQ(task_of_backend("abc:80"), "abc"); }

TEST_F(TableCompilerTest, a_target_groups_attributes_become_its_pools) {
  balancer("front", 1);
  forward(listener("front", 8080), {{"arn:g", 1}});
  auto& made = group("arn:g");
  made.group.Protocol = "HTTPS";
  made.group.HealthCheckProtocol = "HTTPS";
  made.attributes = {{"load_balancing.algorithm.type", "weighted_random"},
                     {"load_balancing.algorithm.anomaly_mitigation", "on"},
                     {"slow_start.duration_seconds", "30"},
                     {"stickiness.enabled", "true"},
                     {"stickiness.type", "lb_cookie"},
                     {"stickiness.lb_cookie.duration_seconds", "60"},
                     {"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "2"},
                     {"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "50"}};
  const auto pool = compile().table.pools.at(0);
  EXPECT_EQ(pool.algorithm, route::Algorithm::weighted_random);
  EXPECT_TRUE(pool.outlier);
  EXPECT_EQ(pool.slow_start, std::chrono::seconds(30));
  EXPECT_EQ(pool.stickiness, (route::Stickiness{.cookie = "AWSALB", .duration = std::chrono::seconds(60)}));
  EXPECT_EQ(pool.fail_open, (route::FailOpen{.count = 2, .percent = 50}));
  EXPECT_EQ(pool.health.protocol, route::HealthProtocol::https);
  ASSERT_TRUE(pool.tls);
  EXPECT_FALSE(pool.tls->verify);

  made.attributes = {{"stickiness.enabled", "true"},
                     {"stickiness.type", "app_cookie"},
                     {"stickiness.app_cookie.cookie_name", "SID"},
                     {"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "off"}};
  const auto other = compile().table.pools.at(0);
  EXPECT_EQ(other.stickiness, (route::Stickiness{.cookie = "AWSALBAPP-0", .application_cookie = "SID"}));
  EXPECT_EQ(other.fail_open, route::FailOpen{});
  EXPECT_FALSE(other.outlier);
}

TEST_F(TableCompilerTest, a_balancers_attributes_and_a_forwards_stickiness_reach_the_listener) {
  auto& front = balancer("front", 1);
  front.attributes = {{"idle_timeout.timeout_seconds", "7"},
                      {"routing.http.xff_header_processing.mode", "remove"},
                      {"routing.http.xff_client_port.enabled", "true"},
                      {"access_logs.s3.enabled", "true"},
                      {"access_logs.s3.bucket", "logs"},
                      {"access_logs.s3.prefix", "web"}};
  auto& made = listener("front", 8080);
  forward(made, {{"arn:g", 1}, {"arn:h", 1}});
  made.DefaultActions->at(0).ForwardConfig->TargetGroupStickinessConfig = {.Enabled = true, .DurationSeconds = 9};
  group("arn:g");
  group("arn:h");
  const auto compiled = compile({.access_logs = "/state/access-logs"}).table.listeners.at(0);
  EXPECT_EQ(compiled.idle_timeout, std::chrono::seconds(7));
  EXPECT_EQ(compiled.forwarded, (route::Forwarded{route::Forwarded::Mode::remove, true}));
  EXPECT_TRUE(compiled.trace);
  ASSERT_TRUE(compiled.access_log);
  EXPECT_EQ(compiled.access_log->path, "/state/access-logs/logs/web/front.log");
  const auto forwarded = std::get<route::Forward>(compiled.rules.at(0).action);
  EXPECT_EQ(forwarded.stickiness, (route::Stickiness{.cookie = "AWSALBTG", .duration = std::chrono::seconds(9)}));
}

TEST_F(TableCompilerTest, a_network_balancer_logs_what_its_tls_listeners_take) {
  auto& front = balancer("front", 1);
  front.balancer.Type = "network";
  front.attributes = {{"access_logs.s3.enabled", "true"}, {"access_logs.s3.bucket", "logs"}};
  certificate("one");
  auto& tls = listener("front", 8443);
  tls.Protocol = "TLS";
  tls.Certificates.emplace().push_back({.CertificateArn = "arn:one"});
  auto& tcp = listener("front", 9000);
  tcp.Protocol = "TCP";
  forward(tls, {{"arn:g", 1}});
  forward(tcp, {{"arn:g", 1}});
  group("arn:g").group.Protocol = "TCP";
  const auto compiled = compile({.access_logs = "/logs"}).table;
  const auto& made = compiled.listeners;
  ASSERT_EQ(made.size(), 2u);
  ASSERT_TRUE(made[0].access_log);
  EXPECT_EQ(*made[0].access_log, (route::AccessLog{"/logs/logs/front.log", route::AccessLog::Format::nlb}));
  EXPECT_FALSE(made[1].access_log);
}

TEST_F(TableCompilerTest, a_regular_expression_is_found_anywhere_unless_it_is_anchored) {
  balancer("front", 1);
  listener("front", 8080).DefaultActions.emplace();
  auto& one = rule("arn:front/8080", 1, "200");
  one.Conditions.emplace().push_back(
      {.Field = "path-pattern", .RegexValues = std::vector<std::string>{"^/api/v[0-9]+$"}});
  one.Conditions->push_back({.Field = "http-header"});
  auto& header = one.Conditions->back().HttpHeaderConfig.emplace();
  header.HttpHeaderName = "user-agent";
  header.RegexValues = {"Chrome|Safari"};
  const auto match = compile().table.listeners.at(0).rules.at(0).match;
  const auto fits = [](const route::Pattern& pattern, const char* text) {
    EXPECT_EQ(pattern.kind, route::Pattern::Kind::regex);
    return MUST(Regex::compile(pattern.text)).matches(text);
  };
  EXPECT_TRUE(fits(match.paths.at(0), "/api/v12"));
  EXPECT_FALSE(fits(match.paths.at(0), "/x/api/v12"));
  EXPECT_TRUE(fits(match.headers.at(0).values.at(0), "a Chrome b"));
  EXPECT_FALSE(fits(match.headers.at(0).values.at(0), "Firefox"));
}

TEST_F(TableCompilerTest, clients_are_verified_by_the_trust_store_and_nobody_shares_the_port_without) {
  const auto shows = [&](const std::string& name, const char* mode) -> elbv2::Listener& {
    auto& made = listener(name, 443);
    made.Protocol = "HTTPS";
    made.Certificates = {elbv2::Certificate{.CertificateArn = "arn:one"}};
    made.DefaultActions.emplace();
    made.MutualAuthentication = {.Mode = mode};
    return made;
  };
  certificate("one");
  balancer("a", 1);
  balancer("b", 2);
  shows("a", "verify").MutualAuthentication->TrustStoreArn = "arn:trust";
  shows("b", "off");
  auto compiled = compile({.certificates = "/c"});
  EXPECT_TRUE(compiled.table.listeners.empty()) << "without its trust store nobody is let in";
  EXPECT_EQ(compiled.refused.at("arn:a/443"), "Its trust store is not there.");
  trust_store_.arn = "arn:trust";
  trust_store_.file = "trust/2";
  compiled = compile({.certificates = "/c"});
  ASSERT_EQ(compiled.table.listeners.size(), 1u);
  const auto& made = *compiled.table.listeners.at(0).tls;
  EXPECT_EQ(made.client_certificates, route::ClientCertificates::require);
  EXPECT_EQ(made.client_ca, "/c/trust/2.crt");
  EXPECT_TRUE(compiled.refused.at("arn:b/443").starts_with("A listener with another mutual authentication"));
}

TEST_F(TableCompilerTest, balancers_that_share_an_https_port_show_all_their_certificates) {
  const auto shows = [](elbv2::Listener& to, const std::string& arn) {
    to.Protocol = "HTTPS";
    to.Certificates = {elbv2::Certificate{.CertificateArn = arn}};
    to.DefaultActions.emplace();
  };
  for (const char* name : {"one", "two", "more"}) certificate(name);
  balancer("a", 1);
  balancer("b", 2);
  balancer("c", 3);
  shows(listener("a", 443), "arn:one");
  listeners_.back()->more_certificates = {"arn:more", "arn:gone"};
  listeners_.back()->listener.MutualAuthentication = {.Mode = "passthrough"};
  shows(listener("b", 443), "arn:two");
  listeners_.back()->listener.MutualAuthentication = {.Mode = "passthrough"};
  listener("c", 443).DefaultActions.emplace();
  const auto compiled = compile({.certificates = "/state/certificates"});
  const auto& made = compiled.table.listeners.at(0);
  EXPECT_EQ(made.protocol, route::ListenerProtocol::https);
  ASSERT_TRUE(made.tls);
  EXPECT_EQ(made.tls->client_certificates, route::ClientCertificates::request);
  std::string files;
  for (const auto& each : made.tls->certificates) files += each.certificate + " " + each.key + "\n";
  EXPECT_EQ(files,
            "/state/certificates/one/1.crt /state/certificates/one/1.key\n"
            "/state/certificates/two/1.crt /state/certificates/two/1.key\n"
            "/state/certificates/more/1.crt /state/certificates/more/1.key\n");
  EXPECT_NE(compiled.refused.at("arn:c/443").find("of protocol HTTPS"), std::string::npos);
}

TEST_F(TableCompilerTest, a_network_balancer_passes_bytes_on) {
  balancer("net", 1).balancer.Type = "network";
  balancer("other", 2).balancer.Type = "network";
  certificate("one");
  auto& tls = listener("net", 9001);
  tls.Protocol = "TLS";
  tls.Certificates = {elbv2::Certificate{.CertificateArn = "arn:one"}};
  listeners_.back()->attributes["tcp.idle_timeout.seconds"] = "60";
  forward(tls, {{"arn:g", 1}});
  auto& second = listener("other", 9001);
  second.Protocol = "TLS";
  forward(second, {{"arn:g", 1}});
  auto& made = group("arn:g");
  made.group.Protocol = "TLS";
  made.group.HealthCheckProtocol = "TCP";
  made.attributes["proxy_protocol_v2.enabled"] = "true";
  const auto compiled = compile();
  ASSERT_EQ(compiled.table.listeners.size(), 1u);
  EXPECT_EQ(compiled.table.listeners[0].protocol, route::ListenerProtocol::tls);
  EXPECT_EQ(compiled.table.listeners[0].idle_timeout, std::chrono::seconds(60));
  EXPECT_FALSE(compiled.table.listeners[0].trace);
  EXPECT_TRUE(compiled.refused.contains("arn:other/9001")) << "nothing would tell them apart";
  const auto& pool = compiled.table.pools.at(0);
  EXPECT_EQ(pool.protocol, route::PoolProtocol::tcp);
  EXPECT_TRUE(pool.tls);
  EXPECT_TRUE(pool.send_proxy_protocol);
  EXPECT_EQ(pool.health.protocol, route::HealthProtocol::tcp);
}

}  // namespace
}  // namespace weir::control
