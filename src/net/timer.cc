#include "net/timer.h"

#include <utility>

#include "net/loop.h"

namespace weir::net {

Timer::Timer(Loop& loop, std::function<void()> fire) : Timer(loop.timers(), std::move(fire)) {}

Timer::~Timer() {
  if (place_ != kNowhere) heap_.remove(*this);
}

void Timer::arm(Instant at) {
  deadline_ = at;
  if (place_ == kNowhere || at < key_) heap_.place(*this, at);
}

void TimerHeap::run_due(Instant now) {
  // What is armed for the past from within a callback stands behind `now` and waits for the next turn.
  std::vector<Timer*>::size_type budget = heap_.size();
  while (!heap_.empty() && heap_.front()->key_ <= now && budget-- > 0) {
    Timer& timer = *heap_.front();
    if (timer.deadline_ > now) {
      if (timer.deadline_ == Timer::kNever) {
        remove(timer);
      } else {
        timer.key_ = timer.deadline_;
        sift_down(0);
      }
      continue;
    }
    remove(timer);
    timer.deadline_ = Timer::kNever;
    // The callback may destroy the timer, and with it the function that runs.
    std::function<void()> fire = timer.fire_;
    fire();
  }
}

void TimerHeap::place(Timer& timer, Instant key) {
  timer.key_ = key;
  if (timer.place_ == Timer::kNowhere) {
    heap_.push_back(&timer);
    timer.place_ = heap_.size() - 1;
  }
  sift_up(timer.place_);
}

void TimerHeap::remove(Timer& timer) {
  const std::size_t at = timer.place_;
  Timer* last = heap_.back();
  heap_.pop_back();
  timer.place_ = Timer::kNowhere;
  timer.key_ = Timer::kNever;
  if (last == &timer) return;
  put(at, last);
  sift_up(at);
  sift_down(last->place_);
}

void TimerHeap::put(std::size_t at, Timer* timer) {
  heap_[at] = timer;
  timer->place_ = at;
}

void TimerHeap::sift_up(std::size_t at) {
  Timer* moving = heap_[at];
  while (at > 0) {
    const std::size_t parent = (at - 1) / 2;
    if (heap_[parent]->key_ <= moving->key_) break;
    put(at, heap_[parent]);
    at = parent;
  }
  put(at, moving);
}

void TimerHeap::sift_down(std::size_t at) {
  Timer* moving = heap_[at];
  while (true) {
    std::size_t child = 2 * at + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1]->key_ < heap_[child]->key_) ++child;
    if (moving->key_ <= heap_[child]->key_) break;
    put(at, heap_[child]);
    at = child;
  }
  put(at, moving);
}

}  // namespace weir::net
