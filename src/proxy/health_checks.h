// HealthChecks: checks every backend that is checking or serving, and knows the verdict on each. One thread (the main
// loop); owned by the DataPlane.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "net/loop.h"
#include "proxy/check_run.h"
#include "proxy/health_judge.h"
#include "proxy/lane.h"

namespace weir::proxy {

struct KnownHealth {
  std::string pool, backend;
  std::string address;  // where the backend was: elsewhere it is another one
  std::uint16_t port = 0;
  HealthVerdict verdict;
};

class HealthChecks {
 public:
  // `changed` is called whenever the verdict on a backend has changed, after verdict() says so.
  // `place`: of the backend in its pool.
  using Changed =
      std::function<void(const std::string& pool, const std::string& backend, route::Health health, std::size_t place)>;
  HealthChecks(net::Loop& loop, Random& random, Changed changed);
  ~HealthChecks();

  // Checks the backends of `table` from now on, over TLS through `clients`. A backend that was known keeps its verdict.
  void update(const route::RouteTable& table, const PoolClients& clients);
  // The verdict on the backend that is at `place` in `pool`; null where the newest table has none there.
  const HealthJudge* verdict(const std::string& pool, std::size_t place) const;

  // What is known of every backend that has been checked.
  std::vector<KnownHealth> known() const;
  // Goes on from what a proxy before this one knew; tells of each backend.
  void recall(const std::vector<KnownHealth>& known);

 private:
  class Probe;
  using Probes = std::vector<std::unique_ptr<Probe>>;  // of one pool, in its order

  Probes update_pool(const route::Pool& pool, Probes before, const std::shared_ptr<const net::TlsClient>& tls);

  net::Loop& loop_;
  Random& random_;
  Changed changed_;
  std::unordered_map<std::string, Probes> probes_;  // by pool
};

}  // namespace weir::proxy
