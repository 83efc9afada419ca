#include "sim/sim_process.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"

namespace weir::sim {

using proxy::LiveBackend;
using proxy::LivePool;
using proxy::LiveTable;
using route::BackendState;

SimProcess::SimProcess(Agenda& agenda, Random& random, Trace& trace, SimRuntime& backends,
                       const ProxySettings& settings, ProxyWitness& witness, ProxyTally& tally)
    : agenda_(agenda),
      random_(random),
      trace_(trace),
      backends_(backends),
      settings_(settings),
      witness_(witness),
      tally_(tally) {
  for (unsigned i = 0; i < settings.workers; ++i) {
    workers_.push_back(std::make_unique<LiveTable>());
    worker_links_.emplace_back(agenda, random, settings.to_worker);
  }
}

void SimProcess::later(Duration delay, std::function<void()> what) {
  agenda_.after(delay, [alive = std::weak_ptr<int>(alive_), what = std::move(what)] {
    if (!alive.expired()) what();
  });
}

void SimProcess::begin_with(const route::RouteTablePointer& table) {
  newest_ = table;
  judge_backends();
  for (std::size_t i = 0; i < workers_.size(); ++i) apply(i, table);
}

void SimProcess::receive(route::RouteTablePointer table) {
  if (newest_ && table->version <= newest_->version) return;
  newest_ = std::move(table);
  judge_backends();
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    if (settings_.mutation == Mutation::stuck_worker && i == 0 && workers_[0]->version() > 0) continue;
    worker_links_[i].send([this, i, alive = std::weak_ptr<int>(alive_), sent = newest_] {
      if (!alive.expired()) apply(i, sent);
    });
  }
  if (settings_.mutation == Mutation::early_acknowledgement) {
    acknowledged_ = newest_->version;
    if (changed) changed();
  }
}

route::RouteTablePointer SimProcess::as_worker_sees(const route::RouteTablePointer& table) const {
  if (settings_.mutation != Mutation::deaf_to_draining) return table;
  route::RouteTable altered = *table;
  for (auto& pool : altered.pools)
    for (auto& backend : pool.backends)
      if (backend.state == BackendState::draining) backend.state = BackendState::serving;
  return std::make_shared<const route::RouteTable>(std::move(altered));
}

void SimProcess::apply(std::size_t worker, const route::RouteTablePointer& table) {
  LiveTable& live = *workers_[worker];
  if (live.version() >= table->version) return;
  live.apply(as_worker_sees(table));
  for (const auto& [place, judged] : judges_) live.set_health(place.first, place.second, judged.judge.health());
  witness_.on_applied(*live.table());
  note_acknowledged();
}

void SimProcess::note_acknowledged() {
  std::int64_t everywhere = workers_.front()->version();
  for (const auto& worker : workers_) everywhere = std::min(everywhere, worker->version());
  if (everywhere <= acknowledged_) return;
  acknowledged_ = everywhere;
  for (const auto& worker : workers_)
    if (worker->version() == everywhere) {
      witness_.on_acknowledged(*worker->table());
      break;
    }
  if (changed) changed();
}

// --- health checks ---------------------------------------------------------------------------------------------------

void SimProcess::judge_backends() {
  std::map<Place, Judge> now;
  for (const auto& pool : newest_->pools) {
    for (const auto& backend : pool.backends) {
      const Place place{pool.id, backend.id};
      const auto before = judges_.find(place);
      if (before != judges_.end() && before->second.backend.port == backend.port) {
        before->second.judge.update(pool.health);
        now.insert(judges_.extract(before));
        continue;
      }
      const std::uint64_t serial = ++serials_;
      now.emplace(place, Judge{backend, proxy::HealthJudge(pool.health, agenda_.now()), serial});
      if (pool.health.protocol == route::HealthProtocol::none) continue;
      later(milliseconds(random_.between(0, 10)), [this, place, serial] { check_health(place, serial); });
    }
  }
  judges_ = std::move(now);
}

void SimProcess::check_health(const Place& place, std::uint64_t serial) {
  const auto found = judges_.find(place);
  if (found == judges_.end() || found->second.serial != serial) return;
  const route::Pool* pool = newest_->find_pool(place.first);
  const SimTask* task = backends_.at_port(found->second.backend.port);
  if (task != nullptr && task->listening && task->hanging) {
    later(pool->health.timeout, [this, place, serial] {
      take_outcome(place, serial, {.passed = false, .reason = "Timeout", .description = "Request timed out"});
    });
    return;
  }
  proxy::CheckOutcome outcome{.passed = task != nullptr && task->passes_checks()};
  if (settings_.mutation == Mutation::blind_checks) outcome.passed = task != nullptr && task->started && !task->exited;
  if (!outcome.passed)
    outcome.reason = task != nullptr && task->listening ? "ResponseCodeMismatch" : "FailedHealthChecks";
  later(settings_.to_worker.draw(random_), [this, place, serial, outcome] { take_outcome(place, serial, outcome); });
}

