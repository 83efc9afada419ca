// DeleteAlarms, SetAlarmState, EnableAlarmActions, DisableAlarmActions.
#include <fmt/format.h>

#include <set>
#include <utility>

#include "api/arn.h"
#include "api/cloudwatch/actions.h"
#include "api/cloudwatch/alarms.h"
#include "api/cloudwatch/errors.h"
#include "api/writing.h"
#include "observe/alarm_record.h"

namespace weir::api::cloudwatch {

namespace {

std::set<std::string> unique(const std::vector<std::string>& names) { return {names.begin(), names.end()}; }

Result<shapes::DeleteAlarmsResponse> try_delete(Context& context, const shapes::DeleteAlarmsInput& request) {
  std::vector<store::Write> writes;
  for (const auto& name : unique(request.AlarmNames)) {
    const auto alarm = TRY(find_alarm(context, name));
    const auto state = TRY(find_state(context, name));
    writes.push_back(store::erase(alarm));
    if (state.revision != store::Expect::kAbsent) writes.push_back(store::erase(state));
    Json data = Json::object();
    data.set("version", "1.0").set("type", "Delete").set("deletedAlarm", wish_json(alarm.document));
    const observe::AlarmEvent event{"ConfigurationUpdate", fmt::format("Alarm \"{}\" deleted", name), data.dump(),
                                    alarm.document.composite()};
    TRY(observe::add_history(context.store, scope_of(context), name, {event}, context.now, writes));
  }
  TRY(commit(context, writes));
  return shapes::DeleteAlarmsResponse{};
}

Result<shapes::SetAlarmStateResponse> try_set(Context& context, const shapes::SetAlarmStateInput& request) {
  const auto alarm = TRY(find_alarm(context, request.AlarmName));
  auto state = TRY(find_state(context, request.AlarmName));
  const std::string data = request.StateReasonData.value_or("");
  if (!data.empty() && !Json::parse(data)) {
    return client_error("InvalidFormat", "StateReasonData was not properly formatted JSON");
  }
  std::vector<store::Write> writes;
  TRY(observe::change_state(context.store, alarm.document, std::move(state), request.StateValue, request.StateReason,
                            data, context.now, writes));
  TRY(commit(context, writes));
  return shapes::SetAlarmStateResponse{};
}

// Names that there are no alarms of are passed over, as AWS does.
Result<> enable(Context& context, const std::vector<std::string>& names, bool enabled) {
  std::vector<store::Write> writes;
  for (const auto& name : unique(names)) {
    auto alarm = TRY(store::load<model::MetricAlarm>(context.store, scope_of(context).prefix() + name));
    if (!alarm || alarm->document.alarm.ActionsEnabled == enabled) continue;
    alarm->document.alarm.ActionsEnabled = enabled;
    alarm->document.alarm.AlarmConfigurationUpdatedTimestamp = context.now;
    writes.push_back(store::put(*alarm));
    Json data = Json::object();
    data.set("version", "1.0").set("type", "Update").set("updatedAlarm", wish_json(alarm->document));
    const observe::AlarmEvent event{"ConfigurationUpdate", fmt::format("Alarm \"{}\" updated", name), data.dump(),
                                    alarm->document.composite()};
    TRY(observe::add_history(context.store, scope_of(context), name, {event}, context.now, writes));
  }
  return commit(context, writes);
}

}  // namespace

Result<shapes::DeleteAlarmsResponse> delete_alarms(Context& context, const shapes::DeleteAlarmsInput& request) {
  return writing(kServerError, [&] { return try_delete(context, request); });
}

Result<shapes::SetAlarmStateResponse> set_alarm_state(Context& context, const shapes::SetAlarmStateInput& request) {
  return writing(kServerError, [&] { return try_set(context, request); });
}

Result<shapes::EnableAlarmActionsResponse> enable_alarm_actions(Context& context,
                                                                const shapes::EnableAlarmActionsInput& request) {
  TRY(writing(kServerError, [&] { return enable(context, request.AlarmNames, true); }));
  return shapes::EnableAlarmActionsResponse{};
}

Result<shapes::DisableAlarmActionsResponse> disable_alarm_actions(Context& context,
                                                                  const shapes::DisableAlarmActionsInput& request) {
  TRY(writing(kServerError, [&] { return enable(context, request.AlarmNames, false); }));
  return shapes::DisableAlarmActionsResponse{};
}

}  // namespace weir::api::cloudwatch
