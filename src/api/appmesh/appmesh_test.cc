#include <fmt/format.h>

#include <limits>

#include "api/appmesh/actions.h"
#include "api/appmesh/spec_rules.h"
#include "api/limits.h"
#include "api/test_world.h"
#include "model/mesh_documents.h"

namespace weir::api {
namespace {

constexpr const char* kNode = R"("spec":{"listeners":[{"portMapping":{"port":8080,"protocol":"http"}}],
    "serviceDiscovery":{"dns":{"hostname":"127.0.0.1"}}})";

class AppMesh : public TestWorld {
 protected:
  AppMesh() { appmesh::add_actions(table, proxies); }
  struct Followers final : appmesh::Proxies {
    bool run(std::int64_t revision) const override { return revision <= have; }
    std::int64_t have = std::numeric_limits<std::int64_t>::max();
  };
  Followers proxies;

  Json mesh(const char* operation, const std::string& request) { return expect_reply("appmesh", operation, request); }
  void refused(const char* operation, const std::string& request, const char* code, const char* message = "") {
    expect_refused("appmesh", operation, {request.c_str(), code, message});
  }
  void bad(const char* operation, const std::string& request, const char* message) {
    refused(operation, request, "BadRequestException", message);
  }

  // A mesh "shop" with the nodes "blue" and "green", and a router "router" of HTTP on port 80.
  void make_shop() {
    mesh("CreateMesh", R"({"meshName":"shop"})");
    for (const char* name : {"blue", "green"}) mesh("CreateVirtualNode", node(name));
    mesh("CreateVirtualRouter", router("router"));
  }
  static std::string node(const std::string& name, const std::string& spec = kNode) {
    return fmt::format(R"({{"meshName":"shop","virtualNodeName":"{}",{}}})", name, spec);
  }
  static std::string listeners(const std::string& list) {
    return fmt::format(R"("spec":{{"listeners":[{}],"serviceDiscovery":{{"dns":{{"hostname":"h"}}}}}})", list);
  }
  static std::string router(const std::string& name,
                            const std::string& list = R"({"portMapping":{"port":80,"protocol":"http"}})") {
    return fmt::format(R"({{"meshName":"shop","virtualRouterName":"{}","spec":{{"listeners":[{}]}}}})", name, list);
  }
  static std::string route(const std::string& name, const std::string& spec) {
    return fmt::format(R"({{"meshName":"shop","virtualRouterName":"router","routeName":"{}","spec":{}}})", name, spec);
  }
  static std::string http_route(const std::string& targets, const std::string& match = R"("prefix":"/")",
                                const std::string& more = "") {
    return fmt::format(R"({{"httpRoute":{{"match":{{{}}},"action":{{"weightedTargets":[{}]}}{}}}}})", match, targets,
                       more);
  }
  static std::string to(const std::string& node, int weight = 1) {
    return fmt::format(R"({{"virtualNode":"{}","weight":{}}})", node, weight);
  }
  static std::string service(const std::string& name, const std::string& spec) {
    return fmt::format(R"({{"meshName":"shop","virtualServiceName":"{}","spec":{}}})", name, spec);
  }
  static std::string gateway(const std::string& listener = R"("portMapping":{"port":80,"protocol":"http"})",
                             const std::string& more = "") {
    return fmt::format(R"({{"meshName":"shop","virtualGatewayName":"gate","spec":{{"listeners":[{{{}}}]{}}}}})",
                       listener, more);
  }
  static std::string gateway_route(const std::string& target, const std::string& match = R"("prefix":"/")",
                                   const std::string& rewrite = "") {
    return fmt::format(R"({{"meshName":"shop","virtualGatewayName":"gate","gatewayRouteName":"in","spec":{{
                           "httpRoute":{{"match":{{{}}},"action":{{"target":{{{}}}{}}}}}}}}})",
                       match, target, rewrite);
  }
  static std::string to_service(const std::string& name) {
    return fmt::format(R"("virtualService":{{"virtualServiceName":"{}"}})", name);
  }
  std::string at(const std::string& names) { return fmt::format(R"({{"meshName":"shop",{}}})", names); }
};

