// Agenda: what will happen in a simulated world, in order of time, and of asking where times are equal. It moves the
// clock; nothing else does. One thread; owned by the world.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "sim/sim_clock.h"

namespace weir::sim {

class Agenda {
 public:
  explicit Agenda(SimClock& clock) : clock_(clock) {}

  Instant now() const { return clock_.now(); }
  // An instant that has passed means now.
  void at(Instant when, std::function<void()> what);
  void after(Duration delay, std::function<void()> what) { at(now() + delay, std::move(what)); }

  // Moves the clock to the next event and lets it happen. Where none comes before `until`: moves the clock there and
  // returns false.
  bool run_next(Instant until);
  std::uint64_t events() const { return events_; }

 private:
  struct Event {
    Instant when;
    std::uint64_t order;
    std::function<void()> what;
  };
  struct Later {
    bool operator()(const Event& a, const Event& b) const {
      return a.when != b.when ? a.when > b.when : a.order > b.order;
    }
  };
  void move_to(Instant when);

  SimClock& clock_;
  std::priority_queue<Event, std::vector<Event>, Later> queue_;
  std::uint64_t asked_ = 0;
  std::uint64_t events_ = 0;
};

}  // namespace weir::sim
