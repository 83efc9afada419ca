// The answer of the standard health protocol of gRPC (grpc.health.v1.Health/Check) as far as a health check has to know
// it: whether its one message says SERVING. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace weir::proxy {

// `body`: the whole of the answer's body. Empty where it says SERVING; otherwise why not, as the end of a sentence.
std::string why_not_serving(std::string_view body);

}  // namespace weir::proxy
