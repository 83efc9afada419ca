// Time is a parameter. Only main/ constructs the SystemClock; everything else is handed a Clock, so that a
// simulation can move it. `now` never goes backwards and is for durations; `wall` is the calendar.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace weir {

using Duration = std::chrono::nanoseconds;

struct MonotonicClock {  // a tag with the members that chrono asks for; it has no now()
  using rep = std::int64_t;
  using period = std::nano;
  using duration = Duration;
  static constexpr bool is_steady = true;
};
// A point on the monotonic clock; comparable only within one boot of the machine.
using Instant = std::chrono::time_point<MonotonicClock, Duration>;

// A calendar instant: milliseconds since 1970-01-01T00:00:00Z. The type of every AWS timestamp.
struct Timestamp {
  std::int64_t millis = 0;
  auto operator<=>(const Timestamp&) const = default;
};

inline Timestamp operator+(Timestamp t, Duration d) {
  return {t.millis + std::chrono::duration_cast<std::chrono::milliseconds>(d).count()};
}
inline Duration operator-(Timestamp a, Timestamp b) { return std::chrono::milliseconds(a.millis - b.millis); }

// "2026-11-21T07:19:00.123Z"
std::string to_iso8601(Timestamp t);

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
  virtual Timestamp wall() const = 0;
};

// CLOCK_MONOTONIC and CLOCK_REALTIME. Any thread.
class SystemClock final : public Clock {
 public:
  Instant now() const override;
  Timestamp wall() const override;
};

// Stands still until told otherwise: for tests and the simulation.
class ManualClock final : public Clock {
 public:
  Instant now() const override { return now_; }
  Timestamp wall() const override { return wall_; }
  void advance(Duration by) {
    now_ += by;
    wall_ = wall_ + by;
  }

 private:
  Instant now_{std::chrono::seconds(1)};
  Timestamp wall_{1'700'000'000'000};
};

}  // namespace weir
