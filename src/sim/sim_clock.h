// SimClock: the time of a simulated world, moved by its Agenda; its calendar can be moved besides. MachineClock is what
// control sees of it: it begins anew with each boot of the machine. One thread; owned by the world.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/moment.h"

namespace weir::sim {

class SimClock final : public Clock {
 public:
  Instant now() const override { return now_; }
  Timestamp wall() const override { return kStart + passed() + moved_; }
  // What the line of time says by which control counts.
  Moment moment() const { return Moment{kStart.millis} + passed(); }
  void advance(Duration by) { now_ += by; }
  void move_calendar(Duration by) { moved_ += by; }
  Duration moved() const { return moved_; }

 private:
  static constexpr Timestamp kStart{1'700'000'000'000};
  static constexpr Instant kBirth{std::chrono::seconds(1)};
  Duration passed() const { return now_ - kBirth; }
  Instant now_ = kBirth;
  Duration moved_{};
};

class MachineClock final : public Clock {
 public:
  enum class Follows { time, calendar };  // calendar: for the tests of the invariants
  MachineClock(const SimClock& world, Follows follows) : world_(world), follows_(follows) {}

  Instant now() const override {
    if (follows_ == Follows::calendar) return Instant(std::chrono::milliseconds(world_.wall().millis));
    return Instant(world_.now() - booted_);
  }
  Timestamp wall() const override { return world_.wall(); }

  void boot() {
    booted_ = world_.now() - std::chrono::seconds(1);
    ++boots_;
  }
  std::string boot_id() const { return "boot-" + std::to_string(boots_); }
  // In how long that will be.
  Duration until(Instant then) const { return then - now(); }

 private:
  const SimClock& world_;
  const Follows follows_;
  Instant booted_{};
  unsigned boots_ = 1;
};

}  // namespace weir::sim
