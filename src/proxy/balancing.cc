// How a LivePool chooses: its algorithms.
#include <algorithm>

#include "proxy/limits.h"
#include "proxy/live_pool.h"

namespace weir::proxy {

using route::Algorithm;

namespace {

// What a backend is due in its slow start, as a fraction of kFullShare.
std::uint64_t share_of(Duration warm, Duration slow_start) {
  const auto part = static_cast<std::uint64_t>(warm.count()) * kFullShare;
  return std::clamp(part / static_cast<std::uint64_t>(slow_start.count()), kSmallestShare, kFullShare);
}

}  // namespace

// Which backends a pick may choose. What it passes over for want of room it remembers.
struct LivePool::Fit {
  LivePool& pool;
  std::span<LiveBackend* const> exclude;
  bool desperate = false;  // any that serves

  bool operator()(const LiveBackend& backend) const {
    if (!(desperate ? backend.serving() : backend.takes_)) return false;
    if (!exclude.empty() && std::ranges::find(exclude, &backend) != exclude.end()) return false;
    if (!pool.limited_ || pool.has_room(backend)) return true;
    pool.crowded_ = true;
    return false;
  }
};

LiveBackend* LivePool::pick(Instant now, Random& random, std::span<LiveBackend* const> exclude) {
  take_stock(now);
  crowded_ = false;
  if (LiveBackend* backend = choose({*this, exclude}, now, random)) return backend;
  // Every one that is well has been tried, or there is none: whoever fails open asks the others too.
  const bool never = spec_.fail_open.count == 0 && spec_.fail_open.percent == 0;
  if (crowded_ || never) return nullptr;
  return choose({*this, exclude, true}, now, random);
}

LiveBackend* LivePool::choose(const Fit& fit, Instant now, Random& random) {
  switch (spec_.algorithm) {
    case Algorithm::round_robin:
      return even_ ? in_turn(fit) : by_weight(fit, now);
    case Algorithm::least_outstanding:
      return warming_ ? least_busy_warming(fit, now) : least_busy(fit);
    case Algorithm::weighted_random:
      return drawn(fit, now, random);
    case Algorithm::power_of_two:
      return of_two(fit, now, random);
  }
  return nullptr;
}

LiveBackend* LivePool::in_turn(const Fit& fit) {
  const std::size_t count = backends_.size();
  for (std::size_t step = 0, at = cursor_; step < count; ++step, ++at) {
    if (at >= count) at -= count;
    if (!fit(*backends_[at])) continue;
    cursor_ = at + 1 == count ? 0 : at + 1;
    return backends_[at].get();
  }
  return nullptr;
}

// In turn among equals.
LiveBackend* LivePool::least_busy(const Fit& fit) {
  const std::size_t count = backends_.size();
  std::size_t best = count;
  for (std::size_t step = 0; step < count; ++step) {
    const std::size_t at = (cursor_ + step) % count;
    if (!fit(*backends_[at])) continue;
    if (best == count || backends_[at]->active < backends_[best]->active) best = at;
    if (backends_[best]->active == 0) break;
  }
  if (best == count) return nullptr;
  cursor_ = (best + 1) % count;
  return backends_[best].get();
}

// A slow start scales what a backend seems to carry; among equals its turns are as rare as its share is small.
LiveBackend* LivePool::least_busy_warming(const Fit& fit, Instant now) {
  std::uint64_t least = UINT64_MAX;
  for (const auto& backend : backends_) {
    if (fit(*backend)) least = std::min(least, load(*backend, now));
  }
  return by_weight([&](const LiveBackend& backend) { return fit(backend) && load(backend, now) == least; }, now);
}

// Smooth and weighted: everyone's claim grows by its weight, the largest claim is met and pays for all.
template <class Wanted>
LiveBackend* LivePool::by_weight(Wanted wanted, Instant now) {
  LiveBackend* best = nullptr;
  std::int64_t total = 0;
  for (const auto& backend : backends_) {
    if (!wanted(*backend)) continue;
    const auto claim = static_cast<std::int64_t>(weight(*backend, now));
    total += claim;
    backend->turn_ += claim;
    if (best == nullptr || backend->turn_ > best->turn_) best = backend.get();
  }
  if (best != nullptr) best->turn_ -= total;
  return best;
}

LiveBackend* LivePool::drawn(const Fit& fit, Instant now, Random& random, const LiveBackend* but) {
  if (even_ && all_take_ && !limited_ && fit.exclude.empty() && but == nullptr && !backends_.empty()) {
    return backends_[random.below(backends_.size())].get();
  }
  std::uint64_t total = 0;
  for (const auto& backend : backends_) {
    if (backend.get() != but && fit(*backend)) total += weight(*backend, now);
  }
  if (total == 0) return nullptr;
  std::uint64_t left = random.below(total);
  for (const auto& backend : backends_) {
    if (backend.get() == but || !fit(*backend)) continue;
    const std::uint64_t width = weight(*backend, now);
    if (left < width) return backend.get();
    left -= width;
  }
  return nullptr;
}

// Among equals the first drawn, so that light load is shared out by weight.
LiveBackend* LivePool::of_two(const Fit& fit, Instant now, Random& random) {
  LiveBackend* one = drawn(fit, now, random);
  if (one == nullptr) return nullptr;
  LiveBackend* other = drawn(fit, now, random, one);
  return other != nullptr && load(*other, now) < load(*one, now) ? other : one;
}

std::uint64_t LivePool::weight(const LiveBackend& backend, Instant now) const {
  const std::uint64_t share = backend.warming_ ? share_of(now - backend.warm_since_, spec_.slow_start) : kFullShare;
  const bool weighs = spec_.algorithm != Algorithm::least_outstanding;
  return share * (weighs ? backend.spec.weight : 1);
}

std::uint64_t LivePool::load(const LiveBackend& backend, Instant now) const {
  if (!backend.warming_) return backend.active * kFullShare;
  return backend.active * kFullShare * kFullShare / share_of(now - backend.warm_since_, spec_.slow_start);
}

}  // namespace weir::proxy