TEST_F(AppMesh, a_mesh_is_created_described_updated_listed_and_deleted) {
  const Json made = mesh("CreateMesh", R"({"meshName":"shop","spec":{"egressFilter":{"type":"DROP_ALL"}}})")["mesh"];
  const Json& metadata = made["metadata"];
  EXPECT_EQ(metadata["arn"].as_string(), "arn:aws:appmesh:eu-central-1:000000000000:mesh/shop");
  EXPECT_EQ(metadata["uid"].as_string().size(), 36u);
  EXPECT_EQ(metadata["meshOwner"].as_string(), "000000000000");
  EXPECT_EQ(metadata["version"].as_int(), 1);
  EXPECT_EQ(made["status"]["status"].as_string(), "ACTIVE");
  EXPECT_EQ(mesh("DescribeMesh", R"({"meshName":"shop"})")["mesh"], made);

  clock.advance(std::chrono::seconds(5));
  const Json changed =
      mesh("UpdateMesh", R"({"meshName":"shop","spec":{"egressFilter":{"type":"ALLOW_ALL"}}})")["mesh"];
  EXPECT_EQ(changed["metadata"]["version"].as_int(), 2);
  EXPECT_EQ(changed["metadata"]["uid"], metadata["uid"]);
  EXPECT_EQ(changed["metadata"]["createdAt"], metadata["createdAt"]);
  EXPECT_NE(changed["metadata"]["lastUpdatedAt"], metadata["createdAt"]);
  EXPECT_EQ(changed["spec"]["egressFilter"]["type"].as_string(), "ALLOW_ALL");

  const Json listed = mesh("ListMeshes", "{}")["meshes"];
  ASSERT_EQ(listed.items().size(), 1u);
  EXPECT_EQ(listed.items()[0]["meshName"].as_string(), "shop");
  EXPECT_EQ(listed.items()[0]["version"].as_int(), 2);

  const Json gone = mesh("DeleteMesh", R"({"meshName":"shop"})")["mesh"];
  EXPECT_EQ(gone["status"]["status"].as_string(), "DELETED");
  refused("DescribeMesh", R"({"meshName":"shop"})", "NotFoundException", "Mesh with name shop");
}

TEST_F(AppMesh, a_resource_is_active_once_the_proxies_run_it_as_it_is) {
  const auto status = [](const Json& reply) { return reply["mesh"]["status"]["status"].as_string(); };
  const char *kShop = R"({"meshName":"shop"})",
             *kOpen = R"({"meshName":"shop","spec":{"egressFilter":{"type":"ALLOW_ALL"}}})";
  proxies.have = -1;
  EXPECT_EQ(status(mesh("CreateMesh", kShop)), "INACTIVE");
  EXPECT_EQ(status(mesh("DescribeMesh", kShop)), "INACTIVE");
  proxies.have = store.revision();
  EXPECT_EQ(status(mesh("DescribeMesh", kShop)), "ACTIVE");
  EXPECT_EQ(status(mesh("UpdateMesh", kOpen)), "INACTIVE");
  EXPECT_EQ(status(mesh("DescribeMesh", kShop)), "INACTIVE");
  mesh("CreateMesh", R"({"meshName":"another"})");
  proxies.have = store.revision() - 1;
  EXPECT_EQ(status(mesh("DescribeMesh", kShop)), "ACTIVE") << "what came after it is of no matter to it";
  EXPECT_EQ(status(mesh("DescribeMesh", R"({"meshName":"another"})")), "INACTIVE");
  EXPECT_EQ(status(mesh("DeleteMesh", kShop)), "DELETED");
}

TEST_F(AppMesh, arns_name_the_way_to_a_resource) {
  make_shop();
  mesh("CreateRoute", route("all", http_route(to("blue"))));
  mesh("CreateVirtualService",
       service("cart.local", R"({"provider":{"virtualRouter":{"virtualRouterName":"router"}}})"));
  const std::string begin = "arn:aws:appmesh:eu-central-1:000000000000:mesh/shop/";
  const auto arn = [&](const char* list, const char* member, const std::string& request) {
    const Json found = mesh(list, request)[member];
    return found.items().empty() ? "" : found.items().back()["arn"].as_string();
  };
  EXPECT_EQ(arn("ListVirtualNodes", "virtualNodes", R"({"meshName":"shop"})"), begin + "virtualNode/green");
  EXPECT_EQ(arn("ListVirtualRouters", "virtualRouters", R"({"meshName":"shop"})"), begin + "virtualRouter/router");
  EXPECT_EQ(arn("ListRoutes", "routes", at(R"("virtualRouterName":"router")")),
            begin + "virtualRouter/router/route/all");
  EXPECT_EQ(arn("ListVirtualServices", "virtualServices", R"({"meshName":"shop"})"),
            begin + "virtualService/cart.local");
}

TEST_F(AppMesh, what_is_described_of_a_route_is_what_an_update_takes) {
  make_shop();
  const std::string more = R"(,"retryPolicy":{"maxRetries":2,"perRetryTimeout":{"unit":"ms","value":500},
      "httpRetryEvents":["gateway-error"],"tcpRetryEvents":["connection-error"]},
      "timeout":{"idle":{"unit":"s","value":10},"perRequest":{"unit":"s","value":3}})";
  const std::string match = R"("path":{"regex":"/v[0-9]+"},"method":"GET","headers":[{"name":"x","invert":true,
      "match":{"range":{"start":1,"end":9}}},{"name":"y"}],"queryParameters":[{"name":"q","match":{"exact":"1"}}])";
  mesh("CreateRoute", route("all", http_route(to("blue", 100), match, more)));
  const Json spec = mesh("DescribeRoute", at(R"("virtualRouterName":"router","routeName":"all")"))["route"]["spec"];
  const Json again = mesh("UpdateRoute", route("all", spec.dump()))["route"];
  EXPECT_EQ(again["spec"].dump(), spec.dump());
  EXPECT_EQ(again["metadata"]["version"].as_int(), 2);
}

