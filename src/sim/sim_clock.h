// SimClock: the time of a simulated world, moved by its Agenda. The calendar follows the monotonic time, however small
// the steps are. One thread; owned by the world.
#pragma once

#include "base/clock.h"

namespace weir::sim {

class SimClock final : public Clock {
 public:
  Instant now() const override { return now_; }
  Timestamp wall() const override { return kStart + (now_ - Instant(std::chrono::seconds(1))); }
  void advance(Duration by) { now_ += by; }

 private:
  static constexpr Timestamp kStart{1'700'000'000'000};
  Instant now_{std::chrono::seconds(1)};
};

}  // namespace weir::sim
