// Every metric as Prometheus' text format 0.0.4: of AWS/ApplicationELB RequestCount, aws_application_elb_request_count
// (gauge: the average of the last second or minute that got a value), …_samples_total and …_sum_total (counters: how
// many values since this process began, and their sum). Dimensions are labels. Control thread.
#pragma once

#include <string>
#include <string_view>

#include "observe/metric_keep.h"

namespace weir::observe {

std::string prometheus_text(const MetricKeep& keep);

// "HTTPCode_Target_5XX_Count" as "http_code_target_5xx_count".
std::string prometheus_name(std::string_view name);

}  // namespace weir::observe
