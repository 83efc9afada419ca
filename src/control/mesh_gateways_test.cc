#include "control/mesh_gateways.h"

#include <gtest/gtest.h>

#include "control/mesh_compiler.h"
#include "control/mesh_routes.h"
#include "control/mesh_test_documents.h"
#include "control/task_spec.h"

namespace weir::control::test_mesh {
namespace {

const std::string kGates = "arn:aws:appmesh:eu-west-1:000000000000:mesh/m/virtualGateway/";
const std::string kService = "arn:aws:appmesh:eu-west-1:000000000000:mesh/m/virtualService/server.echo.local";
const MeshPlan kHere{.range = 0x7f480000, .port_offset = 8000, .balancers_at = "127.0.0.1"};  // 127.72.0.0

void put_gateway(MeshDocuments& all, const std::string& name, std::vector<std::int32_t> ports, std::int64_t created,
                 std::int32_t number = 0) {
  auto gateway = resource<model::VirtualGateway>("virtualGateway/", name);
  gateway.about.metadata.createdAt = Timestamp{created};
  for (const auto port : ports) gateway.spec.listeners.push_back({.portMapping = {.port = port, .protocol = "http"}});
  put(all.gateways, gateway);
  if (number == 0) return;
  model::MeshAddress address;
  address.scope = kScope;
  address.mesh = "m";
  address.service = gateway_place(name);
  address.number = number;
  put(all.addresses, address);
}

appmesh::GatewayRouteSpec inward(const std::string& prefix) {
  appmesh::GatewayRouteSpec spec;
  auto& http = spec.httpRoute.emplace();
  if (!prefix.empty()) http.match.prefix = prefix;
  http.action.target.virtualService.virtualServiceName = "server.echo.local";
  return spec;
}

void put_route(MeshDocuments& all, const std::string& name, appmesh::GatewayRouteSpec spec) {
  auto made = resource<model::GatewayRoute>("virtualGateway/gate/gatewayRoute/", name, "gate");
  made.spec = std::move(spec);
  put(all.gateway_routes, made);
}

CompiledMesh compile_all(const MeshDocuments& all) { return compile_mesh(all, MeshClaims(all), {}, {}, kHere); }

const route::Listener* find(const std::vector<route::Listener>& listeners, const std::string& id) {
  const auto found = std::ranges::find(listeners, id, &route::Listener::id);
  return found == listeners.end() ? nullptr : &*found;
}

TEST(MeshGateways, listen_at_an_address_of_their_own_and_at_the_hosts) {
  auto all = documents("http");
  put_gateway(all, "gate", {80, 9080}, 2, 7);
  put_gateway(all, "older", {9080}, 1);
  put_route(all, "in", inward("/"));
  const auto mesh = compile_all(all);
  const auto* own = find(mesh.listeners, kGates + "gate:80");
  ASSERT_NE(own, nullptr);
  EXPECT_EQ(own->address, "127.72.0.7");
  EXPECT_EQ(own->port, 8080) << "ports of ordinary users";
  ASSERT_EQ(own->rules.size(), 1u);
  EXPECT_EQ(own->rules[0].action, route::Action(route::Enter{kService + ":8080"}));
  EXPECT_EQ(find(mesh.listeners, kGates + "older:9080"), nullptr) << "it has no number yet";
  ASSERT_EQ(mesh.at_host.size(), 3u);
  EXPECT_EQ(mesh.at_host[0].id, kGates + "older:9080@host") << "the oldest first";
  EXPECT_EQ(mesh.at_host[1].address, "127.0.0.1");
  auto listeners = mesh.listeners;
  listeners.insert(listeners.end(), mesh.at_host.begin(), mesh.at_host.end());
  const route::RouteTable table{.version = 1, .listeners = listeners, .pools = mesh.pools};
  const auto read = route::table_from_json(to_json(table));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, table);
}

TEST(MeshGateways, rewrite_as_app_mesh_does_where_nothing_is_said) {
  const auto rewrite_of = [](const appmesh::GatewayRouteSpec& spec) { return gateway_rewrite(spec); };
  EXPECT_EQ(rewrite_of(inward("/chapter")),
            (route::Rewrite{.path = "/", .prefix = "/chapter", .host = "server.echo.local"}));
  EXPECT_EQ(rewrite_of(inward("/")), (route::Rewrite{.host = "server.echo.local"}));
  auto exact = inward("");
  exact.httpRoute->match.path = appmesh::HttpPathMatch{.exact = "/a", .regex = {}};
  EXPECT_EQ(rewrite_of(exact), (route::Rewrite{.host = "server.echo.local"}));

  auto spec = inward("/chapter");
  auto& rewrite = spec.httpRoute->action.rewrite.emplace();
  rewrite.hostname = appmesh::GatewayRouteHostnameRewrite{"DISABLED"};
  rewrite.prefix = appmesh::HttpGatewayRoutePrefixRewrite{.defaultPrefix = "DISABLED", .value = {}};
  EXPECT_EQ(rewrite_of(spec), std::nullopt);
  rewrite.prefix = appmesh::HttpGatewayRoutePrefixRewrite{.defaultPrefix = {}, .value = "/book"};
  EXPECT_EQ(rewrite_of(spec), (route::Rewrite{.path = "/book", .prefix = "/chapter", .host = ""}));
  rewrite.prefix.reset();
  rewrite.path = appmesh::HttpGatewayRoutePathRewrite{"/toc"};
  EXPECT_EQ(rewrite_of(spec), (route::Rewrite{.path = "/toc"}));
  appmesh::GatewayRouteSpec grpc;
  grpc.grpcRoute.emplace().action.target.virtualService.virtualServiceName = "s";
  EXPECT_EQ(rewrite_of(grpc), (route::Rewrite{.host = "s"}));
}

TEST(MeshGateways, ask_routes_by_priority_then_longer_prefixes_first_each_at_its_port) {
  auto all = documents("http");
  put_gateway(all, "gate", {80, 81}, 1, 7);
  auto first = inward("/");
  first.priority = 1;
  first.httpRoute->match.port = 81;
  put_route(all, "a", inward("/"));
  put_route(all, "b", inward("/long"));
  put_route(all, "z", first);
  const auto mesh = compile_all(all);
  const auto names = [&](const char* port) {
    std::string names;
    for (const auto& rule : find(mesh.listeners, kGates + "gate:" + port)->rules) {
      names += rule.id.substr(rule.id.find("/gatewayRoute/") + 14, 1);
    }
    return names;
  };
  EXPECT_EQ(names("80"), "ba");
  EXPECT_EQ(names("81"), "zba");
}

TEST(MeshGateways, know_every_match) {
  using route::Pattern;
  auto all = documents("http");
  put_gateway(all, "gate", {80}, 1, 7);
  auto spec = inward("");
  auto& match = spec.httpRoute->match;
  match.path = appmesh::HttpPathMatch{.exact = {}, .regex = "/v[0-9]+/.*"};
  match.method = "PUT";
  match.hostname = appmesh::GatewayRouteHostnameMatch{.exact = {}, .suffix = ".example.com"};
  match.headers = {{.invert = true, .match = appmesh::HeaderMatchMethod{.prefix = "2"}, .name = "a"}};
  match.queryParameters = {{.match = appmesh::QueryParameterMatch{"1"}, .name = "q"}};
  put_route(all, "http", spec);
  appmesh::GatewayRouteSpec grpc;
  grpc.grpcRoute.emplace().action.target.virtualService.virtualServiceName = "server.echo.local";
  grpc.grpcRoute->match.serviceName = "a.B";
  grpc.grpcRoute->match.hostname = appmesh::GatewayRouteHostnameMatch{.exact = "a.example", .suffix = {}};
  grpc.grpcRoute->match.metadata = {{.invert = {}, .match = {}, .name = "m"}};
  put_route(all, "zgrpc", grpc);
  const auto mesh = compile_all(all);
  const auto& rules = find(mesh.listeners, kGates + "gate:80")->rules;
  ASSERT_EQ(rules.size(), 2u);
  const route::Match expected{.hosts = {{Pattern::Kind::suffix, ".example.com"}},
                              .paths = {{Pattern::Kind::regex, "/v[0-9]+/.*"}},
                              .methods = {"PUT"},
                              .headers = {{"a", {{Pattern::Kind::prefix, "2"}}, true}},
                              .queries = {{{{"q", {Pattern::Kind::exact, "1"}}}}}};
  EXPECT_EQ(rules[0].match, expected);
  const route::Match call{.hosts = {{Pattern::Kind::exact, "a.example"}},
                          .headers = {{"m", {}, false}},
                          .grpc = route::GrpcMatch{"a.B", ""}};
  EXPECT_EQ(rules[1].match, call);
}

TEST(MeshGateways, answer_for_services_that_are_not_there_or_speak_no_http) {
  auto all = documents("tcp");
  put_gateway(all, "gate", {80}, 1, 7);
  put_route(all, "a", inward("/a"));
  auto gone = inward("/b");
  gone.httpRoute->action.target.virtualService.virtualServiceName = "gone";
  put_route(all, "b", gone);
  auto elsewhere = inward("/c");
  elsewhere.httpRoute->action.target.port = 1;
  put_route(all, "c", elsewhere);
  const auto mesh = compile_all(all);
  for (const auto& rule : find(mesh.listeners, kGates + "gate:80")->rules) {
    EXPECT_EQ(rule.action, route::Action(route::Forward{})) << rule.id;
  }
}

appmesh::VirtualGatewayListenerTls tls_of_file(const std::string& mode) {
  appmesh::VirtualGatewayListenerTls tls;
  tls.mode = mode;
  tls.certificate.file = appmesh::VirtualGatewayListenerTlsFileCertificate{"/keys/chain.pem", "/keys/key.pem"};
  return tls;
}

TEST(MeshGateways, speak_tls_with_their_tasks_files_as_their_listeners_say) {
  auto all = documents("http");
  put_gateway(all, "gate", {80}, 1, 7);
  put_route(all, "in", inward("/"));
  auto gate = *all.gateways.begin()->second;
  const std::string name = "000000000000/eu-west-1/mesh/m/virtualGateway/gate";
  ASSERT_EQ(caller_name(gate), name);
  MeshTls tls;
  tls.places[name] = {{"/keys", "/host/keys"}};
  const auto compiled = [&](const appmesh::VirtualGatewayListenerTls& wanted, const std::string& speaks = "http") {
    gate.spec.listeners[0].tls = wanted;
    gate.spec.listeners[0].portMapping.protocol = speaks;
    put(all.gateways, gate);
    return compile_mesh(all, MeshClaims(all), {}, {}, kHere, tls);
  };
  EXPECT_EQ(find(compiled(tls_of_file("DISABLED")).listeners, kGates + "gate:80")->protocol,
            route::ListenerProtocol::http);

  auto strict = tls_of_file("STRICT");
  route::ListenerTls expected{.certificates = {{"/host/keys/chain.pem", "/host/keys/key.pem"}}};
  expected.as_envoy = expected.http1_first = true;
  const auto mesh = compiled(strict);
  for (const auto* each : {find(mesh.listeners, kGates + "gate:80"), &mesh.at_host.at(0)}) {
    EXPECT_EQ(each->protocol, route::ListenerProtocol::https);
    EXPECT_EQ(each->tls, expected);
    EXPECT_EQ(each->rules.size(), 1u);
  }
  expected.http1_first = false;
  EXPECT_EQ(compiled(strict, "grpc").at_host.at(0).tls, expected);

  auto& clients = strict.validation.emplace();
  clients.trust.file = appmesh::VirtualGatewayTlsValidationContextFileTrust{"/keys/ca.pem"};
  clients.subjectAlternativeNames = appmesh::SubjectAlternativeNames{{{"a.test"}}};
  expected.client_certificates = route::ClientCertificates::require;
  expected.client_ca = "/host/keys/ca.pem";
  expected.client_names = {"a.test"};
  EXPECT_EQ(compiled(strict, "http2").at_host.at(0).tls, expected);
  strict.mode = "PERMISSIVE";
  expected.permissive = true;
  expected.client_certificates = route::ClientCertificates::verify;
  EXPECT_EQ(compiled(strict, "http2").at_host.at(0).tls, expected);
}

TEST(MeshGateways, show_certificates_of_certificate_manager_or_do_not_listen) {
  auto all = documents("http");
  put_gateway(all, "gate", {80}, 1, 7);
  auto gate = *all.gateways.begin()->second;
  gate.spec.listeners[0].tls.emplace().mode = "STRICT";
  gate.spec.listeners[0].tls->certificate.acm = appmesh::VirtualGatewayListenerTlsAcmCertificate{"arn:c"};
  put(all.gateways, gate);
  MeshTls tls;
  EXPECT_TRUE(compile_mesh(all, MeshClaims(all), {}, {}, kHere, tls).at_host.empty());
  tls.certificates["arn:c"] = "/state/certificates/c/0";
  const auto mesh = compile_mesh(all, MeshClaims(all), {}, {}, kHere, tls);
  ASSERT_EQ(mesh.at_host.size(), 1u);
  EXPECT_EQ(mesh.at_host[0].tls->certificates,
            (std::vector<route::Certificate>{{"/state/certificates/c/0.crt", "/state/certificates/c/0.key"}}));
}

TEST(MeshGateways, limit_what_they_bring_to_each_pool) {
  auto all = documents("http");
  put_gateway(all, "gate", {80}, 1, 7);
  auto gate = *all.gateways.begin()->second;
  const auto limits = [&](const appmesh::VirtualGatewayConnectionPool& pool) {
    gate.spec.listeners[0].connectionPool = pool;
    put(all.gateways, gate);
    return *find(compile_all(all).listeners, kGates + "gate:80")->pool_limits;
  };
  EXPECT_EQ(limits({.http = appmesh::VirtualGatewayHttpConnectionPool{3, 4}}),
            (route::PoolLimits{.connections = 3, .pending = 4}));
  EXPECT_EQ(limits({.http = appmesh::VirtualGatewayHttpConnectionPool{3, {}}}), (route::PoolLimits{.connections = 3}));
  EXPECT_EQ(limits({.http2 = appmesh::VirtualGatewayHttp2ConnectionPool{5}}),
            (route::PoolLimits{.requests = 5, .pending = 0}));
  EXPECT_EQ(limits({.grpc = appmesh::VirtualGatewayGrpcConnectionPool{6}}),
            (route::PoolLimits{.requests = 6, .pending = 0}));
}

TEST(MeshGateways, bring_their_requests_from_an_address_where_they_have_a_policy) {
  auto all = documents("http");
  put_gateway(all, "gate", {80}, 1, 7);
  put_route(all, "in", inward("/"));
  auto gate = *all.gateways.begin()->second;
  EXPECT_EQ(gateway_source(all, gate, kHere), std::nullopt);
  auto& policy = gate.spec.backendDefaults.emplace().clientPolicy.emplace().tls.emplace();
  policy.validation.trust.file = appmesh::VirtualGatewayTlsValidationContextFileTrust{"/a"};
  put(all.gateways, gate);
  EXPECT_EQ(gateway_source(all, gate, kHere), "127.72.0.7");
  EXPECT_EQ(find(compile_all(all).listeners, kGates + "gate:80")->rules.at(0).action,
            route::Action(route::Enter{kService + ":8080", "127.72.0.7"}));
  std::erase_if(all.addresses, [](const auto& each) { return each.second->service == gateway_place("gate"); });
  EXPECT_EQ(compile_all(all).at_host.at(0).rules.at(0).action, route::Action(route::Forward{}))
      << "without a number it could not be held to its policy";
}

TEST(MeshGateways, have_numbers_as_services_do) {
  auto all = documents();
  put_gateway(all, "gate", {80}, 1);
  auto numbers = number_services(all);
  ASSERT_EQ(numbers.given.size(), 1u);
  EXPECT_EQ(numbers.given[0].service, "virtualGateway/gate");
  put(all.addresses, numbers.given[0]);
  EXPECT_TRUE(number_services(all).given.empty());
  EXPECT_TRUE(number_services(all).free.empty());
  EXPECT_FALSE(numbers_by_name(all).contains("virtualgateway/gate"));
  all.gateways.clear();
  EXPECT_TRUE(number_services(all).free.empty()) << "its number is kept for its name";
  put_gateway(all, "gate", {80}, 2);
  EXPECT_TRUE(number_services(all).given.empty());
}

TEST(MeshGateways, are_what_the_ports_of_their_tasks_lead_to) {
  auto all = documents();
  put_gateway(all, "gate", {80, 9080}, 1, 7);
  model::ecs::ContainerDefinition envoy{.name = "envoy", .image = "envoy:1"};
  envoy.environment = {{.name = "APPMESH_RESOURCE_ARN", .value = kGates + "gate"}};
  envoy.portMappings = {{.containerPort = 80}, {.containerPort = 9080}, {.containerPort = 9901}};
  model::ecs::TaskDefinition definition;
  definition.containerDefinitions = {envoy};
  definition.networkMode = "awsvpc";
  auto spec = task_spec("t", definition);
  ASSERT_TRUE(spec.containers[0].own_program) << "its image is not needed";
  ASSERT_TRUE(lead_to_gateways(all, kHere, kScope, spec));
  EXPECT_EQ(spec.containers[0].command,
            (std::vector<std::string>{"sidecar", "--relay", "80", "127.72.0.7:8080", "169.254.176.7:8080", "--relay",
                                      "9080", "127.72.0.7:9080", "169.254.176.7:9080"}));
  EXPECT_EQ(spec.containers[0].ports.at(1).host_port, 0);
  definition.networkMode = "host";
  spec = task_spec("t", definition);
  EXPECT_EQ(spec.containers[0].ports.at(1).host_port, 9080);
  ASSERT_TRUE(lead_to_gateways(all, kHere, kScope, spec));
  EXPECT_EQ(spec.containers[0].ports.at(1).host_port, 0) << "the gateway itself is at 9080";
  EXPECT_EQ(spec.containers[0].ports.at(0).host_port, 80) << "it is at 8080, not at 80";
  for (const bool numbered : {true, false}) {
    auto others = all;
    numbered ? others.gateways.clear() : others.addresses.clear();
    spec = task_spec("t", definition);
    const auto led = lead_to_gateways(others, kHere, kScope, spec);
    ASSERT_FALSE(led);
    EXPECT_EQ(led.error().message, "there is no virtual gateway mesh/m/virtualGateway/gate");
  }
}

}  // namespace
}  // namespace weir::control::test_mesh
