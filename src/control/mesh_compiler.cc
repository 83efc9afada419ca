#include "control/mesh_compiler.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/ascii.h"
#include "control/limits.h"
#include "control/mesh_gateways.h"
#include "control/mesh_limits.h"
#include "control/mesh_routes.h"
#include "control/real_port.h"
#include "net/socket_address.h"
#include "route/limits.h"
#include "runtime/links.h"

namespace weir::control {

namespace {

namespace appmesh = model::appmesh;
using Listeners = std::vector<appmesh::Listener>;

constexpr std::int32_t kMostNumbers = 1022;

route::PoolProtocol pool_protocol(const std::string& protocol) {
  if (protocol == "tcp") return route::PoolProtocol::tcp;
  if (protocol == "grpc") return route::PoolProtocol::grpc;
  return protocol == "http2" ? route::PoolProtocol::http2 : route::PoolProtocol::http1;
}

route::HealthCheck health_of(const appmesh::Listener& listener) {
  route::HealthCheck check;
  check.protocol = route::HealthProtocol::none;
  if (!listener.healthCheck) return check;
  const auto& wanted = *listener.healthCheck;
  check.protocol = wanted.protocol == "tcp"    ? route::HealthProtocol::tcp
                   : wanted.protocol == "grpc" ? route::HealthProtocol::grpc
                                               : route::HealthProtocol::http;
  const bool grpc = wanted.protocol == "grpc";
  check.path = grpc ? "/grpc.health.v1.Health/Check" : wanted.path.value_or("/");
  check.matcher = grpc ? "0" : "200-299";
  check.serving = grpc;
  const std::int32_t port = wanted.port.value_or(listener.portMapping.port);
  if (port != listener.portMapping.port) check.port = static_cast<std::uint16_t>(port);
  check.interval = route::milliseconds(wanted.intervalMillis);
  check.timeout = route::milliseconds(wanted.timeoutMillis);
  check.healthy_threshold = static_cast<unsigned>(wanted.healthyThreshold);
  check.unhealthy_threshold = static_cast<unsigned>(wanted.unhealthyThreshold);
  return check;
}

route::PoolLimits limits_of(const appmesh::VirtualNodeConnectionPool& pool) {
  route::PoolLimits limits;
  if (pool.http) limits = http_limits(*pool.http);
  if (pool.http2) limits.requests = limit_of(pool.http2->maxRequests);
  if (pool.grpc) limits.requests = limit_of(pool.grpc->maxRequests);
  if (pool.tcp) limits.connections = limit_of(pool.tcp->maxConnections);
  return limits;
}

route::OutlierDetection outlier_of(const appmesh::OutlierDetection& wanted) {
  route::OutlierDetection outlier;
  outlier.consecutive_5xx =
      static_cast<unsigned>(std::clamp<std::int64_t>(wanted.maxServerErrors, 1, route::kMaxThreshold));
  outlier.consecutive_failures = outlier.consecutive_5xx;
  outlier.ejection = std::max(mesh_duration(wanted.baseEjectionDuration), route::milliseconds(1));
  outlier.longest_ejection = std::max(outlier.longest_ejection, outlier.ejection);
  outlier.max_ejected_percent = static_cast<unsigned>(std::clamp(wanted.maxEjectionPercent, 0, 100));
  return outlier;
}

route::Pool pool_of(const model::VirtualNode& node, const appmesh::Listener& listener) {
  route::Pool pool;
  pool.id = mesh_pool(node, listener.portMapping.port);
  pool.protocol = pool_protocol(listener.portMapping.protocol);
  pool.health = health_of(listener);
  pool.drain_delay = std::chrono::duration_cast<route::milliseconds>(kMeshDrainDelay);
  pool.envoy_headers = pool.protocol != route::PoolProtocol::tcp;
  if (listener.connectionPool) pool.limits = limits_of(*listener.connectionPool);
  if (listener.outlierDetection) pool.outlier = outlier_of(*listener.outlierDetection);
  return pool;
}

// The shorter of both, where each says something.
route::milliseconds shorter(route::milliseconds a, route::milliseconds b) {
  if (a.count() == 0 || b.count() == 0) return std::max(a, b);
  return std::min(a, b);
}

class MeshCompiler {
 public:
  MeshCompiler(const MeshDocuments& documents, const MeshClaims& claims, const MeshCallers& callers,
               const std::set<std::string>& balancers, const MeshPlan& plan, const MeshTls& tls)
      : documents_(documents),
        claims_(claims),
        callers_(callers),
        balancers_(balancers),
        plan_(plan),
        given_tls_(tls),
        tls_(documents, callers, tls) {}

