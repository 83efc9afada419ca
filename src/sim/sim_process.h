// SimProcess: one life of the proxy's process: several workers, each balancing by the real LiveTable, the real
// HealthJudge for every backend, exchanges in flight. Dies with everything it holds. One thread; owned by SimProxy.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "proxy/health_judge.h"
#include "proxy/live_table.h"
#include "route/feedback.h"
#include "sim/mutation.h"
#include "sim/sim_link.h"
#include "sim/sim_runtime.h"
#include "sim/trace.h"

namespace weir::sim {

// What a proxy is watched for: told at the very moment.
class ProxyWitness {
 public:
  virtual ~ProxyWitness() = default;
  // A worker runs `table` now.
  virtual void on_applied(const route::RouteTable& table) = 0;
  // A worker chose `backend`, which is `task` (null: nobody there), for a request, as its `attempt`th (from 0).
  virtual void on_picked(proxy::LivePool& pool, proxy::LiveBackend& backend, SimTask* task, std::size_t attempt) = 0;
  // A worker chose `pool` for a request that came to the listener on `port`.
  virtual void on_routed(std::uint16_t port, std::size_t worker, const std::string& pool) = 0;
  // A request came to `port`, for which a worker has no listener.
  virtual void on_unheard(std::uint16_t port) = 0;
  // A request came to the listener on `port`, which leads nowhere: every weight is 0.
  virtual void on_unled(std::uint16_t port) = 0;
  // A request found no backend in `pool` after so many attempts.
  virtual void on_unserved(const std::string& pool, std::size_t attempts) = 0;
  // A request was lost in the hands of `task`.
  virtual void on_lost(const SimTask& task, const std::string& pool) = 0;
  // Every worker runs `table`.
  virtual void on_acknowledged(const route::RouteTable& table) = 0;
};

struct ProxySettings {
  unsigned workers = 2;
  Delay to_worker{milliseconds(2), milliseconds(40), 5};
  milliseconds longest_answer{40};
  unsigned slow_answer_percent = 1;  // up to slow_answer
  milliseconds slow_answer{8'000};
  bool tells_idle = true;  // feedback at once when a draining backend has finished
  Mutation mutation = Mutation::none;
};

struct ProxyTally {
  std::uint64_t requests = 0;
  std::uint64_t answered = 0;
  std::uint64_t retried = 0;
  std::uint64_t unserved = 0;  // no backend, or no proxy
  std::uint64_t lost = 0;      // in the hands of a task
};

class SimProcess {
 public:
  SimProcess(Agenda& agenda, Random& random, Trace& trace, SimRuntime& backends, const ProxySettings& settings,
             ProxyWitness& witness, ProxyTally& tally);

  // Starts with `table`: no worker takes connections before it has it.
  void begin_with(const route::RouteTablePointer& table);
  // Begins to run `table`, unless it is older than what it has. `changed` (below) tells when every worker does.
  void receive(route::RouteTablePointer table);
  // Something that control should hear at once has happened.
  std::function<void()> changed;

  route::Feedback feedback() const;
  const route::RouteTablePointer& newest() const { return newest_; }
  const std::vector<std::unique_ptr<proxy::LiveTable>>& workers() const { return workers_; }
  // What the task at `port` has in its hands for that pool.
  std::uint32_t active(std::uint16_t port, const std::string& pool) const;

  // A request comes to the listener on `port`.
  void request(std::uint16_t port);
  // The task's process has ended: what it had in its hands is lost.
  void on_exit(const SimTask& task);

 private:
  struct Judge {
    route::Backend backend;
    proxy::HealthJudge judge;
    std::uint64_t serial;
  };
  struct Exchange {
    std::size_t worker;
    proxy::LiveBackend* backend;
    std::string task;
  };
  using Place = std::pair<std::string, std::string>;  // pool, backend

  void later(Duration delay, std::function<void()> what);  // unless the process has died by then
  void apply(std::size_t worker, const route::RouteTablePointer& table);
  void note_acknowledged();
  void judge_backends();
  void check_health(const Place& place, std::uint64_t serial);
  void take_outcome(const Place& place, std::uint64_t serial, const proxy::CheckOutcome& outcome);
  void carry(std::size_t worker, proxy::LivePool& pool);
  void begin(std::size_t worker, proxy::LiveBackend& backend, SimTask& task);
  void finish(std::uint64_t exchange, bool answered);
  route::RouteTablePointer as_worker_sees(const route::RouteTablePointer& table) const;

  Agenda& agenda_;
  Random& random_;
  Trace& trace_;
  SimRuntime& backends_;
  const ProxySettings& settings_;
  ProxyWitness& witness_;
  ProxyTally& tally_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();

  std::vector<std::unique_ptr<proxy::LiveTable>> workers_;
  std::vector<SimLink> worker_links_;
  route::RouteTablePointer newest_;
  std::int64_t acknowledged_ = 0;
  std::map<Place, Judge> judges_;
  std::uint64_t serials_ = 0;
  std::map<std::uint64_t, Exchange> exchanges_;
  std::uint64_t exchange_ids_ = 0;
};

}  // namespace weir::sim
