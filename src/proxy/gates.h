// Gates: how much of what comes in by a listener may be at each pool at a time, over all workers, where the listener
// limits it. A gate is a pool of its own with one place in it, at which nothing is: who passes begins there, and waits
// for room as at any pool. One thread; owned by the Lane.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "proxy/live_pool.h"

namespace weir::proxy {

class Gates {
 public:
  // As LivePool and its watcher have it; both outlive it.
  Gates(SharedLoads* shared, RoomWatcher& watcher) : shared_(shared), watcher_(watcher) {}

  // Of what comes by `listener` and is for `pool`; null: the listener does not limit it there. It stays until sweep().
  LivePool* of(const route::Listener& listener, const LivePool& pool);
  LivePool* find(std::string_view id);
  // Forgets those at which nobody is, and nobody waits.
  void sweep();

 private:
  SharedLoads* shared_;
  RoomWatcher& watcher_;
  std::map<std::string, std::unique_ptr<LivePool>, std::less<>> gates_;  // by id
};

}  // namespace weir::proxy
