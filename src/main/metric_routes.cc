#include "main/metric_routes.h"

#include "observe/metric_text.h"

namespace weir {

std::vector<wire::Route> metric_routes(const observe::MetricKeep& keep) {
  return {wire::plain_route("GET", "/_weir/metrics", [&keep](const wire::RouteRequest&) {
    return wire::Reply{200, {{"content-type", "text/plain; version=0.0.4"}}, observe::prometheus_text(keep)};
  })};
}

}  // namespace weir
