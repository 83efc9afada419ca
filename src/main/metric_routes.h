// GET /_weir/metrics: every metric that is kept, for Prometheus. Control thread.
#pragma once

#include <vector>

#include "observe/metric_keep.h"
#include "wire/route.h"

namespace weir {

// `keep` outlives the routes.
std::vector<wire::Route> metric_routes(const observe::MetricKeep& keep);

}  // namespace weir
