// How an alarm's state and history are written, by whoever changes them. Control thread.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/alarm_documents.h"
#include "store/store.h"

namespace weir::observe {

struct AlarmEvent {
  std::string type;  // ConfigurationUpdate, StateUpdate, Action
  std::string summary;
  std::string data;  // JSON
  bool composite = false;
};

// Adds the writes of `events`, in their order, and of what is over kMostAlarmHistory. Errors: the store's.
Result<> add_history(store::Store& store, const model::Scope& scope, const std::string& alarm,
                     const std::vector<AlarmEvent>& events, Timestamp now, std::vector<store::Write>& writes);

// Adds the writes of a state: of `state` as it was, with the new value, and its history where the value is another.
// Errors: the store's.
Result<> change_state(store::Store& store, const model::MetricAlarm& alarm, store::Versioned<model::AlarmState> state,
                      std::string value, std::string reason, std::string reason_data, Timestamp now,
                      std::vector<store::Write>& writes);

// Removes what is older than kAlarmHistoryDays. Errors: the store's.
Result<> expire_history(store::Store& store, Timestamp now);

}  // namespace weir::observe
