// Moment: a point on the line of time by which delays are counted, which no change of the calendar moves
// (docs/decisions/0024). It goes on over restarts, so that documents can keep it; a Timestamp is what people are shown.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/clock.h"
#include "base/shape.h"

namespace weir {

struct Moment {
  std::int64_t millis = 0;  // 0: none
  auto operator<=>(const Moment&) const = default;
};

inline Moment operator+(Moment m, Duration d) {
  return {m.millis + std::chrono::duration_cast<std::chrono::milliseconds>(d).count()};
}
inline Duration operator-(Moment a, Moment b) { return std::chrono::milliseconds(a.millis - b.millis); }

// What the time is, both ways.
struct Now {
  Timestamp date;
  Moment moment;
};

const Shape& describe(const Moment*);

}  // namespace weir
