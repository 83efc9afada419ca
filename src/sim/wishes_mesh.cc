// Wishes: meshes, as calls of App Mesh write them. Everything is in one mesh; a virtual service has a router and a
// route of its own.
#include <fmt/format.h>

#include "model/mesh_documents.h"
#include "sim/wishes.h"

namespace weir::sim {

namespace {

namespace appmesh = model::appmesh;

template <class D>
D in_mesh(const std::string& kind, const std::string& name, const std::string& parent = "") {
  D made;
  made.about.scope = kScope;
  made.about.mesh = kMesh;
  made.about.parent = parent;
  made.about.name = name;
  made.about.metadata.arn =
      fmt::format("arn:aws:appmesh:{}:{}:mesh/{}/{}{}", kScope.region, kScope.account, kMesh, kind, name);
  return made;
}

model::VirtualNode named_node(const std::string& name) { return in_mesh<model::VirtualNode>("virtualNode/", name); }

appmesh::PortMapping http_at(std::int32_t port) { return {.port = port, .protocol = "http"}; }

}  // namespace

std::string Wishes::pool_of_node(const std::string& name) {
  return fmt::format("{}:{}", named_node(name).about.metadata.arn, kNodePort);
}

void Wishes::create_mesh() {
  auto mesh = in_mesh<model::Mesh>("", "");
  mesh.about.name = kMesh;
  mesh.spec.egressFilter.emplace().type = "ALLOW_ALL";
  write(store::put(mesh, store::Expect::kAbsent));
}

void Wishes::put_node(const NodeWish& wish) {
  auto node = named_node(wish.name);
  auto& by = node.spec.serviceDiscovery.emplace().awsCloudMap.emplace();
  by.namespaceName = kNamespace;
  by.serviceName = wish.registry;
  if (!wish.service.empty()) by.attributes = {{.key = "ECS_SERVICE_NAME", .value = wish.service}};
  appmesh::Listener listener;
  listener.portMapping = http_at(kNodePort);
  listener.healthCheck = {.healthyThreshold = 2,
                          .intervalMillis = 1'000,
                          .path = "/",
                          .protocol = "http",
                          .timeoutMillis = 1'000,
                          .unhealthyThreshold = 2};
  node.spec.listeners = {listener};
  write(store::put(node, store::Expect::kAny));
}

void Wishes::delete_node(const std::string& name) {
  write({{model::VirtualNode::kKind, named_node(name).key()}, std::nullopt, store::Expect::kAny});
}

void Wishes::create_virtual_service(const std::string& name, std::int32_t port) {
  auto router = in_mesh<model::VirtualRouter>("virtualRouter/", name);
  router.spec.listeners = {{.portMapping = http_at(port)}};
  write(store::put(router, store::Expect::kAbsent));
  auto service = in_mesh<model::VirtualService>("virtualService/", name + "." + kNamespace);
  service.spec.provider.emplace().virtualRouter = appmesh::VirtualRouterServiceProvider{name};
  write(store::put(service, store::Expect::kAbsent));
}

void Wishes::delete_virtual_service(const std::string& name) {
  const auto service = in_mesh<model::VirtualService>("virtualService/", name + "." + kNamespace);
  write({{model::VirtualService::kKind, service.key()}, std::nullopt, store::Expect::kAny});
  const auto router = in_mesh<model::VirtualRouter>("virtualRouter/", name);
  write({{model::VirtualRouter::kKind, router.key()}, std::nullopt, store::Expect::kAny});
}

void Wishes::set_route(const std::string& router, const std::vector<NodeWeight>& weights) {
  auto route = in_mesh<model::Route>("virtualRouter/" + router + "/route/", "all", router);
  auto& http = route.spec.httpRoute.emplace();
  http.match.prefix = "/";
  for (const auto& each : weights)
    http.action.weightedTargets.push_back({.virtualNode = each.node, .weight = each.weight});
  write(store::put(route, store::Expect::kAny));
}

}  // namespace weir::sim
