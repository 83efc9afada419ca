// The rules and listeners that deployments in stages shift traffic by: as the store and the proxy have them, and what
// they are to say instead. One thread (the control thread).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "control/mirror.h"
#include "control/publication.h"
#include "control/traffic.h"

namespace weir::control {

// Those that a deployment of the service may shift; none while none goes on.
RouteViews view_routes(const model::Service& service, const model::ServiceState& state, const Mirror& mirror,
                       const Publication& publication);

// Adds what makes the rules and listeners say so.
void write_routes(const model::Scope& scope, const std::map<std::string, Actions>& routes, const Mirror& mirror,
                  std::vector<store::Write>& writes);

}  // namespace weir::control
