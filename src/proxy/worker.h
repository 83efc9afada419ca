// Worker: one thread with its loop, its listening sockets, its connections and its copy of the routing state. The main
// thread speaks to it by messages only and hears from it by messages posted to the main loop. Owned by the DataPlane.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/log.h"
#include "net/loop.h"
#include "net/socket_address.h"
#include "proxy/client_connection.h"
#include "proxy/kin_link.h"
#include "proxy/lane.h"

namespace weir::proxy {

// What one worker has to say; a value that travels to the main thread.
struct WorkerReport {
  std::int64_t version = 0;
  bool prompt = false;             // something has changed that others wait for
  std::vector<TallyLine> tallies;  // what has been counted since the last report; nothing of what has not changed
};

// "127.0.0.1:80", "[::1]:80": where a listener listens.
std::string place_of(const route::Listener& listener);

using TlsServerPointer = std::shared_ptr<const net::TlsServer>;

class Worker {
 public:
  // `seed`: of what is left to chance. `report` is called on the worker's thread; it posts to the main loop.
  using ReportTo = std::function<void(WorkerReport)>;
  // Called on the worker's thread: the others shall hear called().
  using CallOthers = std::function<void(const std::string& pool)>;
  Worker(const Clock& clock, Log& log, std::uint64_t seed, SharedLoads& shared, ReportTo report, CallOthers call);
  ~Worker();

  // Everything below: any thread; it happens in the worker's next turn, in the order of the calls.

  // Where access logs go from the next table on.
  void set_logs(LogRings logs);
  // Swaps to `table`, then reports. `fresh`: by make_fresh(), for this worker.
  void apply(CompiledTablePointer table, std::vector<FreshBackends> fresh);
  // Accepts from `socket` for the listener of the table that has the address `place` ("127.0.0.1:80"); over TLS
  // unless `tls` is null. A place may have several sockets here.
  void open(std::string place, std::string port, SharedFd socket, TlsServerPointer tls);
  // New connections at `place`, which speaks TLS already, are shown other certificates.
  void set_tls(std::string place, TlsServerPointer tls);
  // Takes what waits in the queues of the sockets at `place`, lets go of them, and lets its connections finish.
  void close(std::string place);
  // How backends are spoken to from the next connection on.
  void set_pool_clients(PoolClients clients);
  // As WaitingLines has it.
  void called(std::string pool);
  // `place`: as in LivePool::find().
  void set_health(std::string pool, std::string backend, route::Health health, std::size_t place);
  // Closes every listener, with `grace` for idle clients; calls `done` on the worker's thread when the last connection
  // has gone. Tables are taken until then.
  void finish(Duration grace, std::function<void()> done);
  // Ends the thread at once and waits for it.
  void stop();

 private:
  class Acceptor;

  void run_apply(const CompiledTablePointer& table, std::vector<FreshBackends> fresh);
  void run_close(const std::string& place, Duration grace);
  void enter(Entrance& entrance);
  void enter_log(Entrance& entrance, const route::Listener& spec);
  void accepted(Entrance& entrance, net::Fd socket, const net::SocketAddress& peer);
  void report(bool prompt);
  void on_tick();
  void on_drained();
  void count_connections(Entrance& entrance);
  void change_tally(Entrance& entrance, const std::string& listener);
  void check_finished();
  Duration longest_delay(const Entrance& entrance);
  void end_overdue();

  Log& log_;
  ReportTo report_to_;
  net::Loop loop_;
  std::vector<std::unique_ptr<Entrance>> closed_entrances_;  // connections still hold them
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  Lane lane_;
  net::Timer tick_;
  net::Timer overdue_;  // for those who came in through entrances that have gone
  net::Timer finish_tick_;
  bool drained_reported_ = false;
  std::function<void()> finished_;
  std::thread thread_;
};

}  // namespace weir::proxy
