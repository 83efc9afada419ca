#include "main/log_upkeep.h"

#include "observe/limits.h"
#include "observe/log_retention.h"

namespace weir {

LogUpkeep::LogUpkeep(net::Loop& loop, store::Store& store, observe::LogKeep& keep, Log& log)
    : loop_(loop), store_(store), keep_(keep), log_(log), timer_(loop, [this] { expire(); }) {
  note(observe::remove_orphans(store_, keep_));
  expire();
}

void LogUpkeep::expire() {
  note(observe::expire_events(store_, keep_, loop_.wall()));
  timer_.arm(loop_.now() + observe::kRetentionInterval);
}

void LogUpkeep::note(const Result<>& done) {
  if (!done) log_.warning("log groups: old events stay for now: " + done.error().message);
}

}  // namespace weir
