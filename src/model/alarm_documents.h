// The documents of CloudWatch's alarms: what was wished, what is so, and what happened.
#pragma once

#include <string>
#include <vector>

#include "model/cloudwatch/shapes.h"
#include "model/documents.h"

namespace weir::model {

// Wish. Key: scope + name. The members of its state are empty: AlarmState has them. A composite alarm is one that has a
// rule, and neither a metric nor what belongs to it.
struct MetricAlarm {
  static constexpr const char* kKind = "metric-alarm";
  Scope scope;
  cloudwatch::MetricAlarm alarm;
  std::vector<cloudwatch::Tag> tags;
  std::string rule;  // AlarmRule of a composite alarm
  bool composite() const { return !rule.empty(); }
  std::string key() const;
};

// Fact; SetAlarmState writes it too, until the next evaluation. Key: scope + name.
struct AlarmState {
  static constexpr const char* kKind = "alarm-state";
  Scope scope;
  std::string name;
  std::string value = "INSUFFICIENT_DATA";  // OK, ALARM, INSUFFICIENT_DATA
  std::string reason;
  std::string reason_data;  // JSON; empty where there is none
  Timestamp updated;
  Timestamp transitioned;  // when the value became another
  std::string key() const;
};

// Fact, kept beyond its alarm. Key: scope + name + tab + time and number in digits.
struct AlarmHistory {
  static constexpr const char* kKind = "alarm-history";
  Scope scope;
  std::string alarm;
  std::string id;    // time in 15 digits, then the number within it in 4
  std::string type;  // ConfigurationUpdate, StateUpdate, Action
  Timestamp at;
  std::string summary;
  std::string data;  // JSON
  bool composite = false;
  std::string key() const;
};
// What the keys of an alarm's history begin with.
std::string alarm_history_prefix(const Scope& scope, const std::string& alarm);

const Shape& describe(const MetricAlarm*);
const Shape& describe(const AlarmState*);
const Shape& describe(const AlarmHistory*);

}  // namespace weir::model
