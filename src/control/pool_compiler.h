// Compiles what a target group, and the attributes of a balancer, say of traffic. Pure functions; any thread.
#pragma once

#include <optional>
#include <string>

#include "model/documents.h"
#include "route/route_table.h"

namespace weir::control {

// The pool of a target group, without its backends.
route::Pool pool_of(const model::TargetGroup& group);

// How long a target of `group` may go on draining.
Duration drain_delay(const model::TargetGroup& group);

// Between the groups of one forward; none where it is not enabled.
std::optional<route::Stickiness> stickiness_of(const model::elbv2::ForwardActionConfig& config);

// What `balancer` and `from` say of the listener that serves it. `access_logs`: the folder that logs are written below.
void apply_attributes(const model::LoadBalancer& balancer, const model::Listener& from, const std::string& access_logs,
                      route::Listener& listener);

}  // namespace weir::control
