// What the four types of a route, and the three of a gateway route, have in common. It borrows the spec, which has
// passed check_spec(). Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/appmesh/shapes.h"

namespace weir::api::appmesh {

namespace shapes = model::appmesh;

struct RouteView {
  const char* member;  // "grpcRoute"
  bool tcp;
  const std::vector<shapes::WeightedTarget>* targets;
  std::optional<std::int32_t> port;  // of the virtual router's listener
};

struct GatewayRouteView {
  const shapes::GatewayRouteTarget* target;
  std::optional<std::int32_t> port;  // of the virtual gateway's listener
};

RouteView view_of(const shapes::RouteSpec& spec);
GatewayRouteView view_of(const shapes::GatewayRouteSpec& spec);

}  // namespace weir::api::appmesh
