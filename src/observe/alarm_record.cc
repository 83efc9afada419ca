#include "observe/alarm_record.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "base/json.h"
#include "observe/limits.h"

namespace weir::observe {
namespace {

Json state_json(const std::string& value, const std::string& reason, const std::string& data) {
  Json json = Json::object();
  json.set("stateValue", value).set("stateReason", reason);
  if (auto parsed = Json::parse(data)) json.set("stateReasonData", std::move(*parsed));
  return json;
}

// Where an alarm should have told somebody: there is nobody here to tell, and it says so.
void note_actions(const model::MetricAlarm& alarm, const std::string& value, std::vector<AlarmEvent>& events) {
  const auto& wish = alarm.alarm;
  if (!wish.ActionsEnabled.value_or(true)) return;
  const auto& actions = value == "ALARM" ? wish.AlarmActions
                        : value == "OK"  ? wish.OKActions
                                         : wish.InsufficientDataActions;
  if (!actions) return;
  for (const auto& action : *actions) {
    Json data = Json::object();
    data.set("actionState", "Failed").set("notificationResource", action);
    data.set("stateUpdateTimestamp", nullptr).set("publishedMessage", nullptr);
    data.set("error", "Weir carries out no alarm actions; deployments watch the alarm itself");
    events.push_back({"Action", fmt::format("Failed to execute action {}", action), data.dump()});
  }
}

}  // namespace

Result<> add_history(store::Store& store, const model::Scope& scope, const std::string& alarm,
                     const std::vector<AlarmEvent>& events, Timestamp now, std::vector<store::Write>& writes) {
  const auto kept = TRY(store.list(model::AlarmHistory::kKind, model::alarm_history_prefix(scope, alarm)));
  const std::size_t all = kept.size() + events.size();
  for (std::size_t i = 0; i < kept.size() && all - i > kMostAlarmHistory; ++i) {
    writes.push_back({kept[i].key, std::nullopt, store::Expect::kAny});
  }
  // Of one moment more than one may be there, also from before.
  std::size_t number = 0;
  const std::string moment = fmt::format("{:015}", now.millis);
  const std::string prefix = model::alarm_history_prefix(scope, alarm) + moment;
  for (const auto& one : kept) number += one.key.name.starts_with(prefix);
  for (const auto& event : events) {
    const model::AlarmHistory item{.scope = scope,
                                   .alarm = alarm,
                                   .id = fmt::format("{}{:04}", moment, number++),
                                   .type = event.type,
                                   .at = now,
                                   .summary = event.summary,
                                   .data = event.data,
                                   .composite = event.composite};
    writes.push_back(store::put(item, store::Expect::kAny));
  }
  return {};
}

Result<> change_state(store::Store& store, const model::MetricAlarm& alarm, store::Versioned<model::AlarmState> state,
                      std::string value, std::string reason, std::string reason_data, Timestamp now,
                      std::vector<store::Write>& writes) {
  model::AlarmState& to = state.document;
  const bool another = to.value != value;
  if (another) {
    Json data = Json::object();
    data.set("version", "1.0");
    data.set("oldState", state_json(to.value, to.reason, to.reason_data));
    data.set("newState", state_json(value, reason, reason_data));
    std::vector<AlarmEvent> events{
        {"StateUpdate", fmt::format("Alarm updated from {} to {}", to.value, value), data.dump()}};
    note_actions(alarm, value, events);
    for (auto& event : events) event.composite = alarm.composite();
    TRY(add_history(store, to.scope, to.name, events, now, writes));
    to.transitioned = now;
  }
  to.value = std::move(value);
  to.reason = std::move(reason);
  to.reason_data = std::move(reason_data);
  to.updated = now;
  writes.push_back(store::put(state));
  return {};
}

Result<> expire_history(store::Store& store, Timestamp now) {
  const Timestamp before = now + -std::chrono::days(kAlarmHistoryDays);
  std::vector<store::Write> writes;
  for (const auto& item : TRY(store::peek_all<model::AlarmHistory>(store, ""))) {
    if (item->at < before) {
      writes.push_back({{model::AlarmHistory::kKind, item->key()}, std::nullopt, store::Expect::kAny});
    }
  }
  TRY(store.commit(writes));
  return {};
}

}  // namespace weir::observe
