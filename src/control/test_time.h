// When the tests of reconcilers begin.
#pragma once

#include "base/moment.h"

namespace weir::control {

// A time at which the calendar and the line of time say the same.
struct TestTime {
  std::int64_t millis = 0;
  operator Timestamp() const { return {millis}; }                       // NOLINT: for tests
  operator Moment() const { return {millis}; }                          // NOLINT
  operator Now() const { return {Timestamp{millis}, Moment{millis}}; }  // NOLINT
  TestTime operator+(Duration d) const { return {(Moment{millis} + d).millis}; }
};

inline constexpr TestTime kNow{1'700'000'000'000};

}  // namespace weir::control