TEST_F(AppMesh, a_repeated_call_with_its_token_is_made_once) {
  const std::string create = R"({"meshName":"shop","clientToken":"one"})";
  const Json made = mesh("CreateMesh", create)["mesh"];
  const auto revision = store.revision();
  EXPECT_EQ(mesh("CreateMesh", create)["mesh"], made);
  EXPECT_EQ(store.revision(), revision);
  refused("CreateMesh", R"({"meshName":"shop","clientToken":"two"})", "ConflictException", "already exists");
  refused("CreateMesh", R"({"meshName":"shop"})", "ConflictException", "Mesh with name shop already exists");

  const std::string update = R"({"meshName":"shop","clientToken":"u","spec":{"egressFilter":{"type":"ALLOW_ALL"}}})";
  EXPECT_EQ(mesh("UpdateMesh", update)["mesh"]["metadata"]["version"].as_int(), 2);
  EXPECT_EQ(mesh("UpdateMesh", update)["mesh"]["metadata"]["version"].as_int(), 2);
  refused("UpdateMesh", R"({"meshName":"shop","clientToken":"u","spec":{"egressFilter":{"type":"DROP_ALL"}}})",
          "ConflictException", "client token");
  bad("UpdateMesh", R"({"meshName":"shop","clientToken":"a b"})", "clientToken");
}

TEST_F(AppMesh, what_a_spec_names_has_to_be_there) {
  make_shop();
  refused("CreateRoute", route("r", http_route(to("red"))), "NotFoundException",
          "VirtualNode with name red is missing");
  refused("CreateVirtualService", service("s", R"({"provider":{"virtualNode":{"virtualNodeName":"red"}}})"),
          "NotFoundException", "VirtualNode with name red is missing");
  refused("CreateVirtualService", service("s", R"({"provider":{"virtualRouter":{"virtualRouterName":"red"}}})"),
          "NotFoundException", "VirtualRouter with name red is missing");
  refused("CreateVirtualNode", R"({"meshName":"none","virtualNodeName":"n","spec":{}})", "NotFoundException",
          "Mesh with name none");
  refused("DescribeVirtualNode", R"({"meshName":"shop","virtualNodeName":"red"})", "NotFoundException",
          "VirtualNode with name red is not present under mesh shop for account 000000000000");
  refused("ListRoutes", at(R"("virtualRouterName":"none")"), "NotFoundException", "VirtualRouter with name none");
  refused("DescribeMesh", R"({"meshName":"shop","meshOwner":"111111111111"})", "NotFoundException", "111111111111");
  mesh("DescribeMesh", R"({"meshName":"shop","meshOwner":"000000000000"})");
  mesh("CreateVirtualNode",
       node("caller", R"("spec":{"backends":[{"virtualService":{"virtualServiceName":"later"}}]})"));
}

TEST_F(AppMesh, what_is_in_use_stays) {
  make_shop();
  mesh("CreateRoute", route("all", http_route(to("blue"))));
  mesh("CreateVirtualService", service("cart", R"({"provider":{"virtualRouter":{"virtualRouterName":"router"}}})"));
  mesh("CreateVirtualService", service("direct", R"({"provider":{"virtualNode":{"virtualNodeName":"green"}}})"));
  mesh("CreateVirtualGateway", gateway());
  mesh("CreateGatewayRoute", gateway_route(to_service("cart")));
  const struct {
    const char* operation;
    const char* names;
    const char* message;
  } kRows[] = {
      {"DeleteVirtualNode", R"("virtualNodeName":"blue")", "because it is the target of one or more routes"},
      {"DeleteVirtualNode", R"("virtualNodeName":"green")", "because it is a VirtualService provider"},
      {"DeleteVirtualRouter", R"("virtualRouterName":"router")", "because it is a VirtualService provider"},
      {"DeleteVirtualService", R"("virtualServiceName":"cart")", "GATEWAY_ROUTE: [in]"},
      {"DeleteVirtualGateway", R"("virtualGatewayName":"gate")", "active gateway routes"},
  };
  for (const auto& row : kRows) refused(row.operation, at(row.names), "ResourceInUseException", row.message);
  refused("DeleteMesh", R"({"meshName":"shop"})", "ResourceInUseException", "has active VirtualServices");

  mesh("DeleteGatewayRoute", at(R"("virtualGatewayName":"gate","gatewayRouteName":"in")"));
  refused("DeleteMesh", R"({"meshName":"shop"})", "ResourceInUseException", "has active VirtualServices");
  for (const char* name : {"cart", "direct"}) {
    mesh("DeleteVirtualService", at(fmt::format(R"("virtualServiceName":"{}")", name)));
  }
  refused("DeleteMesh", R"({"meshName":"shop"})", "ResourceInUseException", "has active VirtualGateways");
  mesh("DeleteVirtualGateway", at(R"("virtualGatewayName":"gate")"));
  refused("DeleteMesh", R"({"meshName":"shop"})", "ResourceInUseException", "has active VirtualRouters");
  refused("DeleteVirtualRouter", at(R"("virtualRouterName":"router")"), "ResourceInUseException", "active routes");
  mesh("DeleteRoute", at(R"("virtualRouterName":"router","routeName":"all")"));
  mesh("DeleteVirtualRouter", at(R"("virtualRouterName":"router")"));
  refused("DeleteMesh", R"({"meshName":"shop"})", "ResourceInUseException", "has active VirtualNodes");
  for (const char* name : {"blue", "green"}) {
    mesh("DeleteVirtualNode", at(fmt::format(R"("virtualNodeName":"{}")", name)));
  }
  mesh("DeleteMesh", R"({"meshName":"shop"})");
}

