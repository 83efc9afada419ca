// TimeKeeper: what the time is for Control: the date, as the calendar has it, and the moment, on a line of time by
// which all delays are counted (docs/decisions/0024). The line runs with the machine's monotonic clock, so that no
// change of the calendar moves it; the store keeps how, so that a restart of control goes on with the same line, and
// one of the machine with the calendar's word for how long that took. One thread; owned by Control.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/moment.h"
#include "model/time_line.h"

namespace weir::control {

class TimeKeeper {
 public:
  // `boot`: the machine's boot id; the monotonic clocks of two processes are comparable where theirs are equal.
  TimeKeeper(const Clock& clock, std::string boot) : clock_(clock), boot_(std::move(boot)) {}

  // Before now(): goes on where `stored` says; begins anew, at the date, where nothing is stored.
  void resume(const std::optional<model::TimeLine>& stored);
  bool resumed() const { return resumed_; }

  Now now() const;

  // What is to be stored, where what is stored would lead astray after a restart; none otherwise.
  std::optional<model::TimeLine> worth_storing() const;
  void on_stored(model::TimeLine line) { stored_ = std::move(line); }

 private:
  const Clock& clock_;
  const std::string boot_;
  bool resumed_ = false;
  Duration origin_{};  // what is added to the monotonic clock
  std::optional<model::TimeLine> stored_;
};

}  // namespace weir::control
