#include "proxy/books.h"

#include <algorithm>
#include <set>
#include <utility>

#include "proxy/limits.h"

namespace weir::proxy {
namespace {

const route::Counters kNothing;

// What is in the table, for looking it up often.
struct Listed {
  explicit Listed(const route::RouteTable& table) {
    for (const route::Listener& listener : table.listeners) listeners.insert(listener.id);
    for (const route::Pool& pool : table.pools) {
      pools.insert(pool.id);
      for (const route::Backend& backend : pool.backends) backends.emplace(pool.id, backend.id);
    }
  }
  std::set<std::string_view> listeners, pools;
  std::set<std::pair<std::string_view, std::string_view>> backends;
};

void list(Books::Entry& entry, bool listed, Instant now) {
  if (entry.listed && !listed) entry.parted = now;
  entry.listed = listed;
}

}  // namespace

void Books::take_table(route::RouteTablePointer table, Instant now) {
  table_ = std::move(table);
  const Listed listed(*table_);
  for (auto& [id, entry] : listeners_) list(entry, listed.listeners.contains(id), now);
  for (auto& [id, pool] : pools_) {
    list(pool, listed.pools.contains(id), now);
    for (auto& [backend, entry] : pool.backends) list(entry, listed.backends.contains({id, backend}), now);
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

const route::Counters& Books::pool(std::string_view id) const {
  const auto found = pools_.find(id);
  return found == pools_.end() ? kNothing : found->second.counters;
}

const route::Counters& Books::backend(std::string_view pool, std::string_view id) const {
  const auto found = pools_.find(pool);
  if (found == pools_.end()) return kNothing;
  const auto backend = found->second.backends.find(id);
  return backend == found->second.backends.end() ? kNothing : backend->second.counters;
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
