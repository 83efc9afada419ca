#include "proxy/live_pool.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "proxy/cookies.h"

namespace weir::proxy {
namespace {

using route::Health;

bool same_place(const route::Backend& a, const route::Backend& b) { return a.address == b.address && a.port == b.port; }

// `backend` is listed as `spec` from now on.
void take_over(LiveBackend& backend, const route::Backend& spec) {
  const bool changed = backend.spec.state != spec.state;
  backend.spec.state = spec.state;
  backend.spec.weight = spec.weight;
  if (changed && backend.attachment) backend.attachment->backend_changed();
}

route::Pool without_backends(const route::Pool& pool) {
  route::Pool bare = pool;
  bare.backends.clear();
  return bare;
}

// For each backend of `pool` its place in `before`. Most often it is the same, so that nothing is looked up.
std::vector<std::uint32_t> places_before(const route::Pool& pool, const route::Pool& before) {
  std::unordered_map<std::string_view, std::uint32_t> places;
  const auto place_of = [&](const std::string& id, std::size_t guess) {
    if (guess < before.backends.size() && before.backends[guess].id == id) return static_cast<std::uint32_t>(guess);
    if (places.empty()) {
      for (const route::Backend& each : before.backends) places.emplace(each.id, places.size());
    }
    const auto found = places.find(id);
    return found == places.end() ? PoolPlan::kNew : found->second;
  };
  std::vector<std::uint32_t> from;
  from.reserve(pool.backends.size());
  for (const route::Backend& backend : pool.backends) {
    const std::uint32_t place = place_of(backend.id, from.size());
    const bool stays = place != PoolPlan::kNew && same_place(before.backends[place], backend);
    from.push_back(stays ? place : PoolPlan::kNew);
  }
  return from;
}

}  // namespace

PoolPlan plan_of(const route::Pool& pool, const route::Pool* before) {
  PoolPlan plan;
  plan.unchanged = before != nullptr && *before == pool;
  if (plan.unchanged) return plan;
  static const route::Pool kNone;
  plan.bare = without_backends(pool);
  plan.from = places_before(pool, before != nullptr ? *before : kNone);
  return plan;
}

LivePool::LivePool(const route::Pool& pool, SharedLoads* shared) : LivePool(pool, plan_of(pool, nullptr), {}, shared) {}

LivePool::LivePool(const route::Pool& pool, const PoolPlan& plan, FreshBackends fresh, SharedLoads* shared)
    : shared_(shared), line_(shared != nullptr ? shared->line(pool.id) : std::make_shared<SharedLine>()) {
  update(pool, plan, std::move(fresh));
}

void LivePool::update(const route::Pool& pool) {
  route::Pool before = spec_;
  for (const auto& backend : backends_) before.backends.push_back(backend->spec);
  update(pool, plan_of(pool, &before), {});
}

void LivePool::update(const route::Pool& pool, const PoolPlan& plan, FreshBackends fresh) {
  if (plan.unchanged) return;
  // The backend whose turn is next keeps its turn, wherever it stands in the new order.
  const LiveBackend* next = backends_.empty() ? nullptr : backends_[cursor_ % backends_.size()].get();
  spec_ = plan.bare;
  limited_ = spec_.limits.connections != 0 || spec_.limits.requests != 0;
  std::vector<std::unique_ptr<LiveBackend>> now;
  now.reserve(pool.backends.size());
  auto newcomer = fresh.begin();
  for (std::size_t i = 0; i < pool.backends.size(); ++i) {
    const route::Backend& spec = pool.backends[i];
    if (plan.from[i] != PoolPlan::kNew) {
      now.push_back(std::move(backends_[plan.from[i]]));
      take_over(*now.back(), spec);
    } else {
      now.push_back(newcomer != fresh.end() ? std::move(*newcomer++) : LivePool::fresh(spec_.id, spec, shared_));
      now.back()->pool = this;
    }
    if (spec_.health.protocol == route::HealthProtocol::none) {
      now.back()->health = Health::healthy;
      now.back()->proved = true;
    }
    share_requests(*now.back());
  }
  for (auto& backend : backends_) {
    if (!backend) continue;
    backend->listed = backend->takes_ = false;
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
  name_backends();
  stale_ = true;
  tell_room();
}

void LivePool::name_backends() {
  by_token_.clear();
  if (!spec_.stickiness) return;
  for (const auto& backend : backends_) by_token_.emplace(token_of(spec_.id, backend->spec.id), backend.get());
}

LiveBackend* LivePool::take_by_token(std::uint64_t token, Instant now) {
  const auto found = by_token_.find(token);
  return found != by_token_.end() && may_take(*found->second, now) ? found->second : nullptr;
}

bool LivePool::can_serve(Instant now) {
  take_stock(now);
  return std::ranges::any_of(backends_, &LiveBackend::takes);
}

std::unique_ptr<LiveBackend> LivePool::fresh(const std::string& pool, const route::Backend& spec, SharedLoads* shared) {
  auto backend = std::make_unique<LiveBackend>();
  backend->spec = spec;
  backend->load = shared != nullptr ? shared->of(pool, spec) : std::make_shared<SharedLoad>();
  return backend;
}

// Where limits of requests come or go, those in flight are counted from now on, or not any more.
void LivePool::share_requests(LiveBackend& backend) {
  const bool wanted = spec_.limits.requests != 0;
  if (wanted == backend.shares_requests_) return;
  backend.shares_requests_ = wanted;
  if (wanted) {
    backend.load->requests += backend.active;
  } else {
    backend.load->requests -= backend.active;
  }
}

void LivePool::retire() {
  route::Pool empty = spec_;
  empty.backends.clear();
  update(empty);
}

LiveBackend* LivePool::find(std::string_view backend, std::size_t place) const {
  if (place < backends_.size() && backends_[place]->spec.id == backend) return backends_[place].get();
  for (const auto& each : backends_) {
    if (each->spec.id == backend) return each.get();
  }
  return nullptr;
}

void LivePool::set_health(std::string_view backend, Health health, std::size_t place) {
  LiveBackend* found = find(backend, place);
  if (found == nullptr || found->health == health) return;
  found->health = health;
  found->proved |= health == Health::healthy;
  stale_ = true;
  tell_room();
}

bool LivePool::fails_open(std::size_t serving, std::size_t healthy) const {
  return healthy < spec_.fail_open.count || healthy * 100 < serving * spec_.fail_open.percent;
}

void LivePool::look(Instant now) {
  stale_ = false;
  next_change_ = Instant::max();
  // As ALB has it: a backend starts slowly only where others are past that; those that come together do not.
  const bool others = std::ranges::any_of(backends_, [](const auto& b) { return b->ready_ && !b->warming_; });
  std::size_t serving = 0, healthy = 0;
  for (const auto& b : backends_) {
    const bool ready = b->serving() && b->health != Health::unhealthy;
    if (ready && !b->ready_ && others) {
      b->warming_ = true;
      b->warm_since_ = now;
    }
    b->ready_ = ready;
    const Instant warm = b->warm_since_ + spec_.slow_start;
    b->warming_ = b->warming_ && ready && now < warm;
    if (b->warming_) next_change_ = std::min(next_change_, warm);
    if (b->standing.ejected() && (now >= b->standing.until() || !spec_.outlier)) b->standing.pardon();
    if (b->standing.ejected()) next_change_ = std::min(next_change_, b->standing.until());
    serving += b->serving();
    healthy += ready && !b->standing.ejected();
  }
  const bool open = fails_open(serving, healthy);
  const LiveBackend* first = nullptr;
  even_ = all_take_ = true;
  warming_ = false;
  for (const auto& b : backends_) {
    b->takes_ = b->serving() && (open || (b->ready_ && !b->standing.ejected()));
    all_take_ = all_take_ && b->takes_;
    if (!b->takes_) continue;
    if (first == nullptr) first = b.get();
    even_ = even_ && b->spec.weight == first->spec.weight;
    warming_ = warming_ || b->warming_;
  }
  even_ = even_ && !warming_;
}

bool LivePool::may_eject(const LiveBackend& backend) const {
  std::size_t serving = 0, ejected = 0, left = 0;
  for (const auto& b : backends_) {
    serving += b->serving();
    ejected += b->serving() && b->standing.ejected();
    left += b.get() != &backend && b->ready_ && !b->standing.ejected();
  }
  const std::size_t most = std::max<std::size_t>(1, serving * spec_.outlier->max_ejected_percent / 100);
  return left > 0 && ejected < most;
}

void LivePool::judge(LiveBackend& backend, Outcome outcome, Instant now) {
  if (!backend.standing.note(outcome, *spec_.outlier)) return;
  take_stock(now);
  if (!backend.listed || backend.standing.ejected() || !may_eject(backend)) return;
  backend.standing.eject(*spec_.outlier, now);
  backend.tally.count(Count::ejections);
  tally.count(Count::ejections);
  stale_ = true;
}

bool LivePool::has_room(const LiveBackend& backend) const {
  const route::PoolLimits& limits = spec_.limits;
  if (limits.requests != 0 && backend.load->requests.load() >= limits.requests) return false;
  if (limits.connections == 0 || backend.load->connections.load() < limits.connections) return true;
  return backend.attachment && backend.attachment->has_room();
}

bool LivePool::may_take(LiveBackend& backend, Instant now) {
  take_stock(now);
  return backend.takes_ && (!limited_ || has_room(backend));
}

bool LivePool::begin(LiveBackend& backend) {
  if (backend.shares_requests_ && !SharedLoad::take(backend.load->requests, spec_.limits.requests)) return false;
  ++backend.active;
  ++backend.requests;
  backend.tally.count(Count::requests);
  return true;
}

void LivePool::end(LiveBackend& backend) {
  check(backend.active > 0, "an exchange ends once");
  --backend.active;
  backend.tally.count(Count::finished);
  if (backend.shares_requests_) backend.load->requests.fetch_sub(1);
  if (limited_) tell_room();
}

void LivePool::collect(std::vector<TallyLine>& lines) {
  if (tally.has_news()) lines.push_back({{}, spec_.id, {}, tally.take()});
  for (const auto* backends : {&backends_, &dropped_}) {
    for (const auto& backend : *backends) {
      if (backend->tally.has_news()) lines.push_back({{}, spec_.id, backend->spec.id, backend->tally.take()});
    }
  }
}

bool LivePool::sweep() {
  std::erase_if(dropped_, [](const auto& backend) {
    return backend->active == 0 && !backend->tally.has_news() && (!backend->attachment || backend->attachment->idle());
  });
  return backends_.empty() && dropped_.empty() && waiting == 0 && budget.requests() == 0 && !tally.has_news();
}

}  // namespace weir::proxy
