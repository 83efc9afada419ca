// SharedLoad: what all workers of a proxy together do at one backend, for limits that hold over all of them. A worker
// touches it when a connection opens or closes, and for each exchange only where the pool limits those.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "route/pool.h"

namespace weir::proxy {

// Of one backend. Any thread.
struct SharedLoad {
  std::atomic<std::uint32_t> connections{0};  // open, or being opened
  std::atomic<std::uint32_t> requests{0};     // in flight; counted only where they are limited

  // One more, unless there are `limit` already (0: no limit).
  static bool take(std::atomic<std::uint32_t>& count, unsigned limit);
};

// Of one pool. Any thread.
struct SharedLine {
  std::atomic<std::uint32_t> waiting{0};  // requests that wait for a place at a backend
};

// Hands out the one SharedLoad of a backend, and the one SharedLine of a pool, while anybody holds it. Any thread; the
// lock is taken when a worker takes up a table with something new. Owned by the DataPlane, outlives the workers.
class SharedLoads {
 public:
  std::shared_ptr<SharedLoad> of(const std::string& pool, const route::Backend& backend);
  std::shared_ptr<SharedLine> line(const std::string& pool);

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, std::weak_ptr<SharedLoad>> loads_;  // by pool, backend, address and port
  std::unordered_map<std::string, std::weak_ptr<SharedLine>> lines_;
  std::size_t purge_at_ = 64;  // entries of `loads_` at which those that nobody holds are dropped
};

}  // namespace weir::proxy
