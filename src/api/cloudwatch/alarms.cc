#include "api/cloudwatch/alarms.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api/arn.h"
#include "api/cloudwatch/errors.h"
#include "api/limits.h"
#include "api/writing.h"
#include "observe/alarm_record.h"

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

Result<> check_alarm(const std::string& name, const std::optional<std::vector<model::cloudwatch::Tag>>& tags) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::ranges::any_of(name, control)) return validation_error("AlarmName must not contain control characters");
  if (tags && tags->size() > kMaxTags) {
    return validation_error(fmt::format("An alarm has at most {} tags", kMaxTags));
  }
  return {};
}

Json wish_json(const model::MetricAlarm& alarm) {
  Json json = to_json_shape(alarm.alarm);
  if (alarm.composite()) json.set("AlarmRule", alarm.rule);
  return json;
}

Result<> put_alarm(Context& context, model::cloudwatch::MetricAlarm wish, std::string rule,
                   const std::optional<std::vector<model::cloudwatch::Tag>>& tags) {
  const model::Scope scope = scope_of(context);
  const std::string name = wish.AlarmName.value_or("");
  auto stored = TRY(store::load<model::MetricAlarm>(context.store, scope.prefix() + name));
  std::vector<store::Write> writes;
  const bool is_new = !stored;
  if (is_new) {
    if (TRY(context.store.list(model::MetricAlarm::kKind, scope.prefix())).size() >= kMaxAlarms) {
      return client_error("LimitExceeded", fmt::format("There are {} alarms, and no more are kept", kMaxAlarms));
    }
    stored = store::Versioned<model::MetricAlarm>{{.scope = scope}, store::Expect::kAbsent};
    stored->document.tags = tags.value_or(std::vector<model::cloudwatch::Tag>());
    const model::AlarmState state{.scope = scope,
                                  .name = name,
                                  .reason = "Unchecked: Initial alarm creation",
                                  .updated = context.now,
                                  .transitioned = context.now};
    writes.push_back(store::put(state, store::Expect::kAny));
  } else if (stored->document.composite() == rule.empty()) {
    return validation_error(fmt::format("An alarm of another type has the name '{}'", name));
  }
  stored->document.alarm = std::move(wish);
  stored->document.rule = std::move(rule);
  writes.push_back(store::put(*stored));
  Json data = Json::object();
  data.set("version", "1.0").set("type", is_new ? "Create" : "Update");
  data.set(is_new ? "createdAlarm" : "updatedAlarm", wish_json(stored->document));
  const observe::AlarmEvent event{"ConfigurationUpdate",
                                  fmt::format("Alarm \"{}\" {}", name, is_new ? "created" : "updated"), data.dump(),
                                  stored->document.composite()};
  TRY(observe::add_history(context.store, scope, name, {event}, context.now, writes));
  return commit(context, writes);
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
