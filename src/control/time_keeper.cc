#include "control/time_keeper.h"

#include <algorithm>
#include <chrono>

#include "control/limits.h"

namespace weir::control {

namespace {

Duration since_zero(Timestamp date) { return std::chrono::milliseconds(date.millis); }
Duration since_zero(Moment moment) { return std::chrono::milliseconds(moment.millis); }

// By how much the line of time is ahead of the calendar.
Duration ahead(Moment moment, Timestamp date) { return since_zero(moment) - since_zero(date); }

}  // namespace

void TimeKeeper::resume(const std::optional<model::TimeLine>& stored) {
  resumed_ = true;
  stored_ = stored;
  const Duration date = since_zero(clock_.wall());
  const Duration run = clock_.now().time_since_epoch();
  if (!stored) {
    origin_ = date - run;
    return;
  }
  origin_ = Duration(stored->origin);
  // A clock that stands before what it has shown is another one, whatever the boot is called.
  if (stored->boot == boot_ && now().moment >= stored->moment) return;
  const Duration by_calendar = date + ahead(stored->moment, stored->date);
  origin_ = std::max(by_calendar, since_zero(stored->moment)) - run;
}

Now TimeKeeper::now() const {
  const Duration moment = clock_.now().time_since_epoch() + origin_;
  return {clock_.wall(), Moment{} + moment};
}

std::optional<model::TimeLine> TimeKeeper::worth_storing() const {
  const Now is = now();
  const model::TimeLine line{.boot = boot_, .origin = origin_.count(), .moment = is.moment, .date = is.date};
  if (!stored_ || stored_->boot != line.boot || stored_->origin != line.origin) return line;
  const Duration moved = ahead(line.moment, line.date) - ahead(stored_->moment, stored_->date);
  if (moved > kCalendarMoved || -moved > kCalendarMoved) return line;
  if (line.moment - stored_->moment >= kTimeLineKept) return line;
  return std::nullopt;
}

}  // namespace weir::control
