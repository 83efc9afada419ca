#include "control/mesh_compiler.h"

#include <gtest/gtest.h>

#include "control/mesh_test_documents.h"

namespace weir::control::test_mesh {
namespace {

constexpr std::uint32_t kRange = 0x7f480000;  // 127.72.0.0

CompiledMesh compile(const MeshDocuments& all, const MeshCallers& callers = {},
                     const std::set<std::string>& balancers = {}) {
  return compile_mesh(all, MeshClaims(all), callers, balancers, {.range = kRange, .balancers_at = "127.0.0.1"});
}

appmesh::RouteSpec grpc_route(std::vector<appmesh::WeightedTarget> targets) {
  appmesh::RouteSpec spec;
  spec.grpcRoute.emplace().action.weightedTargets = std::move(targets);
  spec.grpcRoute->match.serviceName = "proto.echo.EchoService";
  return spec;
}

appmesh::RouteSpec http_route(const std::string& prefix, const std::string& node = "old") {
  appmesh::RouteSpec spec;
  spec.httpRoute.emplace().action.weightedTargets = {{.port = {}, .virtualNode = node, .weight = 1}};
  spec.httpRoute->match.prefix = prefix;
  return spec;
}

const route::Forward& forward_of(const CompiledMesh& mesh, std::size_t rule = 0) {
  return std::get<route::Forward>(mesh.listeners.at(0).rules.at(rule).action);
}

TEST(MeshCompiler, has_a_listener_for_a_service_and_a_pool_for_a_node) {
  auto all = documents();
  put(all.nodes, node("new"));
  put(all.routes, route("route", grpc_route({{{}, "old", 100}, {{}, "new", 0}})));
  const auto mesh = compile(all);
  ASSERT_EQ(mesh.listeners.size(), 1u);
  EXPECT_EQ(mesh.listeners[0].address, "127.72.0.3");
  EXPECT_EQ(mesh.listeners[0].port, 8080);
  ASSERT_EQ(mesh.listeners[0].rules.size(), 1u);
  EXPECT_EQ(mesh.listeners[0].rules[0].match.grpc, (route::GrpcMatch{"proto.echo.EchoService", ""}));
  const std::vector<route::WeightedPool> both{{kPools + "old:8080", 100}, {kPools + "new:8080", 0}};
  EXPECT_EQ(forward_of(mesh).pools, both);
  ASSERT_EQ(mesh.pools.size(), 2u);
  EXPECT_EQ(mesh.pools[0].protocol, route::PoolProtocol::grpc);
  EXPECT_TRUE(mesh.pools[0].envoy_headers);
}

TEST(MeshCompiler, makes_a_table_that_is_one) {
  auto all = documents();
  auto spec = grpc_route({{{}, "old", 1}, {{}, "gone", 1}});
  spec.grpcRoute->match.metadata = {{.invert = true, .match = {}, .name = "a"}};
  put(all.routes, route("route", spec));
  const MeshCallers callers{{"000000000000/eu-west-1/mesh/m/virtualNode/old", {"169.254.172.9"}}};
  const auto mesh = compile(all, callers);
  const route::RouteTable table{.version = 1, .listeners = mesh.listeners, .pools = mesh.pools};
  const auto read = route::table_from_json(to_json(table));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, table);
}

TEST(MeshCompiler, keeps_the_share_of_a_node_that_is_not_there) {
  auto all = documents();
  put(all.routes, route("route", grpc_route({{{}, "old", 1}, {{}, "gone", 1}})));
  const auto mesh = compile(all);
  ASSERT_EQ(forward_of(mesh).pools.size(), 2u);
  ASSERT_EQ(mesh.pools.size(), 2u);
  EXPECT_EQ(mesh.pools[1].id, forward_of(mesh).pools[1].pool);
}

TEST(MeshCompiler, keeps_bytes_and_requests_apart_and_ports_single) {
  auto all = documents();
  auto bytes = node("bytes");
  bytes.spec.listeners->front().portMapping.protocol = "tcp";
  put(all.nodes, bytes);
  put(all.routes, route("route", grpc_route({{{}, "bytes", 1}})));
  auto router = resource<model::VirtualRouter>("virtualRouter/", "r");
  const appmesh::VirtualRouterListener twice{.portMapping = {.port = 8080, .protocol = "grpc"}};
  router.spec.listeners = {twice, twice};
  put(all.routers, router);
  const auto mesh = compile(all);
  EXPECT_EQ(mesh.listeners.size(), 1u);
  const route::RouteTable table{.version = 1, .listeners = mesh.listeners, .pools = mesh.pools};
  EXPECT_TRUE(route::table_from_json(to_json(table)));
}

TEST(MeshCompiler, asks_routes_by_priority_and_then_longer_prefixes_first) {
  auto all = documents("http");
  auto first = http_route("/");
  first.priority = 0;
  put(all.routes, route("a", http_route("/")));
  put(all.routes, route("b", http_route("/long/")));
  put(all.routes, route("z", first));
  const auto mesh = compile(all);
  const auto& rules = mesh.listeners.at(0).rules;
  ASSERT_EQ(rules.size(), 3u);
  EXPECT_NE(rules[0].id.find("/route/z@"), std::string::npos);
  EXPECT_NE(rules[1].id.find("/route/b@"), std::string::npos);
  EXPECT_NE(rules[2].id.find("/route/a@"), std::string::npos);
  EXPECT_TRUE(rules[2].match.paths.empty());
}

TEST(MeshCompiler, knows_every_match_of_an_http_route) {
  using route::Pattern;
  auto all = documents("http");
  auto spec = http_route("/");
  auto& match = spec.httpRoute->match;
  match.prefix.reset();
  match.path = appmesh::HttpPathMatch{.exact = {}, .regex = "/v[0-9]+/.*"};
  match.method = "PUT";
  const auto header = [](const char* name, appmesh::HeaderMatchMethod method) {
    return appmesh::HttpRouteHeader{.invert = {}, .match = std::move(method), .name = name};
  };
  match.headers = {header("a", {.exact = "1"}), header("b", {.prefix = "2"}), header("c", {.suffix = "3"}),
                   header("d", {.regex = "4+"}), header("e", {.range = appmesh::MatchRange{.end = 9, .start = 1}})};
  match.queryParameters = {{.match = appmesh::QueryParameterMatch{"1"}, .name = "q"}, {.match = {}, .name = "p"}};
  put(all.routes, route("route", spec));
  const auto made = compile(all).listeners.at(0).rules.at(0).match;
  EXPECT_EQ(made.paths, (std::vector<Pattern>{{Pattern::Kind::regex, "/v[0-9]+/.*"}}));
  EXPECT_EQ(made.methods, std::vector<std::string>{"PUT"});
  ASSERT_EQ(made.headers.size(), 5u);
  EXPECT_EQ(made.headers[0].values, (std::vector<Pattern>{{Pattern::Kind::exact, "1"}}));
  EXPECT_EQ(made.headers[1].values, (std::vector<Pattern>{{Pattern::Kind::prefix, "2"}}));
  EXPECT_EQ(made.headers[2].values, (std::vector<Pattern>{{Pattern::Kind::suffix, "3"}}));
  EXPECT_EQ(made.headers[3].values, (std::vector<Pattern>{{Pattern::Kind::regex, "4+"}}));
  EXPECT_EQ(made.headers[4].values, (std::vector<Pattern>{Pattern::range(1, 9)}));
  ASSERT_EQ(made.queries.size(), 2u);
  EXPECT_EQ(made.queries[0].any[0].value, Pattern(Pattern::Kind::exact, "1"));
  EXPECT_EQ(made.queries[1].any[0].value, Pattern("*"));
}

TEST(MeshCompiler, leaves_out_what_matches_nothing) {
  for (const auto& spoil : std::vector<void (*)(appmesh::HttpRouteMatch&)>{
           [](auto& match) { match.port = 9; }, [](auto& match) { match.scheme = "https"; },
           [](auto& match) { match.path = appmesh::HttpPathMatch{.exact = {}, .regex = "("}; }}) {
    auto all = documents("http");
    auto spec = http_route("/");
    spoil(spec.httpRoute->match);
    put(all.routes, route("route", spec));
    EXPECT_TRUE(compile(all).listeners.at(0).rules.empty());
  }
}

TEST(MeshCompiler, retries_and_times_as_the_route_says) {
  auto all = documents("http");
  auto spec = http_route("/");
  spec.httpRoute->retryPolicy =
      appmesh::HttpRetryPolicy{.httpRetryEvents = std::vector<std::string>{"server-error"},
                               .maxRetries = 3,
                               .perRetryTimeout = {.unit = "ms", .value = 250},
                               .tcpRetryEvents = std::vector<std::string>{"connection-error"}};
  spec.httpRoute->timeout.emplace().perRequest = appmesh::Duration{.unit = "s", .value = 5};
  put(all.routes, route("route", spec));
  auto slower = node("old", {}, "http");
  slower.spec.listeners->front().timeout.emplace().http.emplace().perRequest =
      appmesh::Duration{.unit = "s", .value = 2};
  put(all.nodes, slower);
  const auto mesh = compile(all);
  const auto& forward = forward_of(mesh);
  EXPECT_EQ(forward.retry.retries, 3u);
  EXPECT_EQ(forward.retry.per_try_timeout, route::milliseconds(250));
  EXPECT_TRUE(forward.retry.has(route::RetryOn::server_error));
  EXPECT_TRUE(forward.retry.has(route::RetryOn::connection_failure));
  EXPECT_TRUE(forward.retry.has(route::RetryOn::per_try_timeout));
  EXPECT_FALSE(forward.retry.has(route::RetryOn::reset));
  EXPECT_EQ(forward.timeouts.request, route::milliseconds(2000)) << "the node's listener's is the shorter one";
}

TEST(MeshCompiler, turns_nodes_away_that_have_no_such_backend) {
  auto all = documents();
  put(all.routes, route("route", grpc_route({{{}, "old", 1}})));
  auto friendly = node("friend");
  friendly.spec.backends = {{.virtualService = appmesh::VirtualServiceBackend{{}, "server.echo.local"}}};
  put(all.nodes, friendly);
  put(all.nodes, node("stranger"));
  const std::string prefix = "000000000000/eu-west-1/mesh/m/virtualNode/";
  const MeshCallers callers{{prefix + "friend", {"169.254.172.8"}}, {prefix + "stranger", {"169.254.172.9"}}};
  const auto rules = compile(all, callers).listeners.at(0).rules;
  ASSERT_EQ(rules.size(), 2u);
  EXPECT_EQ(rules[0].match.sources, std::vector<std::string>{"169.254.172.9/32"});
  EXPECT_EQ(std::get<route::FixedResponse>(rules[0].action).status, 404u);

  auto open = resource<model::Mesh>("", "m");
  open.spec.egressFilter = appmesh::EgressFilter{"ALLOW_ALL"};
  put(all.meshes, open);
  EXPECT_EQ(compile(all, callers).listeners.at(0).rules.size(), 1u);
}

TEST(MeshCompiler, checks_and_limits_as_the_nodes_listener_says) {
  auto all = documents();
  auto made = node("old");
  auto& listener = made.spec.listeners->front();
  listener.healthCheck = appmesh::HealthCheckPolicy{.healthyThreshold = 2,
                                                    .intervalMillis = 5000,
                                                    .path = {},
                                                    .port = {},
                                                    .protocol = "grpc",
                                                    .timeoutMillis = 2000,
                                                    .unhealthyThreshold = 3};
  listener.connectionPool.emplace().grpc = appmesh::VirtualNodeGrpcConnectionPool{7};
  listener.outlierDetection = appmesh::OutlierDetection{
      .baseEjectionDuration = {"s", 4}, .interval = {"s", 1}, .maxEjectionPercent = 30, .maxServerErrors = 9};
  put(all.nodes, made);
  const auto mesh = compile(all);
  const auto& pool = mesh.pools.at(0);
  EXPECT_EQ(pool.health.protocol, route::HealthProtocol::grpc);
  EXPECT_EQ(pool.health.path, "/grpc.health.v1.Health/Check");
  EXPECT_TRUE(pool.health.serving) << "the answer itself has to say so";
  EXPECT_EQ(pool.health.interval, route::milliseconds(5000));
  EXPECT_EQ(pool.health.unhealthy_threshold, 3u);
  EXPECT_EQ(pool.limits.requests, 7u);
  EXPECT_EQ(pool.outlier->consecutive_5xx, 9u);
  EXPECT_EQ(pool.outlier->max_ejected_percent, 30u);
}

TEST(MeshCompiler, has_no_tcp_rule_beside_an_http_listener) {
  auto all = documents("tcp");
  appmesh::RouteSpec tcp;
  tcp.tcpRoute.emplace().action.weightedTargets = {{{}, "old", 1}};
  tcp.tcpRoute->timeout.emplace().idle = appmesh::Duration{"s", 7};
  put(all.routes, route("tcp", tcp));
  put(all.routes, route("http", http_route("/")));
  const auto mesh = compile(all);
  ASSERT_EQ(mesh.listeners.at(0).rules.size(), 1u);
  EXPECT_EQ(mesh.listeners[0].protocol, route::ListenerProtocol::tcp);
  EXPECT_EQ(mesh.listeners[0].idle_timeout, route::milliseconds(7000));
  EXPECT_FALSE(mesh.pools.at(0).envoy_headers);
}

TEST(MeshCompiler, finds_nodes_by_literal_and_by_the_name_of_a_balancer) {
  auto all = documents();
  for (const char* name : {"127.0.0.9", "Web-1.elb.localhost", "nobody.test"}) {
    auto made = node(name);
    made.spec.serviceDiscovery =
        appmesh::ServiceDiscovery{.awsCloudMap = {}, .dns = appmesh::DnsServiceDiscovery{name}};
    put(all.nodes, made);
  }
  const auto mesh = compile(all, {}, {"web-1.elb.localhost"});
  std::map<std::string, std::string> found;
  for (const auto& pool : mesh.pools) found[pool.id] = pool.backends.empty() ? "" : pool.backends[0].address;
  EXPECT_EQ(found[kPools + "127.0.0.9:8080"], "127.0.0.9");
  EXPECT_EQ(found[kPools + "Web-1.elb.localhost:8080"], "127.0.0.1");
  EXPECT_EQ(found[kPools + "nobody.test:8080"], "");
}

TEST(MeshCompiler, has_instances_that_calls_have_registered_unless_unhealthy) {
  auto all = documents();
  model::DiscoveryInstance instance;
  instance.scope = kScope;
  instance.service = "srv-1";
  instance.id = "by-hand";
  instance.attributes = {{"AWS_INSTANCE_IPV4", "127.0.0.5"}, {"AWS_INSTANCE_PORT", "9"}};
  put(all.instances, instance);
  const auto mesh = compile(all);
  ASSERT_EQ(mesh.pools.at(0).backends.size(), 1u);
  EXPECT_EQ(mesh.pools[0].backends[0].address, "127.0.0.5");
  EXPECT_EQ(mesh.pools[0].backends[0].port, 9);
  instance.health = "UNHEALTHY";
  put(all.instances, instance);
  EXPECT_TRUE(compile(all).pools.at(0).backends.empty());
}

TEST(MeshNumbers, are_given_once_and_kept_for_the_name_of_who_is_gone) {
  auto all = documents();
  put(all.services, resource<model::VirtualService>("virtualService/", "another"));
  auto numbers = number_services(all);
  ASSERT_EQ(numbers.given.size(), 1u);
  EXPECT_EQ(numbers.given[0].number, 4) << "after the greatest";
  EXPECT_TRUE(numbers.free.empty());
  put(all.addresses, numbers.given[0]);
  all.services.erase(all.services.begin());
  put(all.services, resource<model::VirtualService>("virtualService/", "third"));
  numbers = number_services(all);
  ASSERT_EQ(numbers.given.size(), 1u);
  EXPECT_EQ(numbers.given[0].number, 5) << "no number of one that is gone";
  EXPECT_TRUE(numbers.free.empty());
}

TEST(MeshNumbers, of_those_who_are_gone_are_given_to_others_once_no_other_is_left) {
  auto all = documents();
  all.services.clear();
  all.addresses.clear();
  for (std::int32_t number = 1; number <= 1022; ++number) {
    model::MeshAddress address{.scope = kScope, .mesh = "m", .service = std::to_string(number), .number = number};
    put(all.addresses, address);
  }
  put(all.services, resource<model::VirtualService>("virtualService/", "17"));
  put(all.services, resource<model::VirtualService>("virtualService/", "another"));
  const auto numbers = number_services(all);
  ASSERT_EQ(numbers.given.size(), 1u);
  ASSERT_EQ(numbers.free.size(), 1u);
  EXPECT_EQ(numbers.given[0].service, "another");
  EXPECT_EQ(numbers.given[0].number, numbers.free[0].number);
  EXPECT_NE(numbers.free[0].service, "17") << "it is there";
}

}  // namespace
}  // namespace weir::control::test_mesh
