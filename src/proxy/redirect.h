// Where a redirect sends the client. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "route/route_table.h"

namespace weir::proxy {

// The request that is redirected, in its parts.
struct RedirectedRequest {
  std::string_view protocol;  // "http"
  std::string_view host;      // without port
  std::string_view port;
  std::string_view path;   // with its first slash
  std::string_view query;  // without question mark
};

// The value of Location. An empty query leaves out the question mark.
std::string location_of(const route::Redirect& redirect, const RedirectedRequest& request);

}  // namespace weir::proxy
