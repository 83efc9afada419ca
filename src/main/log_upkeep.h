// LogUpkeep: once a minute, log events that are over their group's retention go. At the start, what a crash left of
// deleted streams. Owned by Server; control thread.
#pragma once

#include "base/log.h"
#include "net/loop.h"
#include "net/timer.h"
#include "observe/log_keep.h"
#include "store/store.h"

namespace weir {

class LogUpkeep {
 public:
  LogUpkeep(net::Loop& loop, store::Store& store, observe::LogKeep& keep, Log& log);

 private:
  void expire();
  void note(const Result<>& done);

  net::Loop& loop_;
  store::Store& store_;
  observe::LogKeep& keep_;
  Log& log_;
  net::Timer timer_;
};

}  // namespace weir