  CompiledMesh compile() {
    for (const auto& [key, node] : documents_.nodes) add_pools(*node);
    add_instances();
    for (const auto& [key, address] : documents_.addresses) {
      const auto service = documents_.services.find(key_of(address->scope, address->mesh, address->service));
      if (service != documents_.services.end()) add_service(*service->second, address->number);
    }
    CompiledGateways gateways = compile_gateways(documents_, out_.listeners, plan_, given_tls_);
    std::ranges::move(gateways.own, std::back_inserter(out_.listeners));
    out_.at_host = std::move(gateways.at_host);
    for (auto& pool : tls_.take_pools()) out_.pools.push_back(std::move(pool));
    for (auto& [id, pool] : pools_) out_.pools.push_back(std::move(pool));
    return std::move(out_);
  }

 private:
  static std::string key_of(const model::Scope& scope, const std::string& mesh, const std::string& name) {
    return model::within_mesh(scope, mesh) + name;
  }

  // --- pools
  void add_pools(const model::VirtualNode& node) {
    for (const auto& listener : node.spec.listeners.value_or(Listeners{})) {
      route::Pool pool = pool_of(node, listener);
      add_named(node, listener, pool);
      pools_.emplace(pool.id, std::move(pool));
    }
  }

  // Of a node that is found by DNS: an address, this machine, or a balancer of it. A name of Cloud Map has instances.
  void add_named(const model::VirtualNode& node, const appmesh::Listener& listener, route::Pool& pool) {
    if (!node.spec.serviceDiscovery || !node.spec.serviceDiscovery->dns) return;
    const std::string name = lower_case(node.spec.serviceDiscovery->dns->hostname);
    const std::uint16_t port = real_port(listener.portMapping.port, plan_.port_offset);
    if (name == "localhost") {
      pool.backends.push_back({name, "127.0.0.1", port, route::BackendState::entering});
    } else if (balancers_.contains(name)) {
      pool.backends.push_back({name, plan_.balancers_at, port, route::BackendState::entering});
    } else if (const auto literal = net::SocketAddress::ip(name, port)) {
      pool.backends.push_back({name, literal->host(), static_cast<std::uint16_t>(listener.portMapping.port),
                               route::BackendState::entering});
    }
  }

  // Those that calls have registered: they are there as long as the instance is. Nobody follows their health as that of
  // tasks, so that the proxy itself lets them in.
  void add_instances() {
    for (const auto& [key, instance] : documents_.instances) {
      if (!instance->task.empty() || instance->health == "UNHEALTHY") continue;
      const auto address = instance->attributes.find("AWS_INSTANCE_IPV4");
      if (address == instance->attributes.end()) continue;
      const auto port = instance->attributes.find("AWS_INSTANCE_PORT");
      for (const auto& place : claims_.of(instance->scope, instance->service, instance->attributes)) {
        const int number = port == instance->attributes.end() ? place.port : std::atoi(port->second.c_str());
        const auto pool = pools_.find(place.pool);
        const auto literal = net::SocketAddress::ip(address->second, static_cast<std::uint16_t>(number));
        if (pool == pools_.end() || !literal || number < 1 || number > 65535) continue;
        pool->second.backends.push_back({"instance/" + instance->id, literal->host(),
                                         static_cast<std::uint16_t>(number), route::BackendState::entering});
      }
    }
  }

  // --- listeners
  void add_service(const model::VirtualService& service, std::int32_t number) {
    if (!service.spec.provider || plan_.range == 0) return;
    const auto& provider = *service.spec.provider;
    const auto& about = service.about;
    if (provider.virtualNode) {
      const auto node = documents_.nodes.find(key_of(about.scope, about.mesh, provider.virtualNode->virtualNodeName));
      if (node != documents_.nodes.end()) add_direct(service, *node->second, number);
    } else if (provider.virtualRouter) {
      const auto router =
          documents_.routers.find(key_of(about.scope, about.mesh, provider.virtualRouter->virtualRouterName));
      if (router != documents_.routers.end()) add_routed(service, *router->second, number);
    }
  }

  route::Listener listener_of(const model::VirtualService& service, const appmesh::PortMapping& mapping,
                              std::int32_t number) {
    route::Listener listener;
    listener.id = service.about.metadata.arn + ":" + std::to_string(mapping.port);
    listener.address = mesh_address(plan_.range, number);
    listener.port = real_port(mapping.port, plan_.port_offset);
    listener.protocol = mapping.protocol == "tcp" ? route::ListenerProtocol::tcp : route::ListenerProtocol::http;
    listener.idle_timeout = std::chrono::duration_cast<route::milliseconds>(kMeshIdleTimeout);
    if (mapping.protocol != "tcp") listener.forwarded.mode = route::Forwarded::Mode::preserve;
    refuse_strangers(service, listener);
    return listener;
  }

