// MetricUpkeep: twice a second, what Weir counts is published, values that are old go to disk or go, and alarms are
// evaluated; once an hour their history that is too old goes. Owned by Server; control thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/log.h"
#include "net/loop.h"
#include "net/timer.h"
#include "observe/alarm_watch.h"
#include "observe/metric_keep.h"
#include "store/store.h"

namespace weir {

class MetricUpkeep {
 public:
  // What publishes Weir's own metrics at a moment.
  using Publish = std::function<Result<>(Timestamp at)>;
  MetricUpkeep(net::Loop& loop, store::Store& store, observe::MetricKeep& keep, Log& log,
               std::vector<Publish> published);
  // Writes what is not on disk yet.
  ~MetricUpkeep();
  MetricUpkeep(const MetricUpkeep&) = delete;
  MetricUpkeep& operator=(const MetricUpkeep&) = delete;

 private:
  void turn();
  void note(const Result<>& done, const char* what);

  net::Loop& loop_;
  store::Store& store_;
  observe::MetricKeep& keep_;
  Log& log_;
  const std::vector<Publish> published_;
  observe::AlarmWatch alarms_;
  std::string last_failure_;  // told once
  Timestamp history_expired_;
  net::Timer timer_;
};

}  // namespace weir
