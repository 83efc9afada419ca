// LiveTable: a RouteTable as one worker runs it: applied as a whole, then asked for every request. Pure: no socket, no
// clock, no chance; the simulation runs exactly this class. Pools, their rotation and the shares of weighted pools
// outlast a change of table. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "proxy/compiled_table.h"
#include "proxy/live_pool.h"
#include "proxy/matcher.h"
#include "route/route_table.h"

namespace weir::proxy {

// Chooses among weighted pools by smooth weighted round robin: exact over any run of sum-of-weights choices.
class WeightedChoice {
 public:
  struct Member {
    LivePool* pool;
    unsigned weight;
    std::int64_t current = 0;
    std::uint64_t token = 0;  // the pool's, see cookies.h
  };
  // The rotation goes on where the same pools have the same weights, otherwise it starts anew.
  void update(std::vector<Member> members);
  // Null where every weight is zero.
  LivePool* next();
  // The pool that a client's cookie names, if it can serve; leaves the rotation as it is.
  LivePool* find(std::uint64_t token, Instant now) const;

 private:
  std::vector<Member> members_;
  std::int64_t total_ = 0;
};

struct LiveListener;

struct LiveRule {
  const route::Rule* spec = nullptr;            // borrowed from the table in force
  const route::FixedResponse* fixed = nullptr;  // or null
  const route::Redirect* redirect = nullptr;    // or null
  const route::Enter* enter = nullptr;          // or null; where all three are, `choice` decides
  LiveListener* entered = nullptr;              // whose rules go on where `enter` is
  bool changes = false;                         // the request is rewritten, or enters another listener
  WeightedChoice choice;
  unsigned place = 0;  // from 1, in the listener's order; 0: the last one, which takes everything
};

struct LiveListener {
  const route::Listener* spec = nullptr;  // borrowed from the table in force
  std::vector<std::unique_ptr<LiveRule>> rules;
  std::shared_ptr<const CompiledRules> compiled;  // finds among `rules`

  // The first rule that takes the request; null: 404.
  LiveRule* find(const RequestTraits& request) const;
};

class LiveTable {
 public:
  // `shared`: where the workers of one process meet; null: this one is alone. `watcher` is that of all pools.
  explicit LiveTable(SharedLoads* shared = nullptr, RoomWatcher* watcher = nullptr)
      : shared_(shared), watcher_(watcher) {}

  // Swaps to `table`. Pointers to rules and listeners end here, parted ones too; those to pools and backends go on
  // while they are in the table or something runs on them.
  void apply(CompiledTablePointer table, std::vector<FreshBackends> fresh = {});
  // The same with nothing prepared, which takes longer.
  void apply(route::RouteTablePointer table) { apply(compile(std::move(table), compiled_.get())); }

  std::int64_t version() const { return table_ ? table_->version : 0; }
  const route::RouteTablePointer& table() const { return table_; }
  LiveListener* find_listener(std::string_view id);
  // One that the newest tables do not have any more, with its last rules, over the pools in force: for those who came
  // in through it and may still ask. Null where it has been forgotten, or is back.
  LiveListener* find_parted(std::string_view id);
  void forget_parted() { parted_.clear(); }
  LivePool* find_pool(std::string_view id);
  std::span<const std::unique_ptr<LivePool>> pools() const { return pools_; }
  // `place`: as in LivePool::find().
  void set_health(std::string_view pool, std::string_view backend, route::Health health, std::size_t place = 0);
  // As LivePool::take_stock, of every pool.
  void take_stock(Instant now);

  // As LivePool::collect, of every pool, those too that have left the table.
  void collect(std::vector<TallyLine>& lines);
  // Forgets what has left the table and is finished. Cheap; call it now and then.
  void sweep();

 private:
  void apply_pools(std::vector<FreshBackends> fresh);
  void apply_listener(const route::Listener& spec, const ListenerPlan& plan, LiveListener* before, LiveListener& now);
  void apply_rules(const route::Listener& spec, LiveListener* before, LiveListener& now);
  void apply_parted();
  void resolve_entries(LiveListener& listener);

  SharedLoads* shared_;
  RoomWatcher* watcher_;
  CompiledTablePointer compiled_;
  route::RouteTablePointer table_;
  std::vector<std::unique_ptr<LivePool>> pools_;  // in the table's order
  std::vector<std::unique_ptr<LivePool>> dropped_;
  std::unordered_map<std::string_view, LivePool*> pool_by_id_;
  std::vector<std::unique_ptr<LiveListener>> listeners_;
  struct Parted {
    route::RouteTablePointer table;  // the last one that had it
    std::unique_ptr<LiveListener> listener;
  };
  std::vector<Parted> parted_;
};

}  // namespace weir::proxy
