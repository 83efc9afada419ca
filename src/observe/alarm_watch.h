// AlarmWatch: evaluates every alarm of a metric as often as AWS does: those with periods under 10 seconds twice a
// second, those under a minute every 10 seconds, the others each minute, and a new or changed one at once; composite
// alarms whenever something in the store has changed. Writes states that become others. Control thread; owned by main/.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "model/alarm_documents.h"
#include "observe/alarm_judge.h"
#include "observe/alarm_rule.h"
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
  struct Composed {
    std::int64_t revision = 0;
    std::optional<AlarmRule> rule;
  };
  Result<> evaluate_one(const store::Snapshot<model::MetricAlarm>& alarm, Timestamp now);
  Result<> evaluate_composite(const store::Snapshot<model::MetricAlarm>& alarm, Timestamp now);
  Result<> put(const model::MetricAlarm& alarm, AlarmVerdict verdict, Timestamp now);

  store::Store& store_;
  MetricKeep& keep_;
  std::map<std::string, Last> last_;          // by the alarm's key
  std::map<std::string, Composed> composed_;  // composite alarms' rules, by the alarm's key
  std::int64_t composed_at_ = -1;             // the store's revision when composite alarms were evaluated last
};

// The points of an alarm's evaluation range. Errors: "Math", "Io".
Result<AlarmEvidence> evidence_of(MetricKeep& keep, const model::MetricAlarm& alarm, Timestamp now);

}  // namespace weir::observe
