// What connection pools of App Mesh come to in a route table, as far as nodes and gateways say it alike. Pure; any
// thread.
#pragma once

#include <algorithm>
#include <cstdint>

#include "route/limits.h"
#include "route/pool.h"

namespace weir::control {

inline unsigned limit_of(std::int64_t number) {
  return static_cast<unsigned>(std::clamp<std::int64_t>(number, 1, route::kMaxLimit));
}

// `http`: the member of that name, of either shape.
template <class Http>
route::PoolLimits http_limits(const Http& http) {
  route::PoolLimits limits;
  limits.connections = limit_of(http.maxConnections);
  if (http.maxPendingRequests) limits.pending = limit_of(*http.maxPendingRequests);
  return limits;
}

}  // namespace weir::control
