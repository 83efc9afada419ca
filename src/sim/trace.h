// Trace: what happened in a world, one line an event, kept only when somebody will read it. Replaying a seed with the
// trace switched on gives the same world. One thread; owned by the world.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "base/clock.h"

namespace weir::sim {

class Trace {
 public:
  enum class Keep { nothing, last, print };  // print: also to stdout, as it happens
  Trace(const Clock& clock, Keep keep) : clock_(clock), keep_(keep), start_(clock.now()) {}

  bool on() const { return keep_ != Keep::nothing; }
  // Call it as `if (trace.on()) trace.line(…)`.
  void line(std::string text);
  const std::deque<std::string>& lines() const { return lines_; }

 private:
  const Clock& clock_;
  Keep keep_;
  Instant start_;
  std::deque<std::string> lines_;
};

}  // namespace weir::sim
