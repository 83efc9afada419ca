// gRPC as far as a proxy has to know it: which requests are calls, and how a failure of the proxy's own is told. Pure;
// any thread.
#pragma once

#include <string_view>

#include "http/header.h"

namespace weir::proxy {

// The content type is application/grpc, with or without a suffix ("+proto"); gRPC-Web is HTTP to a proxy.
bool is_grpc(const http::HeaderBlock& request);

// The grpc-status that says what the HTTP status `status` of our own would have said. As gRPC's own mapping (and Envoy)
// has it: 504 is UNAVAILABLE, because DEADLINE_EXCEEDED speaks of the deadline that the caller has set.
std::string_view grpc_status_of(unsigned status);

}  // namespace weir::proxy
