#include "proxy/gates.h"

#include <algorithm>

namespace weir::proxy {
namespace {

// An HTTP/1.1 connection has one request at a time; one of HTTP/2 has as many as there are.
route::PoolLimits limits_at(const LivePool& pool, const route::PoolLimits& wanted) {
  route::PoolLimits limits{.requests = wanted.requests, .pending = wanted.pending};
  if (pool.spec().protocol == route::PoolProtocol::http1 && wanted.connections != 0) {
    limits.requests = limits.requests == 0 ? wanted.connections : std::min(limits.requests, wanted.connections);
  }
  return limits;
}

}  // namespace

LivePool* Gates::of(const route::Listener& listener, const LivePool& pool) {
  const route::PoolLimits limits = limits_at(pool, *listener.pool_limits);
  if (limits.requests == 0) return nullptr;
  const std::string id = listener.id + "#" + pool.id();
  auto& gate = gates_[id];
  if (gate != nullptr && gate->spec().limits == limits) return gate.get();
  route::Pool spec{.id = id};
  spec.health.protocol = route::HealthProtocol::none;
  spec.limits = limits;
  spec.backends = {{"place", "0.0.0.0", 0, route::BackendState::serving}};
  if (gate == nullptr) {
    gate = std::make_unique<LivePool>(spec, shared_);
    gate->watcher = &watcher_;
  } else {
    gate->update(spec);
  }
  return gate.get();
}

LivePool* Gates::find(std::string_view id) {
  const auto found = gates_.find(id);
  return found == gates_.end() ? nullptr : found->second.get();
}

void Gates::sweep() {
  std::erase_if(gates_, [](const auto& entry) {
    const LivePool& gate = *entry.second;
    return gate.waiting == 0 && gate.backends().front()->active == 0;
  });
}

}  // namespace weir::proxy
