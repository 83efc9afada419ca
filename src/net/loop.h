// Loop: one epoll instance, its timers and its mailbox, run by exactly one thread; owned by whoever runs it.
// A turn is: wait, take the time once, ready descriptors and posted functions, timers, then the end-of-turn tasks,
// where writes gathered during the turn leave in one piece. What has arrived is seen before anybody is told that it is
// late, so that a stall of the process times nobody out. Level-triggered. Everything but post() and stop() belongs to
// the loop's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/fd.h"
#include "net/timer.h"

namespace weir::net {

// What to be told of, and what was seen. Errors and hang-ups are always told.
enum Events : std::uint32_t { kNothing = 0, kReadable = 1, kWritable = 4, kError = 8, kHangUp = 16 };

class FdHandler {
 public:
  virtual ~FdHandler() = default;
  // `events`: what epoll saw (kReadable | kWritable | kError | kHangUp). May unwatch any descriptor and destroy
  // any handler, itself too.
  virtual void on_ready(std::uint32_t events) = 0;
};

// Something to do once at the end of the current turn. Asking twice does it once; destroying it forgets it.
class TurnTask {
 public:
  virtual ~TurnTask();
  virtual void at_turn_end() = 0;

 private:
  friend class Loop;
  Loop* loop_ = nullptr;  // where it is queued
  std::size_t place_ = 0;
};

class Loop {
 public:
  explicit Loop(const Clock& clock);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // The instant of this turn: it stands still until the next one.
  Instant now() const { return now_; }
  Timestamp wall() const { return clock_.wall(); }
  const Clock& clock() const { return clock_; }
  TimerHeap& timers() { return timers_; }

  // Watches `fd` (any descriptor epoll takes: sockets, pipes, pidfd, signalfd). The handler must outlive the watch.
  void watch(int fd, std::uint32_t events, FdHandler& handler);
  // Changes what is told of a watched `fd`; costs nothing where it is the same already.
  void change(int fd, std::uint32_t events);
  // Forgets `fd`; call it before closing. Events of it already taken from the kernel are dropped.
  void unwatch(int fd);

  // Runs `task` at the end of this turn, or of the next where no turn runs.
  void at_turn_end(TurnTask& task);
  // Runs `function` on the loop's thread in a later turn, in the order of posting. Any thread.
  void post(std::function<void()> function);

  // Turns until stop().
  void run();
  // One turn; waits no longer than `timeout` (negative: until something happens).
  void run_once(Duration timeout = Duration(-1));
  // Ends run() after the current turn. Any thread.
  void stop();

 private:
  friend class TurnTask;
  struct Watch {
    FdHandler* handler = nullptr;
    std::uint32_t events = 0;
    std::uint32_t generation = 0;
  };

  int wait_millis(Duration timeout) const;
  void run_posted();
  void run_turn_tasks();

  const Clock& clock_;
  Fd epoll_;
  Fd wake_;  // eventfd: told by post()
  Instant now_;
  TimerHeap timers_;
  std::vector<Watch> watches_;  // by descriptor
  std::vector<TurnTask*> turn_tasks_;
  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;  // guarded by mutex_
  bool stopping_ = false;
};

}  // namespace weir::net
