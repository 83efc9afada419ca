#include "control/deployment_alarms.h"

#include <algorithm>
#include <chrono>

#include "observe/alarm_rule.h"

namespace weir::control {

namespace {

// Whether the deployment in force is watched: it is not the completed one, which a failed one goes back to.
bool is_watched(const model::Service& service, const model::ServiceState& state) {
  return heeds_alarms(service) && service.deployment_id != state.completed_deployment;
}

std::int64_t look_back(const model::cloudwatch::MetricAlarm& alarm) {
  std::int64_t period = alarm.Period.value_or(1);
  for (const auto& query : alarm.Metrics.value_or(std::vector<model::cloudwatch::MetricDataQuery>())) {
    if (query.MetricStat) period = std::max<std::int64_t>(period, query.MetricStat->Period);
  }
  return period * (alarm.EvaluationPeriods.value_or(1) + 1);
}

constexpr int kDeepestAlarms = 8;  // composite alarms that are made of composite alarms

// By its name; of a composite alarm that of the alarms that it is made of. 0 where there is none.
std::int64_t look_back(const Mirror& mirror, const model::Scope& scope, const std::string& name, int depth) {
  const auto found = mirror.alarms().find(scope.prefix() + name);
  if (found == mirror.alarms().end() || depth == 0) return 0;
  const model::MetricAlarm& alarm = found->second.document;
  if (!alarm.composite()) return look_back(alarm.alarm);
  std::int64_t longest = 0;
  if (const auto rule = observe::AlarmRule::parse(alarm.rule)) {
    for (const auto& part : rule->alarms()) longest = std::max(longest, look_back(mirror, scope, part, depth - 1));
  }
  return longest;
}

}  // namespace

bool heeds_alarms(const model::Service& service) {
  const auto& given = service.deployment_configuration;
  return given && given->alarms && given->alarms->enable;
}

std::map<std::string, Timestamp> alarms_in_alarm(const Mirror& mirror, const model::Service& service,
                                                 const model::ServiceState& state) {
  std::map<std::string, Timestamp> in_alarm;
  if (!is_watched(service, state)) return in_alarm;
  for (const auto& name : service.deployment_configuration->alarms->alarmNames) {
    const auto found = mirror.alarm_states().find(service.scope.prefix() + name);
    if (found == mirror.alarm_states().end()) continue;
    const model::AlarmState& alarm = found->second.document;
    if (alarm.value == "ALARM") in_alarm[name] = alarm.transitioned;
  }
  return in_alarm;
}

Duration alarm_bake_time(const Mirror& mirror, const model::Service& service, const model::ServiceState& state) {
  std::int64_t longest = 0;
  if (!is_watched(service, state)) return Duration(0);
  for (const auto& name : service.deployment_configuration->alarms->alarmNames) {
    longest = std::max(longest, look_back(mirror, service.scope, name, kDeepestAlarms));
  }
  return std::chrono::seconds(longest);
}

}  // namespace weir::control