  // With the egress filter DROP_ALL, which is AWS's default, a node reaches its backends only.
  void refuse_strangers(const model::VirtualService& service, route::Listener& listener) {
    const auto mesh = documents_.meshes.find(model::mesh_key(service.about.scope, service.about.mesh));
    const bool allow_all = mesh != documents_.meshes.end() && mesh->second->spec.egressFilter &&
                           mesh->second->spec.egressFilter->type == "ALLOW_ALL";
    if (allow_all) return;
    std::vector<std::string> strangers;
    for (const auto& [key, node] : documents_.nodes) {
      if (node->about.scope != service.about.scope || node->about.mesh != service.about.mesh) continue;
      if (may_call(*node, service.about.name)) continue;
      const auto callers = callers_.find(caller_name(*node));
      if (callers == callers_.end()) continue;
      for (const auto& address : callers->second) strangers.push_back(address + "/32");
    }
    if (strangers.empty()) return;
    route::Rule rule;
    rule.id = listener.id + "#egress";
    rule.match.sources = std::move(strangers);
    rule.action = route::FixedResponse{404, "text/plain", ""};
    if (listener.protocol == route::ListenerProtocol::tcp) rule.action = route::Forward{};
    listener.rules.push_back(std::move(rule));
  }

  static bool may_call(const model::VirtualNode& node, const std::string& service) {
    const auto backends = node.spec.backends.value_or(std::vector<appmesh::Backend>{});
    return std::ranges::any_of(backends, [&](const appmesh::Backend& backend) {
      return backend.virtualService && backend.virtualService->virtualServiceName == service;
    });
  }

  // Of two for one port the first.
  void add(route::Listener listener) {
    if (ids_.insert(listener.id).second) out_.listeners.push_back(std::move(listener));
  }

  void add_direct(const model::VirtualService& service, const model::VirtualNode& node, std::int32_t number) {
    for (const auto& each : node.spec.listeners.value_or(Listeners{})) {
      route::Listener listener = listener_of(service, each.portMapping, number);
      route::Forward forward;
      forward.pools.push_back({mesh_pool(node, each.portMapping.port), 1});
      if (each.timeout) heed(mesh_timeouts(*each.timeout), listener, forward);
      listener.rules.push_back({listener.id + "#node", {}, std::move(forward)});
      tls_.apply(service, listener);
      add(std::move(listener));
    }
  }

  void add_routed(const model::VirtualService& service, const model::VirtualRouter& router, std::int32_t number) {
    std::vector<const model::Route*> routes;
    const std::string prefix = model::within_parent(router.about.scope, router.about.mesh, router.about.name);
    for (auto at = documents_.routes.lower_bound(prefix); at != documents_.routes.end(); ++at) {
      if (!at->first.starts_with(prefix)) break;
      routes.push_back(at->second.get());
    }
    std::stable_sort(routes.begin(), routes.end(),
                     [](const auto* a, const auto* b) { return goes_before(a->spec, b->spec); });
    for (const auto& each : router.spec.listeners.value_or(std::vector<appmesh::VirtualRouterListener>{})) {
      route::Listener listener = listener_of(service, each.portMapping, number);
      for (const auto* one : routes) add_route(*one, each.portMapping, listener);
      tls_.apply(service, listener);
      add(std::move(listener));
    }
  }

  void add_route(const model::Route& from, const appmesh::PortMapping& at, route::Listener& listener) {
    if (from.spec.tcpRoute.has_value() != (at.protocol == "tcp")) return;
    auto match = mesh_match(from.spec, at.port);
    if (!match) return;
    route::Forward forward;
    route::Timeouts timeouts = mesh_timeouts(from.spec);
    for (const auto& target : mesh_targets(from.spec)) {
      const auto* to = listener_of_target(from, target, timeouts);
      forward.pools.push_back({to ? to->id : nobody(from, target, at), static_cast<unsigned>(target.weight)});
    }
    if (!from.spec.tcpRoute) forward.retry = mesh_retries(from.spec);
    heed(timeouts, listener, forward);
    listener.rules.push_back({from.about.metadata.arn + "@" + listener.id, std::move(*match), std::move(forward)});
  }

