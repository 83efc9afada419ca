// Compiles a listener rule's conditions and its actions that need no target group, from AWS's words into the table's.
// Pure functions; any thread.
#pragma once

#include <vector>

#include "model/elbv2/shapes.h"
#include "route/route_table.h"

namespace weir::control {

route::Match match_of(const std::vector<model::elbv2::RuleCondition>& conditions);
route::FixedResponse fixed_response_of(const model::elbv2::FixedResponseActionConfig& config);
// `port_offset` is what this machine adds to listener ports below 1024, so that a redirect leads to the true one.
route::Redirect redirect_of(const model::elbv2::RedirectActionConfig& config, unsigned port_offset);

}  // namespace weir::control