TEST_F(AppMesh, a_route_that_is_none_is_refused_by_its_member) {
  make_shop();
  const std::string target = to("blue");
  const auto matched = [&](const char* match) { return route("r", http_route(target, match)); };
  const auto with = [&](const char* more) { return route("r", http_route(target, R"("prefix":"/")", more)); };
  bad("CreateRoute", route("r", "{}"), "exactly one of grpcRoute, http2Route, httpRoute, tcpRoute");
  bad("CreateRoute", route("r", R"({"tcpRoute":{"action":{"weightedTargets":[]}},"httpRoute":{"match":{},"action":
      {"weightedTargets":[]}}})"),
      "exactly one of");
  bad("CreateRoute", matched(R"("prefix":"/","path":{"exact":"/"})"), "spec.httpRoute.match: only one of prefix, path");
  bad("CreateRoute", matched(R"("prefix":"x")"), "spec.httpRoute.match.prefix: it must start with /");
  bad("CreateRoute", matched(R"("path":{"exact":"/","regex":"/"})"), "spec.httpRoute.match.path: exactly one of");
  bad("CreateRoute", matched(R"("path":{"regex":"("})"), "spec.httpRoute.match.path.regex");
  bad("CreateRoute", matched(R"("headers":[{"name":"a","match":{"exact":"1","prefix":"1"}}])"),
      "spec.httpRoute.match.headers[0].match: exactly one of");
  bad("CreateRoute", matched(R"("headers":[{"name":"a","match":{"range":{"start":2,"end":2}}}])"),
      "spec.httpRoute.match.headers[0].match.range: start must be less than end");
  bad("CreateRoute", matched(R"("queryParameters":[{"name":""}])"), "spec.httpRoute.match.queryParameters[0].name");
  bad("CreateRoute", matched(R"("port":81)"), "VirtualRouter router has no listener with port 81");
  bad("CreateRoute", route("r", http_route(target + "," + target)), "blue is there twice");
  bad("CreateRoute", route("r", http_route(R"({"virtualNode":"blue","weight":1,"port":81})")),
      "VirtualNode blue has no listener with port 81");
  bad("CreateRoute", with(R"(,"retryPolicy":{"maxRetries":1,"perRetryTimeout":{"unit":"s","value":1}})"),
      "spec.httpRoute.retryPolicy: at least one event");
  bad("CreateRoute", with(R"(,"retryPolicy":{"maxRetries":1,"perRetryTimeout":{"unit":"s","value":1},
      "httpRetryEvents":["any"]})"),
      "'any' is none of server-error");
  bad("CreateRoute", with(R"(,"retryPolicy":{"maxRetries":11,"perRetryTimeout":{"unit":"s","value":1},
      "httpRetryEvents":["server-error"]})"),
      "spec.httpRoute.retryPolicy.maxRetries");
  bad("CreateRoute", with(R"(,"timeout":{"idle":{"value":1}})"), "spec.httpRoute.timeout.idle: unit and value");
  bad("CreateRoute", route("r", R"({"grpcRoute":{"match":{"methodName":"m"},"action":{"weightedTargets":[]}}})"),
      "spec.grpcRoute.match.methodName: serviceName must be specified too");
  bad("CreateRoute", route("r", R"({"tcpRoute":{"action":{"weightedTargets":[{"virtualNode":"blue","weight":1}]}}})"),
      "tcpRoute does not fit the protocol http of the listener with port 80");
  bad("CreateRoute", route("a/b", http_route(target)), "Route name 'a/b'");
  mesh("CreateRoute", route("zero", http_route(to("blue", 0) + "," + to("green", 0))));
}

