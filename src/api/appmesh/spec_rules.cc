// The rules of meshes, nodes, routers, services and gateways.
#include "api/appmesh/spec_rules.h"

#include <fmt/format.h>

#include "api/appmesh/match_rules.h"
#include "api/appmesh/tls_rules.h"

namespace weir::api::appmesh {

namespace {

// Pools and timeouts have a member for each protocol: only the listener's own means something.
template <class Pool>
Result<> check_pool(const std::optional<Pool>& pool, const std::string& protocol, const std::string& path) {
  if (!pool) return {};
  std::size_t count = given(pool->grpc, pool->http, pool->http2);
  bool fits =
      (protocol == "grpc" && pool->grpc) || (protocol == "http" && pool->http) || (protocol == "http2" && pool->http2);
  if constexpr (requires { pool->tcp; }) {
    count += given(pool->tcp);
    fits = fits || (protocol == "tcp" && pool->tcp);
  }
  if (count == 1 && fits) return {};
  return bad_member(path, fmt::format("exactly {}, the listener's protocol, must be specified", protocol));
}

template <class Timeout>
Result<> check_times(const std::optional<Timeout>& timeout, const std::string& path) {
  if (!timeout) return {};
  if constexpr (requires { timeout->perRequest; }) TRY(check_duration(timeout->perRequest, path + ".perRequest"));
  return check_duration(timeout->idle, path + ".idle");
}

Result<> check_listener(const shapes::Listener& listener, const std::string& path) {
  const auto& [port, protocol] = listener.portMapping;
  TRY(check_pool(listener.connectionPool, protocol, path + ".connectionPool"));
  TRY(check_health(listener.healthCheck, port, path + ".healthCheck"));
  if (const auto& timeout = listener.timeout) {
    TRY(check_pool(timeout, protocol, path + ".timeout"));
    TRY(check_times(timeout->grpc, path + ".timeout.grpc"));
    TRY(check_times(timeout->http, path + ".timeout.http"));
    TRY(check_times(timeout->http2, path + ".timeout.http2"));
    TRY(check_times(timeout->tcp, path + ".timeout.tcp"));
  }
  if (const auto& outlier = listener.outlierDetection) {
    TRY(check_duration(outlier->interval, path + ".outlierDetection.interval"));
    TRY(check_duration(outlier->baseEjectionDuration, path + ".outlierDetection.baseEjectionDuration"));
  }
  return {};
}

Result<> check_discovery(const std::optional<shapes::ServiceDiscovery>& discovery) {
  if (!discovery) return {};
  TRY(exactly_one(given(discovery->awsCloudMap, discovery->dns), "spec.serviceDiscovery", "awsCloudMap, dns"));
  if (discovery->dns && discovery->dns->hostname.empty()) {
    return bad_member("spec.serviceDiscovery.dns.hostname", "it must not be empty");
  }
  if (!discovery->awsCloudMap) return {};
  std::set<std::string_view> keys;
  if (!discovery->awsCloudMap->attributes) return {};
  for (const auto& one : *discovery->awsCloudMap->attributes) {
    if (keys.insert(one.key).second) continue;
    return bad_member("spec.serviceDiscovery.awsCloudMap.attributes", fmt::format("{} is there twice", one.key));
  }
  return {};
}

Result<> check_backends(const std::optional<std::vector<shapes::Backend>>& backends) {
  if (!backends) return {};
  std::set<std::string_view> names;
  for (const auto& one : *backends) {
    TRY(exactly_one(given(one.virtualService), "spec.backends", "virtualService"));
    const auto& name = one.virtualService->virtualServiceName;
    if (!names.insert(name).second) return bad_member("spec.backends", fmt::format("{} is there twice", name));
  }
  return {};
}

}  // namespace

Result<> check_spec(const shapes::MeshSpec&) { return {}; }

Result<> check_spec(const shapes::VirtualNodeSpec& spec) {
  const bool listens = spec.listeners && !spec.listeners->empty();
  if (spec.serviceDiscovery && !listens) return bad_request("Service Discovery can't be set without a listener.");
  if (listens && !spec.serviceDiscovery) return bad_request("A listener can't be set without Service Discovery.");
  TRY(check_discovery(spec.serviceDiscovery));
  TRY(check_backends(spec.backends));
  TRY(check_tls(spec));
  TRY(check_logging(spec.logging, "spec.logging"));
  if (!listens) return {};
  TRY(check_ports(*spec.listeners, "spec.listeners"));
  for (std::size_t i = 0; i < spec.listeners->size(); ++i) {
    TRY(check_listener((*spec.listeners)[i], fmt::format("spec.listeners[{}]", i)));
  }
  return {};
}

Result<> check_spec(const shapes::VirtualRouterSpec& spec) {
  return spec.listeners ? check_ports(*spec.listeners, "spec.listeners") : Result<>{};
}

Result<> check_spec(const shapes::VirtualServiceSpec& spec) {
  if (!spec.provider) return {};
  return exactly_one(given(spec.provider->virtualNode, spec.provider->virtualRouter), "spec.provider",
                     "virtualNode, virtualRouter");
}

Result<> check_spec(const shapes::VirtualGatewaySpec& spec) {
  if (spec.listeners.empty()) return bad_member("spec.listeners", "at least one must be specified");
  TRY(check_ports(spec.listeners, "spec.listeners"));
  TRY(check_tls(spec));
  TRY(check_logging(spec.logging, "spec.logging"));
  for (std::size_t i = 0; i < spec.listeners.size(); ++i) {
    const auto& listener = spec.listeners[i];
    const auto path = fmt::format("spec.listeners[{}]", i);
    TRY(check_pool(listener.connectionPool, listener.portMapping.protocol, path + ".connectionPool"));
    TRY(check_health(listener.healthCheck, listener.portMapping.port, path + ".healthCheck"));
  }
  return {};
}

}  // namespace weir::api::appmesh
