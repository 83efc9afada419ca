// Timer: something that happens once at an instant, owned by whoever waits for it; part of one Loop, on its thread.
// Moving a timer later (the common case: an idle timeout pushed away by every request) and cancelling it are a store;
// the heap is put right only when the old instant comes. Nothing here makes a system call.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "base/clock.h"

namespace weir::net {

class TimerHeap;
class Loop;

class Timer {
 public:
  // `fire` runs on the loop's thread, in its turn; it may arm the timer again or destroy it.
  Timer(Loop& loop, std::function<void()> fire);
  Timer(TimerHeap& heap, std::function<void()> fire) : heap_(heap), fire_(std::move(fire)) {}
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void arm(Instant at);
  void cancel() { deadline_ = kNever; }
  bool armed() const { return deadline_ != kNever; }
  Instant deadline() const { return deadline_; }

 private:
  friend class TimerHeap;
  static constexpr Instant kNever = Instant::max();
  static constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);

  TimerHeap& heap_;
  std::function<void()> fire_;
  Instant deadline_ = kNever;  // when it shall fire
  Instant key_ = kNever;       // where it stands in the heap: never later than deadline_
  std::size_t place_ = kNowhere;
};

class TimerHeap {
 public:
  // Fires everything due at `now`. A timer that a callback arms for the past fires in the next call.
  void run_due(Instant now);
  // The instant up to which nothing fires; Instant::max() where there is no timer.
  Instant next() const { return heap_.empty() ? Instant::max() : heap_.front()->key_; }
  bool empty() const { return heap_.empty(); }

 private:
  friend class Timer;
  void place(Timer& timer, Instant key);
  void remove(Timer& timer);
  void sift_up(std::size_t at);
  void sift_down(std::size_t at);
  void put(std::size_t at, Timer* timer);

  std::vector<Timer*> heap_;
};

}  // namespace weir::net
