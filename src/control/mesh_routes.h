// Compiles a route of an App Mesh virtual router: its match, its policy. Pure; any thread.
#pragma once

#include <optional>
#include <vector>

#include "model/appmesh/shapes.h"
#include "route/action.h"
#include "route/match.h"

namespace weir::control {

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

}  // namespace weir::control
