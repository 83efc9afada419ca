// DataPlane: `weir proxy` as a whole: the main thread with the control socket, the health checks, the ports and the
// table on disk; and the workers. Constructed and run by main.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "net/loop.h"
#include "net/signal_watch.h"
#include "proxy/control_port.h"
#include "proxy/health_checks.h"
#include "proxy/ports.h"
#include "proxy/worker.h"
#include "route/feedback.h"
#include "route/route_table.h"

namespace weir::proxy {

class AdminPort;

struct DataPlaneOptions {
  std::string control;  // path of the Unix socket; empty: the table file alone says what to do, and is not written
  std::string table;    // path of the table file
  unsigned workers = 1;
  std::string admin;  // ADDRESS:PORT of the figures; empty: none
};

class DataPlane final : private net::TurnTask {
 public:
  // Blocks SIGTERM and SIGINT in the calling thread, and in those it starts.
  DataPlane(const Clock& clock, Log& log, Random& random, DataPlaneOptions options);
  ~DataPlane() override;

  // Reads the table file, opens the control socket, starts to serve. Errors: one that the user can mend.
  Result<void> start();
  // Until SIGTERM or SIGINT; then lets what is under way finish, for kShutdownLimit at the most.
  void run();

 private:
  Result<void> take_message(const Json& message);
  void take_table(route::RouteTable table);
  void take_report(std::size_t worker, WorkerReport report);
  void persist();
  void feedback_soon() { loop_.at_turn_end(*this); }
  void at_turn_end() override;
  void on_tick();
  std::int64_t acknowledged() const;
  route::Feedback feedback() const;
  std::string figures() const;
  void finish();

  Log& log_;
  DataPlaneOptions options_;
  net::Loop loop_;
  std::vector<WorkerReport> reports_;
  SharedLoads loads_;  // outlives the workers
  std::vector<std::unique_ptr<Worker>> workers_;
  Ports ports_;
  HealthChecks checks_;
  net::Timer tick_;
  net::Timer shutdown_limit_;
  std::unique_ptr<net::SignalWatch> signals_;
  std::unique_ptr<ControlPort> control_;
  std::unique_ptr<AdminPort> admin_;
  route::RouteTablePointer table_;
  PoolClients pool_clients_;
  std::int64_t persisted_ = -1;  // version on disk
  std::size_t unfinished_ = 0;   // workers that still have connections
  bool finishing_ = false;
};

}  // namespace weir::proxy
