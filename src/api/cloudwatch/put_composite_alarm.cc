// PutCompositeAlarm.
#include <fmt/format.h>

#include <utility>

#include "api/arn.h"
#include "api/cloudwatch/actions.h"
#include "api/cloudwatch/alarms.h"
#include "api/cloudwatch/errors.h"
#include "api/cloudwatch/refusals.h"
#include "api/writing.h"
#include "observe/alarm_rule.h"

namespace weir::api::cloudwatch {

namespace {

// That the rule can be read, and that the alarms that it speaks of are there.
Result<> check_rule(Context& context, const std::string& text) {
  const auto rule = observe::AlarmRule::parse(text);
  if (!rule) return validation_error(fmt::format("Error in AlarmRule: {}", rule.error().message));
  std::string missing;
  for (const auto& name : rule->alarms()) {
    if (TRY(store::peek<model::MetricAlarm>(context.store, scope_of(context).prefix() + name))) continue;
    missing += (missing.empty() ? "" : ", ") + name;
  }
  if (missing.empty()) return {};
  return validation_error(
      fmt::format("Could not save the composite alarm as alarms [{}] in the alarm rule do not exist", missing));
}

Result<shapes::PutCompositeAlarmResponse> try_put(Context& context, const shapes::PutCompositeAlarmInput& request) {
  TRY(check_rule(context, request.AlarmRule));
  const std::vector<std::string> none;
  shapes::MetricAlarm wish;
  wish.AlarmName = request.AlarmName;
  wish.AlarmArn = alarm_arn(context, request.AlarmName);
  wish.AlarmDescription = request.AlarmDescription;
  wish.AlarmConfigurationUpdatedTimestamp = context.now;
  wish.ActionsEnabled = request.ActionsEnabled.value_or(true);
  wish.OKActions = request.OKActions.value_or(none);
  wish.AlarmActions = request.AlarmActions.value_or(none);
  wish.InsufficientDataActions = request.InsufficientDataActions.value_or(none);
  TRY(put_alarm(context, std::move(wish), request.AlarmRule, request.Tags));
  return shapes::PutCompositeAlarmResponse{};
}

}  // namespace

Result<shapes::PutCompositeAlarmResponse> put_composite_alarm(Context& context,
                                                              const shapes::PutCompositeAlarmInput& request) {
  TRY(refuse(request, refused_of_put_composite_alarm(), kValidation));
  TRY(check_alarm(request.AlarmName, request.Tags));
  return writing(kServerError, [&] { return try_put(context, request); });
}

}  // namespace weir::api::cloudwatch
