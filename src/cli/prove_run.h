// One run of `weir prove`: fixes when each request should leave, gives it to a free connection, and writes in the
// account how it ended. Open loop: a slow server makes requests wait, and the waiting counts. One loop, one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/prove_account.h"
#include "cli/prove_connection.h"
#include "cli/prove_judge.h"
#include "http/message.h"
#include "net/loop.h"
#include "net/timer.h"

namespace weir::cli {

class ProveRun final : private ProveCalls {
 public:
  // `lines` is called with the line of every second; all must outlive the run.
  ProveRun(net::Loop& loop, const ProveOptions& options, const net::SocketAddress& address, ProveAccount& account,
           std::function<void(const std::string&)> lines);
  ~ProveRun() override;

  // Runs the loop until the duration is over or end() was called, and every request sent has been accounted for.
  void run();
  // Sends no more; a second time: does not wait for what is under way either.
  void end();
  Duration lasted() const { return lasted_; }

 private:
  // Wakes the loop at an instant, more exactly than its timers' milliseconds.
  class Alarm;

  void on_answer(ProveCall& call) override;
  void on_failure(ProveCall& call, std::string cause, std::string example) override;
  void on_unsent(ProveCall& call) override;
  void on_free() override { dispatch(); }
  void on_gone(ProveConnection& connection, std::string refused) override;

  void arrivals();
  void dispatch();
  void dispatch_soon();
  ProveConnection* free_connection();
  void open_connection();
  std::size_t usable_connections() const;
  void finish(ProveCall& call, const ProveOutcome& outcome);
  void tick();
  void expire();
  void give_up(ProveCall& call, const char* waiting, const char* under_way);
  void end_of_second();
  void stop_when_done();
  Instant intended(std::uint64_t index) const;

  net::Loop& loop_;
  const ProveOptions& options_;
  const net::SocketAddress& address_;
  ProveAccount& account_;
  std::function<void(const std::string&)> lines_;
  ProveJudge judge_;
  std::string h1_request_;
  http::RequestHead h2_request_;

  Instant start_;
  Duration lasted_{0};
  std::uint64_t arrived_ = 0;  // calls made so far
  bool ending_ = false;
  std::unique_ptr<Alarm> alarm_;
  net::Timer tick_;
  Instant second_begin_;
  Instant reopen_at_;  // not before: after a refused connection

  std::deque<std::unique_ptr<ProveCall>> calls_;  // in order of intended time, until done
  std::deque<ProveCall*> waiting_;                // for a connection, oldest first
  std::vector<std::unique_ptr<ProveConnection>> connections_;
  std::vector<std::unique_ptr<ProveConnection>> gone_;  // until no code of theirs runs any more
  std::size_t next_connection_ = 0;
};

}  // namespace weir::cli
