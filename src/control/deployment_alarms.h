// What a rolling deployment asks of the alarms that its service names: which of them are in ALARM, and how
// long they are watched once its tasks serve. Pure functions over the mirror; control thread.
#pragma once

#include <map>
#include <string>

#include "base/clock.h"
#include "control/mirror.h"
#include "model/documents.h"

namespace weir::control {

// Whether the service's deployments watch alarms at all.
bool heeds_alarms(const model::Service& service);

// The alarms of the service's deployment that are in ALARM, and since when; none while a failed deployment is rolled
// back.
std::map<std::string, Timestamp> alarms_in_alarm(const Mirror& mirror, const model::Service& service,
                                                 const model::ServiceState& state);

// The longest that one of the alarms looks back, and one period more: what its tasks do in the end is then seen. 0
// where the service watches none.
Duration alarm_bake_time(const Mirror& mirror, const model::Service& service, const model::ServiceState& state);

}  // namespace weir::control
