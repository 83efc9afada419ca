// Pools and a time for tests of what is made of a table. For tests only.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "route/pool.h"

namespace weir::proxy {

constexpr Instant kNow{std::chrono::seconds(100)};

// All of its backends serve.
inline route::Pool pool_of(std::string id, std::vector<std::string> serving) {
  route::Pool pool{.id = std::move(id)};
  std::uint16_t port = 1;
  for (auto& name : serving) pool.backends.push_back({std::move(name), "127.0.0.1", port++, route::BackendState::serving});
  return pool;
}

}  // namespace weir::proxy
