// A mesh as the documents of a test: namespace echo.local with the service "server" of Cloud Map, mesh "m". For tests.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "control/mesh_documents.h"

namespace weir::control::test_mesh {

namespace appmesh = model::appmesh;
inline const model::Scope kScope{"000000000000", "eu-west-1"};

template <class D>
void put(SharedDocuments<D>& into, D document) {
  const std::string key = document.key();
  into[key] = std::make_shared<const D>(std::move(document));
}

template <class D>
D resource(const std::string& kind, const std::string& name, const std::string& parent = "") {
  D made;
  made.about.scope = kScope;
  made.about.mesh = "m";
  made.about.parent = parent;
  made.about.name = name;
  made.about.metadata.arn = "arn:aws:appmesh:eu-west-1:000000000000:mesh/m" + (kind.empty() ? "" : "/" + kind + name);
  return made;
}

using Attributes = std::vector<appmesh::AwsCloudMapInstanceAttribute>;

inline model::VirtualNode node(const std::string& name, Attributes attributes = {},
                               const std::string& speaks = "grpc") {
  auto made = resource<model::VirtualNode>("virtualNode/", name);
  appmesh::AwsCloudMapServiceDiscovery by;
  by.namespaceName = "echo.local";
  by.serviceName = "server";
  if (!attributes.empty()) by.attributes = std::move(attributes);
  made.spec.serviceDiscovery.emplace().awsCloudMap = std::move(by);
  appmesh::Listener listener;
  listener.portMapping = {.port = 8080, .protocol = speaks};
  made.spec.listeners = {listener};
  return made;
}

inline model::Route route(const std::string& name, appmesh::RouteSpec spec) {
  auto made = resource<model::Route>("virtualRouter/r/route/", name, "r");
  made.spec = std::move(spec);
  return made;
}

inline MeshDocuments documents(const std::string& speaks = "grpc") {
  MeshDocuments all;
  model::DiscoveryNamespace space;
  space.scope = kScope;
  space.id = "ns-1";
  space.name = "Echo.Local";
  put(all.namespaces, space);
  model::DiscoveryService service;
  service.scope = kScope;
  service.id = "srv-1";
  service.name = "server";
  service.name_space = "ns-1";
  put(all.discovery_services, service);
  put(all.meshes, resource<model::Mesh>("", "m"));
  put(all.nodes, node("old", {}, speaks));
  auto router = resource<model::VirtualRouter>("virtualRouter/", "r");
  router.spec.listeners = {{.portMapping = {.port = 8080, .protocol = speaks}}};
  put(all.routers, router);
  auto virtual_service = resource<model::VirtualService>("virtualService/", "server.echo.local");
  virtual_service.spec.provider.emplace().virtualRouter = appmesh::VirtualRouterServiceProvider{"r"};
  put(all.services, virtual_service);
  model::MeshAddress address;
  address.scope = kScope;
  address.mesh = "m";
  address.service = "server.echo.local";
  address.number = 3;
  put(all.addresses, address);
  return all;
}

inline const std::string kPools = "arn:aws:appmesh:eu-west-1:000000000000:mesh/m/virtualNode/";

}  // namespace weir::control::test_mesh
