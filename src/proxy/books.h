// Books: what all workers have counted since the proxy started, by listener, pool and backend. What leaves the table
// stays for kPartedCounters, and goes on where it stood if it comes back in that time. One thread (the main loop);
// owned by the DataPlane.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "proxy/tally.h"
#include "route/route_table.h"

namespace weir::proxy {

class Books {
 public:
  struct Entry {
    route::Counters counters;
    bool listed = false;  // in the table in force
    Instant parted{};     // since when it is not, or since when nothing has been counted after that
  };
  struct PoolEntry : Entry {
    std::map<std::string, Entry, std::less<>> backends;
    // All zero where nothing has been counted.
    const route::Counters& backend(std::string_view id) const;
  };
  using Listeners = std::map<std::string, Entry, std::less<>>;
  using Pools = std::map<std::string, PoolEntry, std::less<>>;

  // The table in force. Everything in it that a worker counts later is listed.
  void take_table(route::RouteTablePointer table, Instant now);
  void add(const std::vector<TallyLine>& lines, Instant now);
  // Forgets what has parted long ago and has nothing in flight; all of it where it is too much.
  void sweep(Instant now);

  // Only what has ever been counted, in the order of ids.
  const Listeners& listeners() const { return listeners_; }
  const Pools& pools() const { return pools_; }
  // All zero where nothing has been counted.
  const PoolEntry& pool_entry(std::string_view id) const;
  const route::Counters& pool(std::string_view id) const;
  const route::Counters& backend(std::string_view pool, std::string_view id) const;

 private:
  bool has_listener(std::string_view id) const;
  bool has_backend(std::string_view pool, std::string_view id) const;

  route::RouteTablePointer table_ = std::make_shared<const route::RouteTable>();
  Listeners listeners_;
  Pools pools_;
};

}  // namespace weir::proxy
