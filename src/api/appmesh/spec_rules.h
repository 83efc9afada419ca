// What a spec has to keep to beyond its shape: which members exclude each other, what belongs together, ranges that
// hang on each other. What it refers to, references.h checks. Pure; any thread. Errors: BadRequestException, naming the
// member.
#pragma once

#include "base/result.h"
#include "model/appmesh/shapes.h"

namespace weir::api::appmesh {

namespace shapes = model::appmesh;

Result<> check_spec(const shapes::MeshSpec& spec);
Result<> check_spec(const shapes::VirtualNodeSpec& spec);
Result<> check_spec(const shapes::VirtualRouterSpec& spec);
Result<> check_spec(const shapes::RouteSpec& spec);
Result<> check_spec(const shapes::VirtualServiceSpec& spec);
Result<> check_spec(const shapes::VirtualGatewaySpec& spec);
Result<> check_spec(const shapes::GatewayRouteSpec& spec);

}  // namespace weir::api::appmesh
