#include "proxy/live_pool.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/check.h"

namespace weir::proxy {
namespace {

using route::Algorithm;
using route::Health;

bool same_place(const route::Backend& a, const route::Backend& b) { return a.address == b.address && a.port == b.port; }

}  // namespace

void LivePool::update(const route::Pool& pool) {
  // The backend whose turn is next keeps its turn, wherever it stands in the new order.
  const LiveBackend* next = backends_.empty() ? nullptr : backends_[cursor_ % backends_.size()].get();
  std::unordered_map<std::string_view, std::unique_ptr<LiveBackend>*> known;
  for (auto& backend : backends_) known.emplace(backend->spec.id, &backend);
  std::vector<std::unique_ptr<LiveBackend>> now;
  now.reserve(pool.backends.size());
  for (const route::Backend& spec : pool.backends) {
    const auto found = known.find(spec.id);
    if (found != known.end() && *found->second && same_place((*found->second)->spec, spec)) {
      now.push_back(std::move(*found->second));
      const bool changed = now.back()->spec.state != spec.state;
      now.back()->spec.state = spec.state;
      if (changed && now.back()->attachment) now.back()->attachment->backend_changed();
    } else {
      now.push_back(std::make_unique<LiveBackend>());
      now.back()->spec = spec;
      now.back()->pool = this;
    }
  }
  for (auto& backend : backends_) {
    if (!backend) continue;
    backend->listed = false;
    if (backend->attachment) backend->attachment->backend_changed();
    dropped_.push_back(std::move(backend));
  }
  backends_ = std::move(now);
  const auto turn = std::ranges::find(backends_, next, &std::unique_ptr<LiveBackend>::get);
  if (turn != backends_.end()) {
    cursor_ = static_cast<std::size_t>(turn - backends_.begin());
  } else if (!backends_.empty()) {
    cursor_ %= backends_.size();
  }
  spec_ = pool;
  spec_.backends.clear();
  counters.pool = spec_.id;
}

void LivePool::retire() {
  route::Pool empty = spec_;
  empty.backends.clear();
  update(empty);
}

LiveBackend* LivePool::find(std::string_view backend) const {
  for (const auto& each : backends_) {
    if (each->spec.id == backend) return each.get();
  }
  return nullptr;
}

void LivePool::set_health(std::string_view backend, Health health) {
  if (LiveBackend* found = find(backend)) found->health = health;
}

template <class Eligible>
LiveBackend* LivePool::next_of(Eligible eligible) {
  const std::size_t count = backends_.size();
  std::size_t best = count;
  for (std::size_t step = 0; step < count; ++step) {
    const std::size_t at = (cursor_ + step) % count;
    if (!eligible(*backends_[at])) continue;
    if (best == count || backends_[at]->active < backends_[best]->active) best = at;
    if (spec_.algorithm == Algorithm::round_robin || backends_[best]->active == 0) break;
  }
  if (best == count) return nullptr;
  cursor_ = (best + 1) % count;
  return backends_[best].get();
}

LiveBackend* LivePool::pick(std::span<LiveBackend* const> exclude) {
  const auto allowed = [exclude](LiveBackend& backend) {
    return backend.serving() && std::ranges::find(exclude, &backend) == exclude.end();
  };
  const auto fit = [&](LiveBackend& backend) { return allowed(backend) && backend.health != Health::unhealthy; };
  if (LiveBackend* backend = next_of(fit)) return backend;
  return next_of(allowed);
}

void LivePool::begin(LiveBackend& backend) {
  ++backend.active;
  ++backend.requests;
}

void LivePool::end(LiveBackend& backend) {
  check(backend.active > 0, "an exchange ends once");
  --backend.active;
}

bool LivePool::sweep() {
  std::erase_if(dropped_, [](const auto& backend) {
    return backend->active == 0 && (!backend->attachment || backend->attachment->idle());
  });
  return backends_.empty() && dropped_.empty();
}

}  // namespace weir::proxy
