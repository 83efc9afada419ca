#include "proxy/books.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "proxy/limits.h"

namespace weir::proxy {
namespace {

const route::Counters kNothing;

std::unordered_set<std::string_view> backends_of(const route::Pool* pool) {
  std::unordered_set<std::string_view> ids;
  if (pool == nullptr) return ids;
  ids.reserve(pool->backends.size());
  for (const route::Backend& backend : pool->backends) ids.insert(backend.id);
  return ids;
}

void list(Books::Entry& entry, bool listed, Instant now) {
  if (entry.listed && !listed) entry.parted = now;
  entry.listed = listed;
}

}  // namespace

void Books::take_table(route::RouteTablePointer table, Instant now) {
  table_ = std::move(table);
  for (auto& [id, entry] : listeners_) list(entry, has_listener(id), now);
  std::unordered_map<std::string_view, const route::Pool*> pools;
  for (const route::Pool& pool : table_->pools) pools.emplace(pool.id, &pool);
  for (auto& [id, pool] : pools_) {
    const auto found = pools.find(id);
    const route::Pool* listed = found == pools.end() ? nullptr : found->second;
    list(pool, listed != nullptr, now);
    if (pool.backends.empty()) continue;  // of most nothing has ever been counted: only then it is worth a look
    const auto ids = backends_of(listed);
    for (auto& [backend, entry] : pool.backends) list(entry, ids.contains(backend), now);
  }
}

void Books::add(const std::vector<TallyLine>& lines, Instant now) {
  for (const TallyLine& line : lines) {
    Entry* entry = nullptr;
    bool fresh = false;
    if (!line.listener.empty()) {
      const auto [place, inserted] = listeners_.try_emplace(line.listener);
      entry = &place->second;
      fresh = inserted;
      if (fresh) entry->listed = has_listener(line.listener);
    } else {
      const auto [pool, inserted] = pools_.try_emplace(line.pool);
      if (inserted) list(pool->second, table_->find_pool(line.pool) != nullptr, now);
      entry = &pool->second;
      fresh = inserted;
      if (!line.backend.empty()) {
        const auto [place, added] = pool->second.backends.try_emplace(line.backend);
        entry = &place->second;
        fresh = added;
        if (fresh) entry->listed = has_backend(line.pool, line.backend);
      }
    }
    entry->counters.add(line.counters);
    if (!entry->listed) entry->parted = now;
  }
}

void Books::sweep(Instant now) {
  const auto old = [now](const auto& each) {
    const Entry& entry = each.second;
    return !entry.listed && entry.counters.active() == 0 && now - entry.parted >= kPartedCounters;
  };
  std::size_t parted = 0;
  std::erase_if(listeners_, old);
  for (auto& [id, pool] : pools_) {
    std::erase_if(pool.backends, old);
    parted += static_cast<std::size_t>(
        std::ranges::count_if(pool.backends, [](const auto& each) { return !each.second.listed; }));
  }
  if (parted > kMaxPartedCounters) {
    for (auto& [id, pool] : pools_) {
      std::erase_if(pool.backends,
                    [](const auto& each) { return !each.second.listed && each.second.counters.active() == 0; });
    }
  }
  std::erase_if(pools_, [&old](const auto& each) { return each.second.backends.empty() && old(each); });
}

const route::Counters& Books::PoolEntry::backend(std::string_view id) const {
  const auto found = backends.find(id);
  return found == backends.end() ? kNothing : found->second.counters;
}

const Books::PoolEntry& Books::pool_entry(std::string_view id) const {
  static const PoolEntry kNone;
  const auto found = pools_.find(id);
  return found == pools_.end() ? kNone : found->second;
}

const route::Counters& Books::pool(std::string_view id) const { return pool_entry(id).counters; }

const route::Counters& Books::backend(std::string_view pool, std::string_view id) const {
  return pool_entry(pool).backend(id);
}

bool Books::has_listener(std::string_view id) const {
  return std::ranges::any_of(table_->listeners, [id](const route::Listener& each) { return each.id == id; });
}

bool Books::has_backend(std::string_view pool, std::string_view id) const {
  const route::Pool* found = table_->find_pool(pool);
  return found != nullptr &&
         std::ranges::any_of(found->backends, [id](const route::Backend& each) { return each.id == id; });
}

}  // namespace weir::proxy
