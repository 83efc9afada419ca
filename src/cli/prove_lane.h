// What `weir prove` does over one protocol: fixes when each request should leave, gives it to a free connection, and
// writes in the account how it ended. Open loop: a slow server makes requests wait, and the waiting counts. One loop,
// one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/prove_account.h"
#include "cli/prove_connection.h"
#include "cli/prove_judge.h"
#include "http/message.h"
#include "net/loop.h"

namespace weir::cli {

class ProveLane final : private ProveCalls {
 public:
  // `done` is called once, when end() was and every request sent has been accounted for. All must outlive the lane.
  ProveLane(net::Loop& loop, const ProveLoad& load, const net::SocketAddress& address, ProveAccount& account,
            std::function<void()> done);
  ~ProveLane() override;

  // Opens connections; the first request is meant to leave at `first`, none at `end` or later.
  void start(Instant first, std::optional<Instant> end);
  // Sends no more; a second time: does not wait for what is under way either.
  void end();
  // To be called every kProveTick: looks at timeouts and lost connections.
  void tick();

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
  void open_all();
  std::unique_ptr<ProveConnection> make_connection();
  std::size_t usable_connections() const;
  void finish(ProveCall& call, const ProveOutcome& outcome);
  void expire();
  void give_up(ProveCall& call, const char* waiting, const char* under_way);
  void stop_when_done();
  Instant intended(std::uint64_t index) const;

  net::Loop& loop_;
  const ProveLoad& load_;
  const net::SocketAddress& address_;
  ProveAccount& account_;
  std::function<void()> done_;
  ProveJudge judge_;
  std::string h1_request_;
  http::RequestHead h2_request_;

  Instant start_;
  std::optional<Instant> end_;
  std::uint64_t arrived_ = 0;  // calls made so far
  std::uint64_t ended_ = 0;    // of them
  std::uint64_t opened_ = 0;   // connections so far
  bool ending_ = false;
  std::unique_ptr<Alarm> alarm_;
  Instant reopen_at_;  // not before: after a refused connection

  std::deque<std::unique_ptr<ProveCall>> calls_;  // in order of intended time, until done
  std::deque<ProveCall*> waiting_;                // for a connection, oldest first
  std::vector<std::unique_ptr<ProveConnection>> connections_;
  std::vector<std::unique_ptr<ProveConnection>> gone_;  // until no code of theirs runs any more
  std::size_t next_connection_ = 0;
};

}  // namespace weir::cli
