#include "model/alarm_documents.h"

#include "base/describe.h"

namespace weir::model {

const Shape& describe(const MetricAlarm*) {
  static const Shape kShape = structure<MetricAlarm>("MetricAlarm", {
                                                                        member<&MetricAlarm::scope>("scope"),
                                                                        member<&MetricAlarm::alarm>("alarm"),
                                                                        member<&MetricAlarm::tags>("tags"),
                                                                        member<&MetricAlarm::rule>("rule"),
                                                                    });
  return kShape;
}

const Shape& describe(const AlarmState*) {
  static const Shape kShape = structure<AlarmState>("AlarmState", {
                                                                      member<&AlarmState::scope>("scope"),
                                                                      member<&AlarmState::name>("name"),
                                                                      member<&AlarmState::value>("value"),
                                                                      member<&AlarmState::reason>("reason"),
                                                                      member<&AlarmState::reason_data>("reason_data"),
                                                                      member<&AlarmState::updated>("updated"),
                                                                      member<&AlarmState::transitioned>("transitioned"),
                                                                  });
  return kShape;
}

const Shape& describe(const AlarmHistory*) {
  static const Shape kShape = structure<AlarmHistory>("AlarmHistory", {
                                                                          member<&AlarmHistory::scope>("scope"),
                                                                          member<&AlarmHistory::alarm>("alarm"),
                                                                          member<&AlarmHistory::id>("id"),
                                                                          member<&AlarmHistory::type>("type"),
                                                                          member<&AlarmHistory::at>("at"),
                                                                          member<&AlarmHistory::summary>("summary"),
                                                                          member<&AlarmHistory::data>("data"),
                                                                          member<&AlarmHistory::composite>("composite"),
                                                                      });
  return kShape;
}

std::string alarm_history_prefix(const Scope& scope, const std::string& alarm) { return scope.prefix() + alarm + "\t"; }

std::string MetricAlarm::key() const { return scope.prefix() + alarm.AlarmName.value_or(""); }
std::string AlarmState::key() const { return scope.prefix() + name; }
std::string AlarmHistory::key() const { return alarm_history_prefix(scope, alarm) + id; }

}  // namespace weir::model
