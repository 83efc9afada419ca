// What the proxy counts as text in the format of Prometheus, version 0.0.4. docs/metrics.md names every metric, and a
// test compares the two.
#pragma once

#include <string>

#include "proxy/access_logs.h"
#include "proxy/books.h"
#include "route/feedback.h"

namespace weir::proxy {

inline constexpr const char* kMetricsType = "text/plain; version=0.0.4; charset=utf-8";
std::string metrics_text(const route::RouteTable& table, const route::Feedback& now, const Books& books,
                         const AccessLogs& logs);

}  // namespace weir::proxy