TEST_F(AppMesh, a_node_that_is_none_is_refused_by_its_member) {
  make_shop();
  const std::string mapping = R"("portMapping":{"port":80,"protocol":"http"})";
  const auto listening = [&](const std::string& more) { return node("n", listeners("{" + mapping + more + "}")); };
  bad("CreateVirtualNode", node("n", R"("spec":{"serviceDiscovery":{"dns":{"hostname":"h"}}})"),
      "Service Discovery can't be set without a listener.");
  bad("CreateVirtualNode", node("n", R"("spec":{"listeners":[{"portMapping":{"port":1,"protocol":"http"}}]})"),
      "A listener can't be set without Service Discovery.");
  bad("CreateVirtualNode", node("n", listeners("{" + mapping + "},{" + mapping + "}")), "two listeners have port 80");
  bad("CreateVirtualNode", listening(R"(,"connectionPool":{"grpc":{"maxRequests":1}})"),
      "spec.listeners[0].connectionPool: exactly http, the listener's protocol");
  bad("CreateVirtualNode", listening(R"(,"timeout":{"http":{},"grpc":{}})"), "spec.listeners[0].timeout: exactly http");
  bad("CreateVirtualNode", listening(R"(,"timeout":{"http":{"idle":{"unit":"s"}}})"),
      "spec.listeners[0].timeout.http.idle: unit and value");
  bad("CreateVirtualNode", listening(R"(,"healthCheck":{"healthyThreshold":2,"unhealthyThreshold":2,"protocol":"http",
      "intervalMillis":5000,"timeoutMillis":2000,"port":81})"),
      "spec.listeners[0].healthCheck.port: it must be the listener's, 80");
  bad("CreateVirtualNode", listening(R"(,"outlierDetection":{"interval":{"unit":"s","value":1},
      "baseEjectionDuration":{},"maxEjectionPercent":50,"maxServerErrors":5})"),
      "spec.listeners[0].outlierDetection.baseEjectionDuration: unit and value");
  bad("CreateVirtualNode", node("n", R"("spec":{"listeners":[{"portMapping":{"port":1,"protocol":"http"}}],
      "serviceDiscovery":{}})"),
      "spec.serviceDiscovery: exactly one of awsCloudMap, dns");
  bad("CreateVirtualNode", node("n", R"("spec":{"backends":[{"virtualService":{"virtualServiceName":"a"}},
      {"virtualService":{"virtualServiceName":"a"}}]})"),
      "spec.backends: a is there twice");
  bad("CreateVirtualService", service("s", R"({"provider":{}})"), "spec.provider: exactly one of virtualNode");
}

TEST_F(AppMesh, tls_of_listeners_and_policies_names_what_is_wrong_with_it) {
  make_shop();
  const auto listening = [](const std::string& tls) {
    return node("n", listeners(R"({"portMapping":{"port":80,"protocol":"http"},"tls":{)" + tls + "}}"));
  };
  const auto calling = [](const std::string& tls) {
    return node("n", R"("spec":{"backendDefaults":{"clientPolicy":{"tls":{)" + tls + "}}}}");
  };
  const std::string file = R"("certificate":{"file":{"certificateChain":"/c","privateKey":"/k"}})";
  mesh("CreateVirtualNode", listening(R"("mode":"STRICT",)" + file));
  const auto listens_badly = [&](const std::string& tls, const char* message) {
    bad("UpdateVirtualNode", listening(tls), message);
  };
  listens_badly(R"("mode":"STRICT","certificate":{})",
                "spec.listeners[0].tls.certificate: exactly one of acm, file, sds");
  listens_badly(R"("mode":"STRICT","certificate":{"sds":{"secretName":"s"}})",
                "'spec.listeners[0].tls.certificate.sds' is not supported by Weir");
  listens_badly(R"("mode":"STRICT","validation":{"trust":{}},)" + file,
                "spec.listeners[0].tls.validation.trust: exactly one of file, sds");
  listens_badly(R"("mode":"STRICT","validation":{"trust":{"file":{"certificateChain":"/c"}},
                    "subjectAlternativeNames":{"match":{"exact":["*.a.test"]}}},)" +
                    file,
                "wildcards are not supported: *.a.test");
  const std::string arn = "arn:aws:acm:eu-central-1:000000000000:certificate/none";
  listens_badly(R"("mode":"STRICT","certificate":{"acm":{"certificateArn":")" + arn + R"("}})",
                "spec.listeners[0].tls.certificate.acm.certificateArn: there is no certificate arn:aws:acm");
  const auto calls_badly = [&](const std::string& tls, const char* message) {
    bad("UpdateVirtualNode", calling(tls), message);
  };
  mesh("UpdateVirtualNode", calling(R"("validation":{"trust":{"file":{"certificateChain":"/c"}}})"));
  calls_badly(R"("validation":{"trust":{}})",
              "spec.backendDefaults.clientPolicy.tls.validation.trust: exactly one of acm, file, sds");
  calls_badly(R"("validation":{"trust":{"acm":{"certificateAuthorityArns":["arn:aws:acm-pca:eu-central-1:1:a/b"]}}})",
              "'spec.backendDefaults.clientPolicy.tls.validation.trust.acm' is not supported by Weir");
  calls_badly(R"("validation":{"trust":{"file":{"certificateChain":"/c"}}},"certificate":{"sds":{"secretName":"s"}})",
              "'spec.backendDefaults.clientPolicy.tls.certificate.sds' is not supported by Weir");
}

