// AlarmWatch: evaluates every alarm as often as AWS does: those with periods under 10 seconds twice a second, those
// under a minute every 10 seconds, the others each minute, and a new or changed one at once. Writes states that become
// others. Control thread; owned by main/.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "model/alarm_documents.h"
#include "observe/alarm_judge.h"
#include "observe/metric_keep.h"
#include "store/store.h"

namespace weir::observe {

class AlarmWatch {
 public:
  AlarmWatch(store::Store& store, MetricKeep& keep) : store_(store), keep_(keep) {}

  // Errors: the first of the store's or the metrics'; the other alarms have been evaluated.
  Result<> evaluate(Timestamp now);

 private:
  struct Last {
    std::int64_t revision = 0;
    std::int64_t turn = 0;  // of its interval
    bool seen = false;
  };
  Result<> evaluate_one(const store::Snapshot<model::MetricAlarm>& alarm, Timestamp now);

  store::Store& store_;
  MetricKeep& keep_;
  std::map<std::string, Last> last_;  // by the alarm's key
};

// The points of an alarm's evaluation range. Errors: "Math", "Io".
Result<AlarmEvidence> evidence_of(MetricKeep& keep, const model::MetricAlarm& alarm, Timestamp now);

}  // namespace weir::observe
