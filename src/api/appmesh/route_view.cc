#include "api/appmesh/route_view.h"

#include "base/check.h"

namespace weir::api::appmesh {

RouteView view_of(const shapes::RouteSpec& spec) {
  if (spec.grpcRoute) {
    return {"grpcRoute", false, &spec.grpcRoute->action.weightedTargets, spec.grpcRoute->match.port};
  }
  if (spec.http2Route) {
    return {"http2Route", false, &spec.http2Route->action.weightedTargets, spec.http2Route->match.port};
  }
  if (spec.httpRoute) {
    return {"httpRoute", false, &spec.httpRoute->action.weightedTargets, spec.httpRoute->match.port};
  }
  check(spec.tcpRoute.has_value(), "a route that was checked is of one type");
  const auto& match = spec.tcpRoute->match;
  return {"tcpRoute", true, &spec.tcpRoute->action.weightedTargets, match ? match->port : std::nullopt};
}

GatewayRouteView view_of(const shapes::GatewayRouteSpec& spec) {
  if (spec.grpcRoute) return {&spec.grpcRoute->action.target, spec.grpcRoute->match.port};
  if (spec.http2Route) return {&spec.http2Route->action.target, spec.http2Route->match.port};
  check(spec.httpRoute.has_value(), "a gateway route that was checked is of one type");
  return {&spec.httpRoute->action.target, spec.httpRoute->match.port};
}

}  // namespace weir::api::appmesh