TEST_F(AppMesh, access_logs_name_what_is_not_known) {
  make_shop();
  const auto logging = [](const std::string& format) {
    return node("n", R"("spec":{"logging":{"accessLog":{"file":{"path":"/dev/stdout","format":{)" + format + "}}}}}");
  };
  mesh("CreateVirtualNode", logging(R"("text":"%PROTOCOL% %REQ(X-A):10%")"));
  bad("UpdateVirtualNode", logging(R"("text":"%NONSENSE%")"),
      "spec.logging.accessLog.file.format.text: %NONSENSE% is not known here");
  bad("UpdateVirtualNode", logging(R"("json":[{"key":"a","value":"%TRAILER(b)%"}])"),
      "spec.logging.accessLog.file.format.json: %TRAILER(b)% is not known here");
  bad("UpdateVirtualNode", logging(""), "spec.logging.accessLog.file.format: exactly one of json, text");
  mesh("UpdateVirtualNode", logging(R"("json":[{"key":"a","value":"%RESPONSE_CODE%"}])"));
}

TEST_F(AppMesh, ports_have_to_be_said_where_there_are_several) {
  make_shop();
  const std::string two =
      R"({"portMapping":{"port":80,"protocol":"http"}},{"portMapping":{"port":81,"protocol":"grpc"}})";
  mesh("CreateRoute", route("all", http_route(to("blue"))));
  bad("UpdateVirtualRouter", router("router", two), "Route must define a port match criteria");
  bad("UpdateVirtualRouter", router("router", R"({"portMapping":{"port":80,"protocol":"tcp"}})"),
      "httpRoute does not fit the protocol tcp");
  bad("UpdateVirtualNode", node("blue", listeners(two)), "Route must define a port for the target blue");
  mesh("UpdateVirtualNode", node("green", listeners(two)));
  bad("UpdateRoute", route("all", http_route(to("green"))), "Route must define a port for the target green");
  mesh("UpdateRoute", route("all", http_route(R"({"virtualNode":"green","weight":1,"port":81})", R"("port":80)")));
  mesh("UpdateVirtualRouter", router("router", two));
}

