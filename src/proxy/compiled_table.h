// CompiledTable: a RouteTable with all that can be made of it once for all workers: its rules compiled and indexed, and
// what has changed since the table before, so that a worker that swaps to it has little to do. Made by the main thread,
// then shared as const between threads.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "proxy/live_pool.h"
#include "proxy/matcher.h"
#include "route/route_table.h"

namespace weir::proxy {

struct CompiledRules {
  route::RouteTablePointer table;  // the index borrows from it
  RuleIndex index;
};

struct ListenerPlan {
  std::shared_ptr<const CompiledRules> rules;
  bool same_rules = false;  // as the listener of this id had in the table before
};

struct CompiledTable {
  route::RouteTablePointer table;
  route::RouteTablePointer before;  // what the plans go out from; null: from nothing
  std::vector<ListenerPlan> listeners;
  std::vector<PoolPlan> pools;
};

using CompiledTablePointer = std::shared_ptr<const CompiledTable>;

// `before`: of the table that workers run when they are given this one, or null.
CompiledTablePointer compile(route::RouteTablePointer table, const CompiledTable* before);

// The backends of `table` that a worker does not have yet, for each of its pools.
std::vector<FreshBackends> make_fresh(const CompiledTable& table, SharedLoads* shared);

}  // namespace weir::proxy
