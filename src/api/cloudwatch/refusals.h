// The parameters that cloudwatch refuses, a table an operation. Constant; any thread.
#pragma once

#include "api/refused.h"

namespace weir::api::cloudwatch {

std::span<const Refused> refused_of_put_metric_data();
std::span<const Refused> refused_of_get_metric_data();
std::span<const Refused> refused_of_list_metrics();
std::span<const Refused> refused_of_put_metric_alarm();
std::span<const Refused> refused_of_put_composite_alarm();
std::span<const Refused> refused_of_describe_alarms();
std::span<const Refused> refused_of_describe_alarm_history();

}  // namespace weir::api::cloudwatch
