// Compiles a route of an App Mesh virtual router: its match, its policy; and a gateway route of a virtual gateway.
// Pure; any thread.
#pragma once

#include <optional>
#include <vector>

#include "model/appmesh/shapes.h"
#include "route/action.h"
#include "route/match.h"
#include "route/rewrite.h"

namespace weir::control {

// The requests that a gateway route takes at the listener of that port of its gateway. None: it takes none there.
std::optional<route::Match> gateway_match(const model::appmesh::GatewayRouteSpec& spec, std::int32_t port);
// What it makes of them; none: they stay as they are.
std::optional<route::Rewrite> gateway_rewrite(const model::appmesh::GatewayRouteSpec& spec);
const model::appmesh::GatewayRouteTarget* gateway_target(const model::appmesh::GatewayRouteSpec& spec);

// The requests that the route takes at the listener of that port. None: it takes none there.
std::optional<route::Match> mesh_match(const model::appmesh::RouteSpec& spec, std::int32_t port);

const std::vector<model::appmesh::WeightedTarget>& mesh_targets(const model::appmesh::RouteSpec& spec);
route::RetryPolicy mesh_retries(const model::appmesh::RouteSpec& spec);
route::Timeouts mesh_timeouts(const model::appmesh::RouteSpec& spec);
// Of a listener of a virtual node.
route::Timeouts mesh_timeouts(const model::appmesh::ListenerTimeout& timeout);

route::milliseconds mesh_duration(const std::optional<model::appmesh::Duration>& duration);

// Whether the first is asked before the second: by priority, then the longer prefix.
bool goes_before(const model::appmesh::RouteSpec& a, const model::appmesh::RouteSpec& b);
bool goes_before(const model::appmesh::GatewayRouteSpec& a, const model::appmesh::GatewayRouteSpec& b);

}  // namespace weir::control
