#include "proxy/compiled_table.h"

#include <string_view>
#include <unordered_map>
#include <utility>

namespace weir::proxy {
namespace {

template <class Entries>
auto places_of(const Entries& entries) {
  std::unordered_map<std::string_view, std::size_t> places;
  places.reserve(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) places.emplace(entries[i].id, i);
  return places;
}

std::shared_ptr<const CompiledRules> compile_rules(const route::RouteTablePointer& table,
                                                   const route::Listener& listener) {
  auto compiled = std::make_shared<CompiledRules>();
  compiled->table = table;
  std::vector<const route::Match*> matches;
  matches.reserve(listener.rules.size());
  for (const route::Rule& rule : listener.rules) matches.push_back(&rule.match);
  compiled->index.build(matches);
  return compiled;
}

}  // namespace

CompiledTablePointer compile(route::RouteTablePointer table, const CompiledTable* before) {
  auto compiled = std::make_shared<CompiledTable>();
  static const route::RouteTable kNothing;
  const route::RouteTable& old = before != nullptr && before->table ? *before->table : kNothing;
  if (before != nullptr) compiled->before = before->table;
  const auto listeners = places_of(old.listeners);
  for (const route::Listener& listener : table->listeners) {
    ListenerPlan plan;
    const auto known = listeners.find(listener.id);
    plan.same_rules = known != listeners.end() && old.listeners[known->second].rules == listener.rules;
    plan.rules = plan.same_rules ? before->listeners[known->second].rules : compile_rules(table, listener);
    compiled->listeners.push_back(std::move(plan));
  }
  const auto pools = places_of(old.pools);
  for (const route::Pool& pool : table->pools) {
    const auto known = pools.find(pool.id);
    compiled->pools.push_back(plan_of(pool, known == pools.end() ? nullptr : &old.pools[known->second]));
  }
  compiled->table = std::move(table);
  return compiled;
}

std::vector<FreshBackends> make_fresh(const CompiledTable& table, SharedLoads* shared) {
  std::vector<FreshBackends> all(table.pools.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const route::Pool& pool = table.table->pools[i];
    const std::vector<std::uint32_t>& from = table.pools[i].from;
    for (std::size_t k = 0; k < from.size(); ++k) {
      if (from[k] == PoolPlan::kNew) all[i].push_back(LivePool::fresh(pool.id, pool.backends[k], shared));
    }
  }
  return all;
}

}  // namespace weir::proxy
