#include "control/mesh_gateways.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <tuple>

#include "control/limits.h"
#include "control/mesh_compiler.h"
#include "control/mesh_gateway_tls.h"
#include "control/mesh_limits.h"
#include "control/mesh_member.h"
#include "control/mesh_routes.h"
#include "control/real_port.h"
#include "route/limits.h"
#include "runtime/mesh_range.h"

namespace weir::control {

namespace {

namespace appmesh = model::appmesh;

constexpr const char* kPlacePrefix = "virtualGateway/";

// The listeners of a virtual service, by its ARN: what is before the port in a listener's id.
using Entries = std::multimap<std::string, const route::Listener*>;

Entries entries_of(const std::vector<route::Listener>& services) {
  Entries entries;
  for (const auto& listener : services) entries.emplace(listener.id.substr(0, listener.id.rfind(':')), &listener);
  return entries;
}

// The listener that a target names; null for none, or where that is in doubt.
const route::Listener* entry_of(const Entries& entries, const std::string& service,
                                const std::optional<std::int32_t>& port) {
  const auto [begin, end] = entries.equal_range(service);
  const route::Listener* found = nullptr;
  for (auto at = begin; at != end; ++at) {
    if (port && at->first + ":" + std::to_string(*port) != at->second->id) continue;
    if (found != nullptr) return nullptr;
    found = at->second;
  }
  return found != nullptr && found->protocol == route::ListenerProtocol::http ? found : nullptr;
}

std::vector<const model::GatewayRoute*> gateway_routes_of(const MeshDocuments& documents,
                                                          const model::MeshResource& gateway) {
  std::vector<const model::GatewayRoute*> routes;
  const std::string prefix = model::within_parent(gateway.scope, gateway.mesh, gateway.name);
  for (auto at = documents.gateway_routes.lower_bound(prefix); at != documents.gateway_routes.end(); ++at) {
    if (!at->first.starts_with(prefix)) break;
    routes.push_back(at->second.get());
  }
  std::stable_sort(routes.begin(), routes.end(),
                   [](const auto* a, const auto* b) { return goes_before(a->spec, b->spec); });
  return routes;
}

// Its Envoy's own, at all hosts of a node together. Requests that are too many are not queued, as with Envoy.
route::PoolLimits limits_of(const appmesh::VirtualGatewayConnectionPool& pool) {
  if (pool.http) return http_limits(*pool.http);
  route::PoolLimits limits;
  limits.requests = limit_of(pool.grpc    ? pool.grpc->maxRequests
                             : pool.http2 ? pool.http2->maxRequests
                                          : route::kMaxLimit);
  limits.pending = 0;
  return limits;
}

bool has_tls_policy(const model::VirtualGateway& gateway) {
  const auto& defaults = gateway.spec.backendDefaults;
  return defaults && defaults->clientPolicy && defaults->clientPolicy->tls;
}

std::optional<std::int32_t> gateway_number(const MeshDocuments& documents, const model::Scope& scope,
                                           const std::string& mesh, const std::string& gateway) {
  model::MeshAddress wanted;
  wanted.scope = scope;
  wanted.mesh = mesh;
  wanted.service = gateway_place(gateway);
  const auto found = documents.addresses.find(wanted.key());
  if (found == documents.addresses.end()) return std::nullopt;
  return found->second->number;
}

// What asks for a service that is not there is answered 503, and no other route is asked.
route::Action entry_action(const MeshDocuments& documents, const Entries& entries, const model::GatewayRoute& from,
                           const std::string& source) {
  const appmesh::GatewayRouteTarget& target = *gateway_target(from.spec);
  const auto service = documents.services.find(model::within_mesh(from.about.scope, from.about.mesh) +
                                               target.virtualService.virtualServiceName);
  if (service == documents.services.end()) return route::Forward{};
  const auto* entry = entry_of(entries, service->second->about.metadata.arn, target.port);
  if (entry == nullptr) return route::Forward{};
  return route::Enter{entry->id, source};
}

// But for its id and address.
route::Listener gateway_listener(const MeshDocuments& documents, const Entries& entries,
                                 const model::VirtualGateway& gateway, const appmesh::VirtualGatewayListener& wanted,
                                 const MeshPlan& plan) {
  route::Listener listener;
  listener.port = real_port(wanted.portMapping.port, plan.port_offset);
  listener.idle_timeout = std::chrono::duration_cast<route::milliseconds>(kMeshIdleTimeout);
  if (wanted.connectionPool) listener.pool_limits = limits_of(*wanted.connectionPool);
  const auto source = gateway_source(documents, gateway, plan);
  const bool unknown = has_tls_policy(gateway) && !source;  // it could not be held to its policy
  for (const auto* each : gateway_routes_of(documents, gateway.about)) {
    auto match = gateway_match(each->spec, wanted.portMapping.port);
    if (!match) continue;
    route::Rule rule{each->about.metadata.arn, std::move(*match), {}};
    if (!unknown) rule.action = entry_action(documents, entries, *each, source.value_or(""));
    rule.rewrite = gateway_rewrite(each->spec);
    listener.rules.push_back(std::move(rule));
  }
  return listener;
}

// Ids of rules are those of one listener only.
route::Listener placed(route::Listener listener, std::string address, std::string id) {
  listener.id = std::move(id);
  listener.address = std::move(address);
  for (auto& rule : listener.rules) rule.id += "@" + listener.id;
  return listener;
}

// False: what it shall speak cannot be spoken.
bool secure(route::Listener& listener, const model::VirtualGateway& gateway,
            const appmesh::VirtualGatewayListener& wanted, const MeshTls& tls) {
  if (!wanted.tls || wanted.tls->mode == "DISABLED") return true;
  listener.protocol = route::ListenerProtocol::https;
  listener.tls = gateway_tls(gateway, wanted, tls);
  return listener.tls.has_value();
}

// The oldest first.
std::vector<const model::VirtualGateway*> by_age(const MeshDocuments& documents) {
  std::vector<const model::VirtualGateway*> gateways;
  for (const auto& [key, gateway] : documents.gateways) gateways.push_back(gateway.get());
  std::ranges::sort(gateways, {}, [](const model::VirtualGateway* each) {
    return std::make_tuple(each->about.metadata.createdAt, each->about.metadata.arn);
  });
  return gateways;
}

// Whether it would be at this port of the host without any task.
bool is_at(const model::VirtualGateway& gateway, std::uint16_t host_port, const MeshPlan& plan) {
  return std::ranges::any_of(gateway.spec.listeners, [&](const appmesh::VirtualGatewayListener& each) {
    return real_port(each.portMapping.port, plan.port_offset) == host_port;
  });
}

}  // namespace

CompiledGateways compile_gateways(const MeshDocuments& documents, const std::vector<route::Listener>& services,
                                  const MeshPlan& plan, const MeshTls& tls) {
  CompiledGateways out;
  if (documents.gateways.empty() || plan.range == 0) return out;
  const Entries entries = entries_of(services);
  for (const auto* gateway : by_age(documents)) {
    const auto& about = gateway->about;
    const auto number = gateway_number(documents, about.scope, about.mesh, about.name);
    for (const auto& each : gateway->spec.listeners) {
      route::Listener listener = gateway_listener(documents, entries, *gateway, each, plan);
      if (!secure(listener, *gateway, each, tls)) continue;
      const std::string id = about.metadata.arn + ":" + std::to_string(each.portMapping.port);
      if (number) out.own.push_back(placed(listener, mesh_address(plan.range, *number), id));
      out.at_host.push_back(placed(std::move(listener), plan.balancers_at, id + "@host"));
    }
  }
  return out;
}

std::optional<std::string> gateway_source(const MeshDocuments& documents, const model::VirtualGateway& gateway,
                                          const MeshPlan& plan) {
  const auto& about = gateway.about;
  const auto number =
      has_tls_policy(gateway) ? gateway_number(documents, about.scope, about.mesh, about.name) : std::nullopt;
  if (!number || plan.range == 0) return std::nullopt;
  return mesh_address(plan.range, *number);
}

std::string gateway_place(const std::string& gateway) { return kPlacePrefix + gateway; }

std::string gateway_of(const runtime::ContainerSpec& container) {
  for (const char* name : kMemberVariables) {
    const auto found = container.environment.find(name);
    if (found == container.environment.end() || found->second.empty()) continue;
    const std::string path = mesh_resource_path(found->second);
    return path.find("/virtualGateway/") != std::string::npos ? path : "";
  }
  return "";
}

Result<> lead_to_gateways(const MeshDocuments& documents, const MeshPlan& plan, const model::Scope& scope,
                          runtime::TaskSpec& spec) {
  for (auto& container : spec.containers) {
    const std::string path = gateway_of(container);
    const auto named = name_in_mesh(path, "virtualGateway");
    if (!named) continue;
    const auto number = gateway_number(documents, scope, named->mesh, named->name);
    const auto gateway = documents.gateways.find(model::within_mesh(scope, named->mesh) + named->name);
    if (!number || gateway == documents.gateways.end()) return fail("NotFound", "there is no virtual gateway " + path);
    if (plan.range == 0) continue;
    for (auto& port : container.ports) {
      if (port.container_port == kEnvoyAdminPort) continue;
      if (is_at(*gateway->second, port.host_port, plan)) port.host_port = 0;  // any other
      const std::string place = ":" + std::to_string(real_port(port.container_port, plan.port_offset));
      container.command.insert(container.command.end(), {"--relay", std::to_string(port.container_port),
                                                         mesh_address(plan.range, *number) + place,
                                                         mesh_address(runtime::kMeshTwins, *number) + place});
    }
  }
  return {};
}

}  // namespace weir::control
