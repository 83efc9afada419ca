// Routes for `weir status` and `weir route`: GET /_weir/status, the tree of what runs, and GET /_weir/route, the
// RouteTable last published. Control thread.
#pragma once

#include <vector>

#include "base/clock.h"
#include "control/control.h"
#include "store/store.h"
#include "wire/route.h"

namespace weir {

// All outlive the server that the routes are given to.
std::vector<wire::Route> status_routes(store::Store& store, const Clock& clock, const control::Control& control);

}  // namespace weir
