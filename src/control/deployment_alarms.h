// What a rolling deployment asks of the alarms that its service names: which of them have gone off in its time, and how
// long they are watched once its tasks serve. Pure functions over the mirror; control thread.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "control/mirror.h"
#include "model/documents.h"

namespace weir::control {

// Whether the service's deployments watch alarms at all.
bool heeds_alarms(const model::Service& service);

// The alarms of the service's deployment that are in ALARM. One that was so before the deployment began does not count,
// as what is deployed may be what mends it; neither does any while a failed deployment is rolled back.
std::vector<std::string> alarms_gone_off(const Mirror& mirror, const model::Service& service,
                                         const model::ServiceState& state);

// The longest that one of the alarms looks back, and one period more: what its tasks do in the end is then seen. 0
// where the service watches none.
Duration alarm_bake_time(const Mirror& mirror, const model::Service& service, const model::ServiceState& state);

}  // namespace weir::control
