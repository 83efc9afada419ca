#include "api/cloudwatch/alarms.h"

#include "api/arn.h"
#include "api/cloudwatch/errors.h"

namespace weir::api::cloudwatch {

std::string alarm_arn(const Context& context, const std::string& name) {
  return make_arn(context, "cloudwatch", "alarm:" + name);
}

Result<store::Versioned<model::MetricAlarm>> find_alarm(Context& context, const std::string& name) {
  auto found = TRY(store::load<model::MetricAlarm>(context.store, scope_of(context).prefix() + name));
  if (!found) return alarm_not_found();
  return std::move(*found);
}

Result<store::Versioned<model::AlarmState>> find_state(Context& context, const std::string& name) {
  auto found = TRY(store::load<model::AlarmState>(context.store, scope_of(context).prefix() + name));
  if (found) return std::move(*found);
  return store::Versioned<model::AlarmState>{{.scope = scope_of(context), .name = name}, store::Expect::kAbsent};
}

Result<model::cloudwatch::MetricAlarm> shown(Context& context, const model::MetricAlarm& alarm) {
  model::cloudwatch::MetricAlarm out = alarm.alarm;
  const auto state = TRY(store::peek<model::AlarmState>(context.store, alarm.key()));
  if (!state) return out;
  out.StateValue = (*state)->value;
  out.StateReason = (*state)->reason;
  if (!(*state)->reason_data.empty()) out.StateReasonData = (*state)->reason_data;
  out.StateUpdatedTimestamp = (*state)->updated;
  out.StateTransitionedTimestamp = (*state)->transitioned;
  return out;
}

}  // namespace weir::api::cloudwatch
