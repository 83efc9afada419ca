// Alarms by their names, and as the API shows them. Control thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/action.h"
#include "base/json.h"
#include "model/alarm_documents.h"
#include "store/store.h"

namespace weir::api::cloudwatch {

std::string alarm_arn(const Context& context, const std::string& name);

// Errors: ResourceNotFound; the store's.
Result<store::Versioned<model::MetricAlarm>> find_alarm(Context& context, const std::string& name);
// The state of an alarm that is there; a new one where none is stored.
Result<store::Versioned<model::AlarmState>> find_state(Context& context, const std::string& name);

// What holds for every alarm. Errors: ValidationError.
Result<> check_alarm(const std::string& name, const std::optional<std::vector<model::cloudwatch::Tag>>& tags);
// Makes the alarm, or changes it: with a rule a composite one, which no other becomes. The tags are a new one's.
// Errors: LimitExceeded, ValidationError; the store's.
Result<> put_alarm(Context& context, model::cloudwatch::MetricAlarm wish, std::string rule,
                   const std::optional<std::vector<model::cloudwatch::Tag>>& tags);
// For its history.
Json wish_json(const model::MetricAlarm& alarm);

// The wish with its state in it.
Result<model::cloudwatch::MetricAlarm> shown(Context& context, const model::MetricAlarm& alarm);

}  // namespace weir::api::cloudwatch
