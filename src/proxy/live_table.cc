#include "proxy/live_table.h"

#include <algorithm>
#include <utility>

#include "proxy/cookies.h"

namespace weir::proxy {

namespace {

void bind(LiveRule& rule, const route::Rule& spec) {
  rule.spec = &spec;
  rule.fixed = std::get_if<route::FixedResponse>(&spec.action);
  rule.redirect = std::get_if<route::Redirect>(&spec.action);
  rule.enter = std::get_if<route::Enter>(&spec.action);
  rule.changes = rule.enter != nullptr || spec.rewrite;
}

}  // namespace

void WeightedChoice::update(std::vector<Member> members) {
  const bool same = std::ranges::equal(
      members_, members, [](const Member& a, const Member& b) { return a.pool == b.pool && a.weight == b.weight; });
  if (same) return;
  members_ = std::move(members);
  total_ = 0;
  for (Member& member : members_) {
    total_ += member.weight;
    member.token = token_of(member.pool->id());
  }
}

LivePool* WeightedChoice::find(std::uint64_t token, Instant now) const {
  const auto found = std::ranges::find(members_, token, &Member::token);
  return found != members_.end() && found->pool->can_serve(now) ? found->pool : nullptr;
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
  const auto place = compiled->index.find(request);
  return place ? rules[*place].get() : nullptr;
}

void LiveTable::apply(CompiledTablePointer table, std::vector<FreshBackends> fresh) {
  if (table->before != table_) {  // planned for a worker that runs another table
    table = compile(table->table, compiled_.get());
    fresh.clear();
  }
  // The old table stays until the new rules stand: what they take over still points into it.
  const CompiledTablePointer before = std::exchange(compiled_, std::move(table));
  const route::RouteTablePointer table_before = std::exchange(table_, compiled_->table);
  fresh.resize(table_->pools.size());
  apply_pools(std::move(fresh));
  std::vector<std::unique_ptr<LiveListener>> now;
  for (std::size_t i = 0; i < table_->listeners.size(); ++i) {
    const route::Listener& spec = table_->listeners[i];
    now.push_back(std::make_unique<LiveListener>());
    apply_listener(spec, compiled_->listeners[i], find_listener(spec.id), *now.back());
  }
  listeners_.swap(now);
  for (auto& listener : now) {
    if (find_listener(listener->spec->id) == nullptr) parted_.push_back({table_before, std::move(listener)});
  }
  apply_parted();
  for (const auto& listener : listeners_) resolve_entries(*listener);
  for (const Parted& each : parted_) resolve_entries(*each.listener);
  sweep();
}

void LiveTable::apply_pools(std::vector<FreshBackends> fresh) {
  std::unordered_map<std::string_view, std::unique_ptr<LivePool>*> known;
  for (auto& pool : pools_) known.emplace(pool->id(), &pool);
  std::vector<std::unique_ptr<LivePool>> now;
  for (std::size_t i = 0; i < table_->pools.size(); ++i) {
    const route::Pool& spec = table_->pools[i];
    const auto found = known.find(spec.id);
    if (found == known.end()) {
      now.push_back(std::make_unique<LivePool>(spec, compiled_->pools[i], std::move(fresh[i]), shared_));
      now.back()->watcher = watcher_;
    } else {
      now.push_back(std::move(*found->second));
      now.back()->update(spec, compiled_->pools[i], std::move(fresh[i]));
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

void LiveTable::apply_listener(const route::Listener& spec, const ListenerPlan& plan, LiveListener* before,
                               LiveListener& now) {
  now.spec = &spec;
  now.compiled = plan.rules;
  if (!plan.same_rules || before == nullptr) return apply_rules(spec, before, now);
  // The same rules over the same pools, which outlast a table: only what is borrowed from it changes.
  now.rules = std::move(before->rules);
  for (std::size_t i = 0; i < now.rules.size(); ++i) bind(*now.rules[i], spec.rules[i]);
}

void LiveTable::apply_rules(const route::Listener& spec, LiveListener* before, LiveListener& now) {
  std::unordered_map<std::string_view, std::unique_ptr<LiveRule>*> known;
  if (before != nullptr) {
    for (auto& rule : before->rules) known.emplace(rule->spec->id, &rule);
  }
  for (const route::Rule& rule_spec : spec.rules) {
    const auto found = known.find(rule_spec.id);
    now.rules.push_back(found != known.end() ? std::move(*found->second) : std::make_unique<LiveRule>());
    LiveRule& rule = *now.rules.back();
    bind(rule, rule_spec);
    const bool last = &rule_spec == &spec.rules.back();
    rule.place = last && rule_spec.match == route::Match() ? 0 : static_cast<unsigned>(now.rules.size());
    std::vector<WeightedChoice::Member> members;
    if (const auto* forward = std::get_if<route::Forward>(&rule_spec.action)) {
      for (const route::WeightedPool& to : forward->pools) {
        if (LivePool* pool = find_pool(to.pool)) members.push_back({pool, to.weight});
      }
    }
    rule.choice.update(std::move(members));
  }
}

void LiveTable::apply_parted() {
  std::erase_if(parted_, [this](const Parted& each) { return find_listener(each.listener->spec->id) != nullptr; });
  for (Parted& each : parted_) {
    auto now = std::make_unique<LiveListener>();
    const ListenerPlan plan{.rules = each.listener->compiled};  // its pools may have gone
    apply_listener(*each.listener->spec, plan, each.listener.get(), *now);
    each.listener = std::move(now);
  }
}

// What a table's listeners enter is in it; what is left of older ones may have lost it.
void LiveTable::resolve_entries(LiveListener& listener) {
  for (const auto& rule : listener.rules) {
    if (rule->enter == nullptr) continue;
    rule->entered = find_listener(rule->enter->listener);
    if (rule->entered == nullptr) rule->entered = find_parted(rule->enter->listener);
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

void LiveTable::set_health(std::string_view pool, std::string_view backend, route::Health health, std::size_t place) {
  if (LivePool* found = find_pool(pool)) found->set_health(backend, health, place);
}

void LiveTable::take_stock(Instant now) {
  for (const auto& pool : pools_) pool->take_stock(now);
}

void LiveTable::collect(std::vector<TallyLine>& lines) {
  for (const auto& pool : pools_) pool->collect(lines);
  for (const auto& pool : dropped_) pool->collect(lines);
}

void LiveTable::sweep() {
  for (const auto& pool : pools_) pool->sweep();
  std::erase_if(dropped_, [](const auto& pool) { return pool->sweep(); });
}

}  // namespace weir::proxy
