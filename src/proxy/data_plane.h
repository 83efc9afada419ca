// DataPlane: `weir proxy` as a whole: the main thread with the control socket, the health checks, the ports and the
// table on disk; and the workers. Constructed and run by main. How one follows another is in data_plane_succession.cc
// and docs/decisions/0009.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "net/loop.h"
#include "net/signal_watch.h"
#include "proxy/access_logs.h"
#include "proxy/books.h"
#include "proxy/control_port.h"
#include "proxy/health_checks.h"
#include "proxy/ports.h"
#include "proxy/predecessor.h"
#include "proxy/successor.h"
#include "proxy/table_keeper.h"
#include "proxy/worker.h"
#include "route/feedback.h"
#include "route/route_table.h"

namespace weir::proxy {

class AdminPort;
struct AdminAnswer;

struct DataPlaneOptions {
  std::string control;  // path of the Unix socket; empty: the table file alone says what to do, and is not written
  std::string table;    // path of the table file
  unsigned workers = 1;
  std::string admin;  // ADDRESS:PORT of /metrics, /ready and /live; empty: none

  std::vector<std::string> command;  // program and arguments of the process that follows on SIGHUP; empty: none does
  net::Fd predecessor;               // the link to the process that this one follows; invalid: none
  std::function<void()> serving;     // called when this process is the one that serves (again); null: nobody asks
};

class DataPlane final : private net::TurnTask {
 public:
  // Blocks SIGTERM and SIGINT in the calling thread, and in those it starts.
  DataPlane(const Clock& clock, Log& log, Random& random, DataPlaneOptions options);
  ~DataPlane() override;

  // Reads the table file, opens the control socket, starts to serve; one that follows another only begins to. Errors:
  // one that the user can mend.
  Result<void> start();
  // Until SIGTERM or SIGINT; then lets what is under way finish, for kShutdownLimit at the most. On SIGHUP another
  // process follows: then until what is under way has finished. Errors: what the process that this one follows has
  // left cannot be used.
  Result<void> run();

 private:
  enum class Life {
    heir,       // everything stands but the ports: another process serves
    serving,    //
    followed,   // another process serves; what is under way here finishes
    finishing,  // no process of ours serves any more
  };
  Result<void> open_ports(Ports::Sockets left);
  Result<void> take_message(const Json& message);
  void take_table(route::RouteTablePointer table);
  void take_report(std::size_t worker, WorkerReport report);
  void persist();
  void kept(std::int64_t version, const Result<void>& written);
  bool runs_everywhere() const;
  void feedback_soon() { loop_.at_turn_end(*this); }
  void at_turn_end() override;
  void on_tick();
  void say_dropped();
  route::ListenerStatus status(const route::Listener& listener) const;
  std::int64_t acknowledged() const;
  route::Feedback feedback() const;
  AdminAnswer admin(std::string_view path) const;
  std::string unready() const;
  void finish();
  void end_workers(Duration grace, Duration limit);
  void stop_when_finished();

  // As the one that is followed.
  void follow(std::vector<std::string> command);
  void start_successor();
  Inheritance inheritance() const;
  std::string last_words() const;
  void followed();
  void not_followed(const std::string& why);
  void take_from_successor(const Json& message);
  unsigned draining() const { return predecessor_ ? predecessor_->draining() : 0; }

  // As the heir.
  void await_inheritance();
  Result<void> inherit(Inheritance inheritance);
  void say_ready_when_applied();
  void begin_to_serve();
  void give_up(const Error& why);
  void add_predecessor(route::Feedback& feedback) const;

  Log& log_;
  DataPlaneOptions options_;
  net::Loop loop_;
  std::vector<std::int64_t> versions_;  // which each worker runs
  Books books_;
  AccessLogs logs_;                  // outlives the workers: they may have the last word
  std::uint64_t dropped_lines_ = 0;  // of access logs, as far as the log says it
  Instant next_drop_notice_{};
  SharedLoads loads_;  // outlives the workers
  std::vector<std::unique_ptr<Worker>> workers_;
  Ports ports_;
  HealthChecks checks_;
  TableKeeper keeper_;
  net::Timer tick_;
  net::Timer shutdown_limit_;
  std::unique_ptr<net::SignalWatch> signals_;
  std::unique_ptr<ControlPort> control_;
  std::unique_ptr<AdminPort> admin_;
  route::RouteTablePointer table_;
  CompiledTablePointer compiled_;
  std::vector<CompiledTablePointer> retired_;  // some worker may run the newest of them still
  PoolClients pool_clients_;
  std::int64_t persisted_ = -1;      // version on disk
  std::int64_t given_to_keep_ = -1;  // version that is to come there
  std::size_t unfinished_ = 0;       // workers that still have connections
  unsigned finish_round_ = 0;        // how often the workers have been told to finish
  Life life_ = Life::serving;
  std::optional<Error> failed_;  // what run() says at its end

  std::unique_ptr<Successor> successor_;
  std::vector<std::string> next_command_;  // of the successor that is wanted as soon as there may be one
  std::shared_ptr<Predecessor> predecessor_;
  Ports::Sockets left_;        // by whom this one follows, until it serves
  Ports::Tickets tickets_;     // alike
  bool ready_to_say_ = false;  // what was left runs here as soon as all workers have it
  route::Feedback before_;     // counted before this process, and in flight in those that it follows
};

}  // namespace weir::proxy
