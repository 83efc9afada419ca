#include "proxy/health_checks.h"

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
  Probe(HealthChecks& owner, const Key& key, const route::Pool& pool, std::size_t place, const TlsClientPointer& tls)
      : owner_(owner),
        key_(key),
        backend_(pool.backends[place]),
        judge_(pool.health, owner.loop_.now()),
        timer_(owner.loop_, [this] { check(); }) {
    const auto spread = static_cast<std::int64_t>(Duration(kFirstCheckSpread).count());
    next_ = owner.loop_.now() + Duration(owner.random_.between(0, spread));
    update(pool, place, tls);
  }

  bool same_place(const route::Backend& other) const {
    return other.address == backend_.address && other.port == backend_.port;
  }

  void update(const route::Pool& pool, std::size_t place, const TlsClientPointer& tls) {
    const route::Backend& backend = pool.backends[place];
    place_ = place;
    backend_ = backend;
    judge_.update(pool.health);
    const std::uint16_t port = pool.health.port != 0 ? pool.health.port : backend.port;
    target_ = {.address = MUST(net::SocketAddress::ip(backend.address, port)),
               .check = pool.health,
               .protocol = pool.protocol,
               .secure = over_tls(pool),
               .host = backend.address,
               .tls = tls};
    const bool wanted =
        backend.state != route::BackendState::draining && pool.health.protocol != route::HealthProtocol::none;
    if (!wanted) {
      timer_.cancel();
      run_.reset();
    } else if (!timer_.armed() && run_ == nullptr) {
      timer_.arm(next_);
    }
  }

  const HealthJudge& judge() const { return judge_; }

  KnownHealth known() const { return {key_.first, key_.second, backend_.address, backend_.port, judge_.verdict()}; }
  // The next check comes within an interval, so that those of all backends do not come at once.
  void recall(const KnownHealth& known) {
    if (known.address != backend_.address || known.port != backend_.port) return;
    judge_.recall(known.verdict);
    if (known.verdict.ever_passed && timer_.armed()) {
      const auto interval = static_cast<std::int64_t>(Duration(target_.check.interval).count());
      timer_.arm(owner_.loop_.now() + Duration(owner_.random_.between(0, interval)));
    }
    if (judge_.health() != route::Health::unknown) owner_.changed_(key_.first, key_.second, judge_.health(), place_);
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
    if (changed) owner_.changed_(key_.first, key_.second, judge_.health(), place_);
  }

  HealthChecks& owner_;
  Key key_;
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
  std::map<Key, std::unique_ptr<Probe>> now;
  for (const route::Pool& pool : table.pools) {
    const auto client = clients.find(pool.id);
    const TlsClientPointer tls = client == clients.end() ? nullptr : client->second;
    for (std::size_t place = 0; place < pool.backends.size(); ++place) {
      const route::Backend& backend = pool.backends[place];
      Key key{pool.id, backend.id};
      const auto known = probes_.find(key);
      if (known != probes_.end() && known->second->same_place(backend)) {
        known->second->update(pool, place, tls);
        now.emplace(std::move(key), std::move(known->second));
      } else {
        auto probe = std::make_unique<Probe>(*this, key, pool, place, tls);
        now.emplace(std::move(key), std::move(probe));
      }
    }
  }
  probes_ = std::move(now);
}

std::vector<KnownHealth> HealthChecks::known() const {
  std::vector<KnownHealth> all;
  for (const auto& [key, probe] : probes_) {
    if (probe->judge().health() != route::Health::unknown) all.push_back(probe->known());
  }
  return all;
}

void HealthChecks::recall(const std::vector<KnownHealth>& known) {
  for (const KnownHealth& each : known) {
    const auto found = probes_.find({each.pool, each.backend});
    if (found != probes_.end()) found->second->recall(each);
  }
}

const HealthJudge* HealthChecks::verdict(const std::string& pool, const std::string& backend) const {
  const auto found = probes_.find({pool, backend});
  return found == probes_.end() ? nullptr : &found->second->judge();
}

}  // namespace weir::proxy
