#include "proxy/live_table.h"

#include <algorithm>
#include <utility>

namespace weir::proxy {

void WeightedChoice::update(std::vector<Member> members) {
  const bool same = std::ranges::equal(
      members_, members, [](const Member& a, const Member& b) { return a.pool == b.pool && a.weight == b.weight; });
  if (same) return;
  members_ = std::move(members);
  total_ = 0;
  for (const Member& member : members_) total_ += member.weight;
}

LivePool* WeightedChoice::next() {
  if (total_ == 0) return nullptr;
  Member* best = nullptr;
  for (Member& member : members_) {
    if (member.weight == 0) continue;
    member.current += member.weight;
    if (best == nullptr || member.current > best->current) best = &member;
  }
  best->current -= total_;
  return best->pool;
}

LiveRule* LiveListener::find(const RequestTraits& request) const {
  const auto place = index.find(request);
  return place ? rules[*place].get() : nullptr;
}

void LiveTable::apply(route::RouteTablePointer table) {
  // The old table stays until the new rules stand: what they take over still points into it.
  const route::RouteTablePointer before = std::exchange(table_, std::move(table));
  apply_pools();
  std::vector<std::unique_ptr<LiveListener>> now;
  for (const route::Listener& spec : table_->listeners) {
    now.push_back(std::make_unique<LiveListener>());
    apply_listener(spec, find_listener(spec.id), *now.back());
  }
  listeners_.swap(now);
  for (auto& listener : now) {
    if (find_listener(listener->spec->id) == nullptr) parted_.push_back({before, std::move(listener)});
  }
  apply_parted();
  sweep();
}

void LiveTable::apply_pools() {
  std::unordered_map<std::string_view, std::unique_ptr<LivePool>*> known;
  for (auto& pool : pools_) known.emplace(pool->id(), &pool);
  std::vector<std::unique_ptr<LivePool>> now;
  for (const route::Pool& spec : table_->pools) {
    const auto found = known.find(spec.id);
    if (found == known.end()) {
      now.push_back(std::make_unique<LivePool>(spec, shared_));
      now.back()->watcher = watcher_;
    } else {
      now.push_back(std::move(*found->second));
      now.back()->update(spec);
    }
  }
  for (auto& pool : pools_) {
    if (!pool) continue;
    pool->retire();
    dropped_.push_back(std::move(pool));
  }
  pools_ = std::move(now);
  pool_by_id_.clear();
  for (const auto& pool : pools_) pool_by_id_.emplace(pool->id(), pool.get());
}

void LiveTable::apply_listener(const route::Listener& spec, LiveListener* before, LiveListener& now) {
  std::unordered_map<std::string_view, std::unique_ptr<LiveRule>*> known;
  if (before != nullptr) {
    for (auto& rule : before->rules) known.emplace(rule->spec->id, &rule);
  }
  now.spec = &spec;
  std::vector<const route::Match*> matches;
  for (const route::Rule& rule_spec : spec.rules) {
    const auto found = known.find(rule_spec.id);
    now.rules.push_back(found != known.end() ? std::move(*found->second) : std::make_unique<LiveRule>());
    LiveRule& rule = *now.rules.back();
    rule.spec = &rule_spec;
    rule.fixed = std::get_if<route::FixedResponse>(&rule_spec.action);
    rule.redirect = std::get_if<route::Redirect>(&rule_spec.action);
    matches.push_back(&rule_spec.match);
    std::vector<WeightedChoice::Member> members;
    if (const auto* forward = std::get_if<route::Forward>(&rule_spec.action)) {
      for (const route::WeightedPool& to : forward->pools) {
        if (LivePool* pool = find_pool(to.pool)) members.push_back({pool, to.weight});
      }
    }
    rule.choice.update(std::move(members));
  }
  now.index.build(matches);
}

void LiveTable::apply_parted() {
  std::erase_if(parted_, [this](const Parted& each) { return find_listener(each.listener->spec->id) != nullptr; });
  for (Parted& each : parted_) {
    auto now = std::make_unique<LiveListener>();
    apply_listener(*each.listener->spec, each.listener.get(), *now);
    each.listener = std::move(now);
  }
}

LiveListener* LiveTable::find_parted(std::string_view id) {
  const auto found = std::ranges::find(parted_, id, [](const Parted& each) { return each.listener->spec->id; });
  return found == parted_.end() ? nullptr : found->listener.get();
}

LiveListener* LiveTable::find_listener(std::string_view id) {
  for (const auto& listener : listeners_) {
    if (listener->spec->id == id) return listener.get();
  }
  return nullptr;
}

LivePool* LiveTable::find_pool(std::string_view id) {
  const auto found = pool_by_id_.find(id);
  return found == pool_by_id_.end() ? nullptr : found->second;
}

void LiveTable::set_health(std::string_view pool, std::string_view backend, route::Health health) {
  if (LivePool* found = find_pool(pool)) found->set_health(backend, health);
}

void LiveTable::take_stock(Instant now) {
  for (const auto& pool : pools_) pool->take_stock(now);
}

void LiveTable::sweep() {
  for (const auto& pool : pools_) pool->sweep();
  std::erase_if(dropped_, [](const auto& pool) { return pool->sweep(); });
}

}  // namespace weir::proxy