  // The pool that a target names; null for none. What the node's listener says of time counts too.
  const route::Pool* listener_of_target(const model::Route& from, const appmesh::WeightedTarget& target,
                                        route::Timeouts& timeouts) {
    const auto node = documents_.nodes.find(key_of(from.about.scope, from.about.mesh, target.virtualNode));
    if (node == documents_.nodes.end()) return nullptr;
    for (const auto& each : node->second->spec.listeners.value_or(Listeners{})) {
      if (target.port && *target.port != each.portMapping.port) continue;
      if (from.spec.tcpRoute.has_value() != (each.portMapping.protocol == "tcp")) continue;
      if (each.timeout) {
        const route::Timeouts own = mesh_timeouts(*each.timeout);
        timeouts.request = shorter(timeouts.request, own.request);
        timeouts.idle = shorter(timeouts.idle, own.idle);
      }
      return &pools_.at(mesh_pool(*node->second, each.portMapping.port));
    }
    return nullptr;
  }

  // Its share of the requests finds nobody.
  std::string nobody(const model::Route& from, const appmesh::WeightedTarget& target, const appmesh::PortMapping& at) {
    route::Pool pool;
    pool.id = from.about.metadata.arn + "#" + target.virtualNode;
    pool.protocol = pool_protocol(at.protocol);
    pool.health.protocol = route::HealthProtocol::none;
    return pools_.emplace(pool.id, pool).first->first;
  }

  // A tunnel's idle time is its listener's.
  static void heed(const route::Timeouts& timeouts, route::Listener& listener, route::Forward& forward) {
    if (listener.protocol != route::ListenerProtocol::tcp) {
      forward.timeouts = timeouts;
    } else if (timeouts.idle.count() > 0) {
      listener.idle_timeout = timeouts.idle;
    }
  }

  const MeshDocuments& documents_;
  const MeshClaims& claims_;
  const MeshCallers& callers_;
  const std::set<std::string>& balancers_;
  const MeshPlan& plan_;
  const MeshTls& given_tls_;
  MeshTlsRules tls_;
  std::map<std::string, route::Pool> pools_;
  std::set<std::string> ids_;  // of listeners
  CompiledMesh out_;
};

}  // namespace

CompiledMesh compile_mesh(const MeshDocuments& documents, const MeshClaims& claims, const MeshCallers& callers,
                          const std::set<std::string>& balancers, const MeshPlan& plan, const MeshTls& tls) {
  return MeshCompiler(documents, claims, callers, balancers, plan, tls).compile();
}

std::string mesh_address(std::uint32_t range, std::int32_t number) {
  return runtime::address_text(range + static_cast<std::uint32_t>(number));
}

namespace {

// Of the virtual service that has the address.
std::string service_key(const model::MeshAddress& address) {
  return model::within_mesh(address.scope, address.mesh) + address.service;
}

model::MeshAddress address_for(const model::MeshResource& about, std::string name) {
  model::MeshAddress address;
  address.scope = about.scope;
  address.mesh = about.mesh;
  address.service = std::move(name);
  return address;
}

}  // namespace

// Of one that is gone the number is kept for its name: whoever still has the address finds nobody there, or the same
// again. Only where all are given away somebody else's is.
MeshNumbers number_services(const MeshDocuments& documents) {
  std::vector<model::MeshAddress> wanted;
  for (const auto& [key, service] : documents.services)
    wanted.push_back(address_for(service->about, service->about.name));
  for (const auto& [key, gateway] : documents.gateways) {
    wanted.push_back(address_for(gateway->about, gateway_place(gateway->about.name)));
  }
  std::set<std::string> keys;
  for (const auto& each : wanted) keys.insert(each.key());
  std::set<std::int32_t> used;
  std::vector<model::MeshAddress> gone;
  for (const auto& [key, address] : documents.addresses) {
    used.insert(address->number);
    if (!keys.contains(key)) gone.push_back(*address);
  }
  MeshNumbers numbers;
  std::int32_t last = used.empty() ? 0 : *used.rbegin();
  for (auto& address : wanted) {
    if (documents.addresses.contains(address.key())) continue;
    if (used.size() < static_cast<std::size_t>(kMostNumbers)) {
      do {
        last = last % kMostNumbers + 1;
      } while (!used.insert(last).second);
      address.number = last;
    } else if (!gone.empty()) {
      address.number = gone.back().number;
      numbers.free.push_back(std::move(gone.back()));
      gone.pop_back();
    } else {
      numbers.without.push_back(address.service);
      continue;
    }
    numbers.given.push_back(std::move(address));
  }
  return numbers;
}

std::map<std::string, std::int32_t> numbers_by_name(const MeshDocuments& documents) {
  std::map<std::string, std::int32_t> numbers;
  for (const auto& [key, address] : documents.addresses) {
    if (documents.services.contains(service_key(*address)))
      numbers.emplace(lower_case(address->service), address->number);
  }
  return numbers;
}

}  // namespace weir::control
