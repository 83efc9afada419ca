// The members of specs that appmesh refuses, a table a kind: what the data path does not do. Constant; any thread.
#pragma once

#include "api/refused.h"
#include "model/appmesh/shapes.h"

namespace weir::api::appmesh {

std::span<const RefusedOf> refused();

// Those of the operations whose request has such a spec.
std::span<const Refused> refused_of(const model::appmesh::MeshSpec&);
std::span<const Refused> refused_of(const model::appmesh::VirtualNodeSpec&);
std::span<const Refused> refused_of(const model::appmesh::VirtualRouterSpec&);
std::span<const Refused> refused_of(const model::appmesh::RouteSpec&);
std::span<const Refused> refused_of(const model::appmesh::VirtualServiceSpec&);
std::span<const Refused> refused_of(const model::appmesh::VirtualGatewaySpec&);
std::span<const Refused> refused_of(const model::appmesh::GatewayRouteSpec&);

}  // namespace weir::api::appmesh
