// The document by which the line of time that delays are counted on goes on after a restart (docs/decisions/0024).
#pragma once

#include <cstdint>
#include <string>

#include "base/moment.h"

namespace weir::model {

// Fact, by control: where the line stood when this was written, and how it hangs on the clock of the machine's boot.
// One of the whole machine. Key: "machine".
struct TimeLine {
  static constexpr const char* kKind = "time-line";
  static constexpr const char* kKey = "machine";
  std::string boot;         // the machine's boot id
  std::int64_t origin = 0;  // nanoseconds: what is added to that boot's monotonic clock
  Moment moment;            // when this was written
  Timestamp date;           // the same by the calendar
  std::string key() const { return kKey; }
};

const Shape& describe(const TimeLine*);

}  // namespace weir::model
