#include "sim/agenda.h"

#include <algorithm>
#include <utility>

namespace weir::sim {

void Agenda::at(Instant when, std::function<void()> what) {
  queue_.push({std::max(when, now()), asked_++, std::move(what)});
}

bool Agenda::run_next(Instant until) {
  if (queue_.empty() || queue_.top().when > until) {
    move_to(until);
    return false;
  }
  Event next = std::move(const_cast<Event&>(queue_.top()));  // it is popped at once
  queue_.pop();
  move_to(next.when);
  ++events_;
  next.what();
  return true;
}

void Agenda::move_to(Instant when) {
  if (when > clock_.now()) clock_.advance(when - clock_.now());
}

}  // namespace weir::sim