TEST_F(AppMesh, pages_go_on_after_the_last_one_shown) {
  make_shop();
  for (int i = 0; i < 5; ++i) mesh("CreateVirtualNode", node(fmt::format("n{}", i)));
  std::vector<std::string> names;
  std::string token;
  do {
    const Json page =
        mesh("ListVirtualNodes", at(R"("limit":3)" + (token.empty() ? "" : R"(,"nextToken":")" + token + '"')));
    for (const auto& one : page["virtualNodes"].items()) names.push_back(one["virtualNodeName"].as_string());
    token = page["nextToken"].as_string();
  } while (!token.empty());
  EXPECT_EQ(names, (std::vector<std::string>{"blue", "green", "n0", "n1", "n2", "n3", "n4"}));
  bad("ListVirtualNodes", at(R"("nextToken":"nonsense")"), "nextToken");
}

TEST_F(AppMesh, tags_are_kept_at_every_kind_of_resource) {
  make_shop();
  mesh("CreateRoute", route("all", http_route(to("blue"))));
  for (const char* path : {"mesh/shop", "mesh/shop/virtualNode/blue", "mesh/shop/virtualRouter/router/route/all"}) {
    const std::string arn = std::string("arn:aws:appmesh:eu-central-1:000000000000:") + path;
    const auto tag = [&](const std::string& tags) {
      return fmt::format(R"({{"resourceArn":"{}","tags":[{}]}})", arn, tags);
    };
    mesh("TagResource", tag(R"({"key":"a","value":"1"},{"key":"b","value":""})"));
    mesh("TagResource", tag(R"({"key":"a","value":"2"})"));
    mesh("UntagResource", fmt::format(R"({{"resourceArn":"{}","tagKeys":["b","none"]}})", arn));
    EXPECT_EQ(mesh("ListTagsForResource", fmt::format(R"({{"resourceArn":"{}"}})", arn))["tags"].dump(),
              R"([{"key":"a","value":"2"}])");
    std::string many;
    for (std::size_t i = 0; i < kMaxTags; ++i) many += fmt::format(R"({}{{"key":"k{}","value":"v"}})", i ? "," : "", i);
    refused("TagResource", tag(many), "TooManyTagsException");
    bad("TagResource", tag(R"({"key":"aws:a","value":"2"})"), "aws:");
    bad("TagResource", tag(R"({"key":"a","value":"2"},{"key":"a","value":"2"})"), "twice");
  }
  const char* kNone = R"({"resourceArn":"arn:aws:appmesh:eu-central-1:000000000000:mesh/shop/virtualNode/red"})";
  refused("ListTagsForResource", kNone, "NotFoundException");
  for (const char* arn : {"shop", "arn:aws:ecs:eu-central-1:000000000000:mesh/shop",
                          "arn:aws:appmesh:eu-central-1:000000000000:mesh/shop/thing/red",
                          "arn:aws:appmesh:eu-central-1:000000000000:mesh/shop/virtualRouter/r/route/a/x/y"}) {
    bad("ListTagsForResource", fmt::format(R"({{"resourceArn":"{}"}})", arn), "is no ARN of a resource of App Mesh");
  }
}

TEST_F(AppMesh, a_gateway_and_its_routes_are_kept_and_shown) {
  make_shop();
  mesh("CreateRoute", route("all", http_route(to("blue"))));
  mesh("CreateVirtualService", service("cart", R"({"provider":{"virtualRouter":{"virtualRouterName":"router"}}})"));
  const Json made = mesh("CreateVirtualGateway", gateway())["virtualGateway"];
  EXPECT_EQ(made["metadata"]["arn"].as_string(),
            "arn:aws:appmesh:eu-central-1:000000000000:mesh/shop/virtualGateway/gate");
  EXPECT_EQ(mesh("DescribeVirtualGateway", at(R"("virtualGatewayName":"gate")"))["virtualGateway"], made);
  const Json inward = mesh("CreateGatewayRoute", gateway_route(to_service("cart")))["gatewayRoute"];
  EXPECT_EQ(inward["metadata"]["arn"].as_string(), made["metadata"]["arn"].as_string() + "/gatewayRoute/in");
  const char* kName = R"("virtualGatewayName":"gate","gatewayRouteName":"in")";
  EXPECT_EQ(mesh("DescribeGatewayRoute", at(kName))["gatewayRoute"], inward);
  EXPECT_EQ(mesh("ListGatewayRoutes", at(R"("virtualGatewayName":"gate")"))["gatewayRoutes"].items().size(), 1u);
  mesh("UpdateGatewayRoute", gateway_route(to_service("cart"), R"("prefix":"/a")"));
  EXPECT_EQ(mesh("DescribeGatewayRoute", at(kName))["gatewayRoute"]["metadata"]["version"].as_int(), 2);
}

TEST_F(AppMesh, a_gateway_leads_to_what_is_there_and_speaks_http) {
  make_shop();
  mesh("CreateVirtualNode", node("bytes", listeners(R"({"portMapping":{"port":90,"protocol":"tcp"}})")));
  mesh("CreateVirtualService", service("cart", R"({"provider":{"virtualNode":{"virtualNodeName":"blue"}}})"));
  mesh("CreateVirtualService", service("raw", R"({"provider":{"virtualNode":{"virtualNodeName":"bytes"}}})"));
  refused("CreateGatewayRoute", gateway_route(to_service("cart")), "NotFoundException", "gate");
  mesh("CreateVirtualGateway", gateway());
  refused("CreateGatewayRoute", gateway_route(to_service("none")), "NotFoundException",
          "VirtualService with name none is missing");
  bad("CreateGatewayRoute", gateway_route(to_service("cart") + R"(,"port":81)"), "is not reached on port 81");
  bad("CreateGatewayRoute", gateway_route(to_service("raw")), "has the protocol tcp on port 90");
  bad("CreateGatewayRoute", gateway_route(to_service("cart"), R"("prefix":"/","port":9)"),
      "has no listener with port 9");
  bad("CreateGatewayRoute", gateway_route(to_service("cart"), R"("prefix":"a")"),
      "spec.httpRoute.match.prefix: it must start with /");
  for (const char* value : {"/a b", "/a?b", "/a#b"}) {
    bad("CreateGatewayRoute",
        gateway_route(to_service("cart"), R"("prefix":"/")",
                      fmt::format(R"(,"rewrite":{{"prefix":{{"value":"{}"}}}})", value)),
        "spec.httpRoute.action.rewrite.prefix.value: it has a character that no path has");
  }
  EXPECT_TRUE(mesh("ListGatewayRoutes", at(R"("virtualGatewayName":"gate")"))["gatewayRoutes"].items().empty());
}

TEST_F(AppMesh, tls_of_gateways_names_what_is_wrong_with_it) {
  make_shop();
  const auto bad_tls = [&](const std::string& tls, const char* message) {
    bad("CreateVirtualGateway", gateway(R"("portMapping":{"port":80,"protocol":"http"},"tls":{)" + tls + "}"), message);
  };
  bad_tls(R"("mode":"STRICT","certificate":{})", "spec.listeners[0].tls.certificate: exactly one of acm, file, sds");
  bad_tls(R"("mode":"STRICT","certificate":{"sds":{"secretName":"s"}})",
          "'spec.listeners[0].tls.certificate.sds' is not supported by Weir");
  bad_tls(
      R"("mode":"STRICT","certificate":{"acm":{"certificateArn":"arn:aws:acm:eu-central-1:000000000000:certificate/none"}})",
      "spec.listeners[0].tls.certificate.acm.certificateArn: there is no certificate arn:aws:acm");
  const std::string file = R"("mode":"PERMISSIVE","certificate":{"file":{"certificateChain":"/a","privateKey":"/b"}})";
  bad_tls(file + R"(,"validation":{"trust":{}})", "spec.listeners[0].tls.validation.trust: exactly one of file, sds");
  bad_tls(file + R"(,"validation":{"trust":{"sds":{"secretName":"s"}}})",
          "'spec.listeners[0].tls.validation.trust.sds' is not supported by Weir");
  mesh("CreateVirtualGateway", gateway(R"("portMapping":{"port":80,"protocol":"http"},"tls":{)" + file + "}"));
}

TEST_F(AppMesh, what_a_gateway_cannot_do_is_refused_by_name) {
  make_shop();
  const std::string port = R"("portMapping":{"port":80,"protocol":"http"})";
  const auto policy = [](const std::string& tls) {
    return R"(,"backendDefaults":{"clientPolicy":{"tls":{)" + tls + "}}}";
  };
  const std::string path = "spec.backendDefaults.clientPolicy.tls";
  bad("CreateVirtualGateway",
      gateway(port,
              policy(R"("validation":{"trust":{"acm":{"certificateAuthorityArns":["arn:aws:acm-pca:a:1:b/c"]}}})")),
      ("'" + path + ".validation.trust.acm' is not supported by Weir").c_str());
  bad("CreateVirtualGateway", gateway(port, policy(R"("validation":{"trust":{}})")),
      (path + ".validation.trust: exactly one of acm, file, sds").c_str());
  const std::string trusted = R"("validation":{"trust":{"file":{"certificateChain":"/a"}}})";
  bad("CreateVirtualGateway", gateway(port, policy(trusted + R"(,"certificate":{"sds":{"secretName":"s"}})")),
      ("'" + path + ".certificate.sds' is not supported by Weir").c_str());
  bad("CreateVirtualGateway", gateway(port + R"(,"connectionPool":{"http2":{"maxRequests":1}})"),
      "spec.listeners[0].connectionPool: exactly http, the listener's protocol, must be specified");
  bad("CreateVirtualGateway", gateway(port, R"(,"logging":{"accessLog":{"file":{"path":"out"}}})"),
      "it must be an absolute path");
  EXPECT_TRUE(mesh("ListVirtualGateways", R"({"meshName":"shop"})")["virtualGateways"].items().empty());
  mesh("CreateVirtualGateway", gateway(port + R"(,"connectionPool":{"http":{"maxConnections":1}})", policy(trusted)));
}

TEST(AppMeshSpecs, a_gateway_route_keeps_to_what_belongs_together) {
  const auto message = [](const std::string& text) -> std::string {
    const Json json = MUST(Json::parse(text));
    const auto checked = appmesh::check_spec(MUST(from_json_shape<model::appmesh::GatewayRouteSpec>(json)));
    return checked ? "" : checked.error().message;
  };
  const auto route = [](const std::string& match, const std::string& rewrite) {
    return fmt::format(R"({{"httpRoute":{{"match":{{{}}},"action":{{"target":{{}},"rewrite":{{{}}}}}}}}})", match,
                       rewrite);
  };
  EXPECT_EQ(message(route(R"("prefix":"/a/")", R"("prefix":{"value":"/b/"})")), "");
  EXPECT_EQ(message(route(R"("path":{"exact":"/a"})", R"("path":{"exact":"/b"})")), "");
  EXPECT_NE(message("{}"), "");
  EXPECT_NE(message(route(R"("hostname":{"exact":"a","suffix":"b"})", "")), "");
  EXPECT_NE(message(route(R"("prefix":"/")", R"("path":{"exact":"/b"})")), "");
  EXPECT_NE(message(route(R"("path":{"exact":"/a"})", R"("prefix":{"value":"/b"})")), "");
  EXPECT_NE(message(route("", R"("prefix":{"value":"/b","defaultPrefix":"DISABLED"})")), "");
  EXPECT_NE(message(route("", R"("prefix":{"value":"b"})")), "");
}

TEST_F(AppMesh, there_are_limits) {
  make_shop();
  for (std::size_t i = 0; i < kMaxMeshRoutes; ++i) {
    mesh("CreateRoute", route(fmt::format("r{}", i), http_route(to("blue"))));
  }
  refused("CreateRoute", route("more", http_route(to("blue"))), "LimitExceededException", "50");
  std::string backends;
  for (std::size_t i = 0; i <= kMaxBackends; ++i) {
    backends += fmt::format(R"({}{{"virtualService":{{"virtualServiceName":"s{}"}}}})", i ? "," : "", i);
  }
  refused("CreateVirtualNode", node("n", fmt::format(R"("spec":{{"backends":[{}]}})", backends)),
          "LimitExceededException", "50 backends");
}

}  // namespace
}  // namespace weir::api
