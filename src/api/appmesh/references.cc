#include "api/appmesh/references.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "api/appmesh/errors.h"
#include "api/appmesh/route_view.h"
#include "api/appmesh/tls_rules.h"
#include "api/limits.h"
#include "model/certificate_documents.h"
#include "store/store.h"

namespace weir::api::appmesh {

namespace {

using model::MeshResource;
using store::Snapshot;

template <class D>
Result<std::vector<Snapshot<D>>> all_in_mesh(Context& context, const MeshResource& about) {
  return store::peek_all<D>(context.store, model::within_mesh(about.scope, about.mesh));
}

template <class D>
Result<std::optional<Snapshot<D>>> in_mesh(Context& context, const MeshResource& about, const std::string& name) {
  return store::peek<D>(context.store, model::within_mesh(about.scope, about.mesh) + name);
}

std::unexpected<Error> missing(const char* word, const std::string& name) {
  return not_found(fmt::format("{} with name {} is missing", word, name));
}

// --- ports ------------------------------------------------------------------------------------------------------

using Ports = std::vector<std::int32_t>;

template <class Listeners>
Ports ports_of(const Listeners& listeners) {
  Ports ports;
  for (const auto& one : listeners) ports.push_back(one.portMapping.port);
  return ports;
}

template <class Listener>
Ports ports_of(const std::optional<std::vector<Listener>>& listeners) {
  return listeners ? ports_of(*listeners) : Ports{};
}

// Whether a port, or none, picks one of the listeners without doubt.
bool picks(const Ports& ports, const std::optional<std::int32_t>& port) {
  return port ? std::ranges::find(ports, *port) != ports.end() : ports.size() <= 1;
}

Result<> check_target(const RouteView& route, const model::VirtualNode& node) {
  const auto ports = ports_of(node.spec.listeners);
  for (const auto& target : *route.targets) {
    if (target.virtualNode != node.about.name || picks(ports, target.port)) continue;
    if (target.port) {
      return bad_request(fmt::format("VirtualNode {} has no listener with port {}", node.about.name, *target.port));
    }
    return bad_request(
        fmt::format("Route must define a port for the target {}, which has multiple listeners", node.about.name));
  }
  return {};
}

Result<> check_port_match(const RouteView& route, const model::VirtualRouter& router) {
  const auto ports = ports_of(router.spec.listeners);
  if (picks(ports, route.port)) return {};
  if (!route.port) {
    return bad_request("Route must define a port match criteria if the Virtual Router has multiple listeners");
  }
  return bad_request(fmt::format("VirtualRouter {} has no listener with port {}", router.about.name, *route.port));
}

// A listener speaks one protocol: HTTP in either version and gRPC are requests, TCP is none.
Result<> check_protocol(const RouteView& route, const model::VirtualRouter& router) {
  if (!router.spec.listeners) return {};
  for (const auto& listener : *router.spec.listeners) {
    if (route.port && *route.port != listener.portMapping.port) continue;
    if ((listener.portMapping.protocol == "tcp") == route.tcp) continue;
    return bad_request(fmt::format("{} does not fit the protocol {} of the listener with port {} of VirtualRouter {}",
                                   route.member, listener.portMapping.protocol, listener.portMapping.port,
                                   router.about.name));
  }
  return {};
}

Result<> check_fits(const RouteView& route, const model::VirtualRouter& router) {
  TRY(check_port_match(route, router));
  return check_protocol(route, router);
}

using Mappings = std::vector<shapes::PortMapping>;

template <class Listener>
Mappings mappings_of(const std::optional<std::vector<Listener>>& listeners) {
  Mappings mappings;
  for (const auto& one : listeners.value_or(std::vector<Listener>{})) mappings.push_back(one.portMapping);
  return mappings;
}

// The ports on which a virtual service is reached: its provider's.
Result<Mappings> mappings_of_service(Context& context, const model::VirtualService& service) {
  const auto& provider = service.spec.provider;
  if (provider && provider->virtualNode) {
    const auto node = TRY(in_mesh<model::VirtualNode>(context, service.about, provider->virtualNode->virtualNodeName));
    if (node) return mappings_of((*node)->spec.listeners);
  }
  if (provider && provider->virtualRouter) {
    const auto router =
        TRY(in_mesh<model::VirtualRouter>(context, service.about, provider->virtualRouter->virtualRouterName));
    if (router) return mappings_of((*router)->spec.listeners);
  }
  return Mappings{};
}

// A gateway speaks HTTP in either version and gRPC, and no bytes as they come.
Result<> check_entry(Context& context, const shapes::GatewayRouteTarget& target, const model::VirtualService& service) {
  const auto& name = service.about.name;
  const auto mappings = TRY(mappings_of_service(context, service));
  Ports ports;
  for (const auto& one : mappings) ports.push_back(one.port);
  if (!ports.empty() && !picks(ports, target.port)) {
    if (!target.port) return bad_request(fmt::format("Gateway Route must define a port for the target {}", name));
    return bad_request(fmt::format("VirtualService {} is not reached on port {}", name, *target.port));
  }
  for (const auto& one : mappings) {
    if (one.protocol != "tcp" || (target.port && *target.port != one.port)) continue;
    return bad_request(
        fmt::format("VirtualService {} has the protocol tcp on port {}, which no Gateway Route has", name, one.port));
  }
  return {};
}

Result<> check_gateway_port(const GatewayRouteView& route, const model::VirtualGateway& gateway) {
  if (picks(ports_of(gateway.spec.listeners), route.port)) return {};
  if (!route.port) {
    return bad_request("Gateway Route must define a port match criteria if the Virtual Gateway has multiple listeners");
  }
  return bad_request(fmt::format("VirtualGateway {} has no listener with port {}", gateway.about.name, *route.port));
}

// --- who names it -----------------------------------------------------------------------------------------------

// The first of a mesh that `names`, or none.
template <class D>
Result<std::optional<Snapshot<D>>> first(Context& context, const MeshResource& about,
                                         const std::function<bool(const D&)>& names) {
  for (const auto& one : TRY(all_in_mesh<D>(context, about))) {
    if (names(*one)) return one;
  }
  return std::nullopt;
}

template <class D>
Result<> no_more(Context& context, const MeshResource& about, const char* kinds) {
  if (TRY(all_in_mesh<D>(context, about)).empty()) return {};
  return in_use(fmt::format("Mesh {} for account {} has active {}, please delete {} before deleting the Mesh",
                            about.name, about.scope.account, kinds, kinds));
}

std::unexpected<Error> a_provider(const char* word, const std::string& name) {
  return in_use(fmt::format("{} with name {} cannot be deleted because it is a VirtualService provider", word, name));
}

Result<> check_certificates(Context& context, const model::Scope& scope, const std::vector<ShownCertificate>& shown) {
  for (const auto& each : shown) {
    model::Certificate named;
    named.scope = scope;
    named.arn = each.arn;
    if (TRY(store::peek<model::Certificate>(context.store, named.key()))) continue;
    return bad_member(each.path, fmt::format("there is no certificate {}", each.arn));
  }
  return {};
}

}  // namespace

Result<> check_references(Context&, const model::Mesh&) { return {}; }

Result<> check_references(Context& context, const model::VirtualNode& node) {
  const auto& about = node.about;
  if (node.spec.backends && node.spec.backends->size() > kMaxBackends) {
    return limit_exceeded(fmt::format("A virtual node may have {} backends", kMaxBackends));
  }
  TRY(check_certificates(context, about.scope, managed_certificates(node.spec)));
  for (const auto& route : TRY(all_in_mesh<model::Route>(context, about)))
    TRY(check_target(view_of(route->spec), node));
  return {};
}

Result<> check_references(Context& context, const model::VirtualRouter& router) {
  const auto& about = router.about;
  const auto routes =
      TRY(store::peek_all<model::Route>(context.store, model::within_parent(about.scope, about.mesh, about.name)));
  for (const auto& route : routes) TRY(check_fits(view_of(route->spec), router));
  return {};
}

Result<> check_references(Context& context, const model::Route& route) {
  const auto view = view_of(route.spec);
  const auto router = TRY(in_mesh<model::VirtualRouter>(context, route.about, route.about.parent));
  if (router) TRY(check_fits(view, **router));
  for (const auto& target : *view.targets) {
    const auto node = TRY(in_mesh<model::VirtualNode>(context, route.about, target.virtualNode));
    if (!node) return missing("VirtualNode", target.virtualNode);
    TRY(check_target(view, **node));
  }
  return {};
}

Result<> check_references(Context& context, const model::VirtualService& service) {
  const auto& provider = service.spec.provider;
  if (!provider) return {};
  if (provider->virtualNode) {
    const auto& name = provider->virtualNode->virtualNodeName;
    if (!TRY(in_mesh<model::VirtualNode>(context, service.about, name))) return missing("VirtualNode", name);
  }
  if (provider->virtualRouter) {
    const auto& name = provider->virtualRouter->virtualRouterName;
    if (!TRY(in_mesh<model::VirtualRouter>(context, service.about, name))) return missing("VirtualRouter", name);
  }
  return {};
}

Result<> check_references(Context& context, const model::VirtualGateway& gateway) {
  const auto& about = gateway.about;
  TRY(check_certificates(context, about.scope, managed_certificates(gateway.spec)));
  const auto routes = TRY(
      store::peek_all<model::GatewayRoute>(context.store, model::within_parent(about.scope, about.mesh, about.name)));
  for (const auto& route : routes) TRY(check_gateway_port(view_of(route->spec), gateway));
  return {};
}

Result<> check_references(Context& context, const model::GatewayRoute& route) {
  const auto view = view_of(route.spec);
  const auto gateway = TRY(in_mesh<model::VirtualGateway>(context, route.about, route.about.parent));
  if (gateway) TRY(check_gateway_port(view, **gateway));
  const auto& name = view.target->virtualService.virtualServiceName;
  const auto service = TRY(in_mesh<model::VirtualService>(context, route.about, name));
  if (!service) return missing("VirtualService", name);
  return check_entry(context, *view.target, **service);
}

Result<> check_unused(Context& context, const model::Mesh& mesh) {
  TRY(no_more<model::VirtualService>(context, mesh.about, "VirtualServices"));
  TRY(no_more<model::VirtualGateway>(context, mesh.about, "VirtualGateways"));
  TRY(no_more<model::VirtualRouter>(context, mesh.about, "VirtualRouters"));
  return no_more<model::VirtualNode>(context, mesh.about, "VirtualNodes");
}

Result<> check_unused(Context& context, const model::VirtualNode& node) {
  const auto& name = node.about.name;
  const auto provider = TRY(first<model::VirtualService>(context, node.about, [&](const auto& one) {
    return one.spec.provider && one.spec.provider->virtualNode &&
           one.spec.provider->virtualNode->virtualNodeName == name;
  }));
  if (provider) return a_provider("VirtualNode", name);
  const auto target = TRY(first<model::Route>(context, node.about, [&](const auto& one) {
    return std::ranges::find(*view_of(one.spec).targets, name, &shapes::WeightedTarget::virtualNode) !=
           view_of(one.spec).targets->end();
  }));
  if (!target) return {};
  return in_use(
      fmt::format("VirtualNode with name {} cannot be deleted because it is the target of one or more routes.", name));
}

Result<> check_unused(Context& context, const model::VirtualRouter& router) {
  const auto& about = router.about;
  const auto provider = TRY(first<model::VirtualService>(context, about, [&](const auto& one) {
    return one.spec.provider && one.spec.provider->virtualRouter &&
           one.spec.provider->virtualRouter->virtualRouterName == about.name;
  }));
  if (provider) return a_provider("VirtualRouter", about.name);
  const auto routes =
      TRY(context.store.list(model::Route::kKind, model::within_parent(about.scope, about.mesh, about.name)));
  if (routes.empty()) return {};
  return in_use(fmt::format("VirtualRouter with name {} cannot be deleted because it has active routes", about.name));
}

Result<> check_unused(Context&, const model::Route&) { return {}; }

Result<> check_unused(Context& context, const model::VirtualService& service) {
  const auto& name = service.about.name;
  const auto route = TRY(first<model::GatewayRoute>(context, service.about, [&](const auto& one) {
    return view_of(one.spec).target->virtualService.virtualServiceName == name;
  }));
  if (!route) return {};
  return in_use(fmt::format("VirtualService {} is being referenced in the following: GATEWAY_ROUTE: [{}]", name,
                            (*route)->about.name));
}

Result<> check_unused(Context& context, const model::VirtualGateway& gateway) {
  const auto& about = gateway.about;
  const auto routes =
      TRY(context.store.list(model::GatewayRoute::kKind, model::within_parent(about.scope, about.mesh, about.name)));
  if (routes.empty()) return {};
  return in_use(
      fmt::format("VirtualGateway with name {} cannot be deleted because it has active gateway routes", about.name));
}

Result<> check_unused(Context&, const model::GatewayRoute&) { return {}; }

}  // namespace weir::api::appmesh
