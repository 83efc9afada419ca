#include "proxy/health_checks.h"

#include <utility>

#include "base/result.h"
#include "proxy/limits.h"

namespace weir::proxy {
namespace {

using TlsClientPointer = std::shared_ptr<const net::TlsClient>;

bool over_tls(const route::Pool& pool) {
  const route::HealthProtocol protocol = pool.health.protocol;
  return protocol == route::HealthProtocol::https || (protocol == route::HealthProtocol::grpc && pool.tls);
}

}  // namespace

class HealthChecks::Probe {
 public:
  Probe(HealthChecks& owner, const route::Pool& pool, std::size_t place, const TlsClientPointer& tls)
      : owner_(owner),
        pool_(pool.id),
        backend_(pool.backends[place]),
        judge_(pool.health, owner.loop_.now()),
        timer_(owner.loop_, [this] { check(); }) {
    const Duration spread = kFirstCheckSpread + kFirstCheckGap * static_cast<std::int64_t>(pool.backends.size());
    next_ = owner.loop_.now() + Duration(owner.random_.between(0, spread.count()));
    update(pool, place, tls);
  }

  const std::string& id() const { return backend_.id; }
  bool is(const route::Backend& other) const {
    return other.id == backend_.id && other.address == backend_.address && other.port == backend_.port;
  }

  void update(const route::Pool& pool, std::size_t place, const TlsClientPointer& tls) {
    const route::Backend& backend = pool.backends[place];
    place_ = place;
    backend_ = backend;
    judge_.update(pool.health);
    const bool wanted =
        backend.state != route::BackendState::draining && pool.health.protocol != route::HealthProtocol::none;
    if (!wanted) {
      timer_.cancel();
      run_.reset();
      return;
    }
    const std::uint16_t port = pool.health.port != 0 ? pool.health.port : backend.port;
    target_ = {.address = MUST(net::SocketAddress::ip(backend.address, port)),
               .check = pool.health,
               .protocol = pool.protocol,
               .secure = over_tls(pool),
               .host = backend.address,
               .tls = tls};
    if (!timer_.armed() && run_ == nullptr) timer_.arm(next_);
  }

  const HealthJudge& judge() const { return judge_; }

  KnownHealth known() const { return {pool_, backend_.id, backend_.address, backend_.port, judge_.verdict()}; }
  // The next check comes within an interval, so that those of all backends do not come at once.
  void recall(const KnownHealth& known) {
    if (known.address != backend_.address || known.port != backend_.port) return;
    judge_.recall(known.verdict);
    if (known.verdict.ever_passed && timer_.armed()) {
      const auto interval = static_cast<std::int64_t>(Duration(target_.check.interval).count());
      timer_.arm(owner_.loop_.now() + Duration(owner_.random_.between(0, interval)));
    }
    const auto tell = [this](route::Health health) { owner_.changed_(pool_, backend_.id, health, place_); };
    const bool was_healthy = known.verdict.ever_passed && judge_.health() == route::Health::unhealthy;
    if (was_healthy) tell(route::Health::healthy);  // so that one that enters is let in, for where nobody does better
    if (judge_.health() != route::Health::unknown) tell(judge_.health());
  }

 private:
  void check() {
    run_ = start_check(owner_.loop_, target_, [this](CheckOutcome outcome) { checked(std::move(outcome)); });
  }
  void checked(CheckOutcome outcome) {
    // The run is on the stack: it goes in the next turn.
    owner_.loop_.post([run = std::shared_ptr<CheckRun>(std::move(run_))] {});
    const Instant now = owner_.loop_.now();
    const bool changed = judge_.judge(outcome, now);
    next_ = out_of_step(now, judge_.next_check(now), owner_.random_);
    timer_.arm(next_);
    if (changed) owner_.changed_(pool_, backend_.id, judge_.health(), place_);
  }

  HealthChecks& owner_;
  std::string pool_;
  route::Backend backend_;
  std::size_t place_ = 0;
  CheckTarget target_;
  HealthJudge judge_;
  net::Timer timer_;
  Instant next_;
  std::unique_ptr<CheckRun> run_;
};

HealthChecks::HealthChecks(net::Loop& loop, Random& random, Changed changed)
    : loop_(loop), random_(random), changed_(std::move(changed)) {}

HealthChecks::~HealthChecks() = default;

void HealthChecks::update(const route::RouteTable& table, const PoolClients& clients) {
  std::unordered_map<std::string, Probes> now;
  for (const route::Pool& pool : table.pools) {
    const auto client = clients.find(pool.id);
    const TlsClientPointer tls = client == clients.end() ? nullptr : client->second;
    const auto before = probes_.find(pool.id);
    now.emplace(pool.id, update_pool(pool, before == probes_.end() ? Probes() : std::move(before->second), tls));
  }
  probes_ = std::move(now);
}

// Most often a backend has the place that it had, so that nothing is looked up.
HealthChecks::Probes HealthChecks::update_pool(const route::Pool& pool, Probes before, const TlsClientPointer& tls) {
  std::unordered_map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < before.size() && places.empty(); ++i) {
    const bool stays = i < pool.backends.size() && before[i]->id() == pool.backends[i].id;
    if (stays) continue;
    for (std::size_t place = 0; place < before.size(); ++place) places.emplace(before[place]->id(), place);
  }
  Probes now;
  now.reserve(pool.backends.size());
  for (std::size_t i = 0; i < pool.backends.size(); ++i) {
    const route::Backend& backend = pool.backends[i];
    const auto found = places.find(backend.id);
    const std::size_t place = found != places.end() ? found->second : places.empty() ? i : before.size();
    if (place < before.size() && before[place] && before[place]->is(backend)) {
      now.push_back(std::move(before[place]));
      now.back()->update(pool, i, tls);
    } else {
      now.push_back(std::make_unique<Probe>(*this, pool, i, tls));
    }
  }
  return now;
}

std::vector<KnownHealth> HealthChecks::known() const {
  std::vector<KnownHealth> all;
  for (const auto& [pool, probes] : probes_) {
    for (const auto& probe : probes) {
      if (probe->judge().health() != route::Health::unknown) all.push_back(probe->known());
    }
  }
  return all;
}

void HealthChecks::recall(const std::vector<KnownHealth>& known) {
  std::unordered_map<std::string_view, std::unordered_map<std::string_view, const KnownHealth*>> of;
  for (const KnownHealth& each : known) of[each.pool].emplace(each.backend, &each);
  for (const auto& [pool, probes] : probes_) {
    const auto pool_known = of.find(pool);
    if (pool_known == of.end()) continue;
    for (const auto& probe : probes) {
      const auto found = pool_known->second.find(probe->id());
      if (found != pool_known->second.end()) probe->recall(*found->second);
    }
  }
}

const HealthJudge* HealthChecks::verdict(const std::string& pool, std::size_t place) const {
  const auto found = probes_.find(pool);
  return found == probes_.end() || place >= found->second.size() ? nullptr : &found->second[place]->judge();
}

}  // namespace weir::proxy
