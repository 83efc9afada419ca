#include "api/appmesh/refusals.h"

namespace weir::api::appmesh {

namespace {

// Addresses are IPv4 ones: who prefers the others is left with those.
constexpr Refused kMesh[] = {
    {"spec.serviceDiscovery.ipPreference", "IPv4_ONLY|IPv4_PREFERRED|IPv6_PREFERRED"},
};

// Nobody here speaks SDS, and there are no private certificate authorities that trust.acm could name.
constexpr Refused kVirtualNode[] = {
    {"spec.listeners.tls.certificate.sds"},
    {"spec.listeners.tls.validation.trust.sds"},
    {"spec.backendDefaults.clientPolicy.tls.certificate.sds"},
    {"spec.backendDefaults.clientPolicy.tls.validation.trust.sds"},
    {"spec.backendDefaults.clientPolicy.tls.validation.trust.acm"},
    {"spec.backends.virtualService.clientPolicy.tls.certificate.sds"},
    {"spec.backends.virtualService.clientPolicy.tls.validation.trust.sds"},
    {"spec.backends.virtualService.clientPolicy.tls.validation.trust.acm"},
    {"spec.serviceDiscovery.dns.ipPreference", "IPv4_ONLY|IPv4_PREFERRED|IPv6_PREFERRED"},
    {"spec.serviceDiscovery.awsCloudMap.ipPreference", "IPv4_ONLY|IPv4_PREFERRED|IPv6_PREFERRED"},
};

constexpr Refused kVirtualGateway[] = {
    {"spec.backendDefaults.clientPolicy.tls.certificate.sds"},
    {"spec.backendDefaults.clientPolicy.tls.validation.trust.sds"},
    {"spec.backendDefaults.clientPolicy.tls.validation.trust.acm"},
    {"spec.listeners.tls.certificate.sds"},
    {"spec.listeners.tls.validation.trust.sds"},
};

constexpr RefusedOf kAll[] = {
    {"CreateMesh", kMesh},
    {"UpdateMesh", kMesh},
    {"CreateVirtualNode", kVirtualNode},
    {"UpdateVirtualNode", kVirtualNode},
    {"CreateVirtualGateway", kVirtualGateway},
    {"UpdateVirtualGateway", kVirtualGateway},
};

}  // namespace

std::span<const RefusedOf> refused() { return kAll; }

std::span<const Refused> refused_of(const model::appmesh::MeshSpec&) { return kMesh; }
std::span<const Refused> refused_of(const model::appmesh::VirtualNodeSpec&) { return kVirtualNode; }
std::span<const Refused> refused_of(const model::appmesh::VirtualRouterSpec&) { return {}; }
std::span<const Refused> refused_of(const model::appmesh::RouteSpec&) { return {}; }
std::span<const Refused> refused_of(const model::appmesh::VirtualServiceSpec&) { return {}; }
std::span<const Refused> refused_of(const model::appmesh::VirtualGatewaySpec&) { return kVirtualGateway; }
std::span<const Refused> refused_of(const model::appmesh::GatewayRouteSpec&) { return {}; }

}  // namespace weir::api::appmesh