void SimProcess::take_outcome(const Place& place, std::uint64_t serial, const proxy::CheckOutcome& outcome) {
  const auto found = judges_.find(place);
  if (found == judges_.end() || found->second.serial != serial) return;
  const Instant now = agenda_.now();
  proxy::HealthJudge& judge = found->second.judge;
  if (judge.judge(outcome, now)) {
    if (trace_.on())
      trace_.line(fmt::format("proxy    {} is {}", place.second.substr(0, 8),
                              judge.health() == route::Health::healthy ? "healthy" : "unhealthy"));
    for (const auto& worker : workers_) worker->set_health(place.first, place.second, judge.health());
    if (changed) changed();
  }
  later(judge.next_check(now) - now, [this, place, serial] { check_health(place, serial); });
}

// --- requests --------------------------------------------------------------------------------------------------------

void SimProcess::request(std::uint16_t port) {
  ++tally_.requests;
  const std::size_t worker = random_.below(workers_.size());
  proxy::LiveListener* listener = nullptr;
  if (const auto& table = workers_[worker]->table()) {
    for (const auto& each : table->listeners)
      if (each.port == port) listener = workers_[worker]->find_listener(each.id);
  }
  if (listener == nullptr) witness_.on_unheard(port);
  proxy::LiveRule* rule = listener == nullptr ? nullptr : listener->find({"host.example", "/"});
  LivePool* pool = rule == nullptr || rule->fixed != nullptr ? nullptr : rule->choice.next();
  if (pool == nullptr) {
    ++tally_.unserved;  // every weight is 0, or there is no such listener yet
    if (rule != nullptr) witness_.on_unled(port);
    return;
  }
  witness_.on_routed(port, worker, pool->id());
  carry(worker, *pool);
}

void SimProcess::carry(std::size_t worker, LivePool& pool) {
  std::vector<LiveBackend*> tried;
  while (tried.size() < kMaxAttempts) {
    LiveBackend* backend = pool.pick(agenda_.now(), random_, tried);
    if (backend == nullptr) break;
    SimTask* task = backends_.at_port(backend->spec.port);
    witness_.on_picked(pool, *backend, task, tried.size());
    if (task != nullptr && task->listening) return begin(worker, *backend, *task);
    ++tally_.retried;
    tried.push_back(backend);
  }
  ++tally_.unserved;
  witness_.on_unserved(pool.id(), tried.size());
}

void SimProcess::begin(std::size_t worker, LiveBackend& backend, SimTask& task) {
  check(backend.pool->begin(backend), "no pool here has limits");
  const std::uint64_t id = ++exchange_ids_;
  exchanges_.emplace(id, Exchange{worker, &backend, task.spec.id});
  if (random_.chance(task.behaviour.leak_percent)) return;
  const bool slow = random_.chance(settings_.slow_answer_percent);
  const milliseconds most = slow ? settings_.slow_answer : settings_.longest_answer;
  later(std::chrono::microseconds(random_.between(100, std::chrono::microseconds(most).count())), [this, id] {
    const auto found = exchanges_.find(id);
    if (found == exchanges_.end()) return;
    const SimTask* answering = backends_.find_task(found->second.task);
    if (!answering->hanging) return finish(id, true);
    later(kResponseTimeout, [this, id] { finish(id, false); });
  });
}

void SimProcess::finish(std::uint64_t exchange, bool answered) {
  const auto found = exchanges_.find(exchange);
  if (found == exchanges_.end()) return;
  LiveBackend& backend = *found->second.backend;
  const SimTask* task = backends_.find_task(found->second.task);
  const std::size_t worker = found->second.worker;
  exchanges_.erase(found);
  backend.pool->end(backend);
  const bool idle = !backend.serving() && backend.active == 0;
  ++(answered ? tally_.answered : tally_.lost);
  if (!answered) witness_.on_lost(*task, backend.pool->id());
  workers_[worker]->sweep();
  if (idle && settings_.tells_idle && changed) changed();
}

void SimProcess::on_exit(const SimTask& task) {
  std::vector<std::uint64_t> cut;
  for (const auto& [id, exchange] : exchanges_)
    if (exchange.task == task.spec.id) cut.push_back(id);
  for (const std::uint64_t id : cut) finish(id, false);
}

std::uint32_t SimProcess::active(std::uint16_t port, const std::string& pool) const {
  const SimTask* task = backends_.at_port(port);
  return static_cast<std::uint32_t>(std::ranges::count_if(exchanges_, [&](const auto& each) {
    const Exchange& exchange = each.second;
    return task != nullptr && exchange.task == task->spec.id && exchange.backend->pool->id() == pool;
  }));
}

// --- what is told ----------------------------------------------------------------------------------------------------

route::Feedback SimProcess::feedback() const {
  route::Feedback told;
  told.acknowledged = acknowledged_;
  if (!newest_) return told;
  for (const auto& pool : newest_->pools) {
    for (const auto& backend : pool.backends) {
      const proxy::HealthJudge& judge = judges_.at({pool.id, backend.id}).judge;
      route::BackendStatus status{.pool = pool.id,
                                  .backend = backend.id,
                                  .health = judge.health(),
                                  .reason = judge.reason(),
                                  .description = judge.description()};
      for (const auto& worker : workers_) {
        LivePool* live = worker->find_pool(pool.id);
        const LiveBackend* found = live == nullptr ? nullptr : live->find(backend.id);
        if (found == nullptr) continue;
        status.active += found->active;
        status.requests += found->requests;
      }
      told.backends.push_back(std::move(status));
    }
  }
  for (const auto& listener : newest_->listeners)
    told.listeners.push_back({.listener = listener.id, .listening = true});
  return told;
}

}  // namespace weir::sim
