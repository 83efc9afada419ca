// What makes the actions of a listener and of its rules valid, and the form in which they are kept. Control thread.
#pragma once

#include <string>
#include <vector>

#include "api/action.h"
#include "api/host.h"
#include "model/documents.h"

namespace weir::api::elbv2 {

namespace shapes = model::elbv2;

// `given` checked, and completed as AWS returns it: a forward names its groups both ways. `balancer` and `listener` are
// ARNs, the latter empty for a new one; `protocol` is the listener's. Errors: ValidationError, TargetGroupNotFound,
// TargetGroupAssociationLimit, IncompatibleProtocols, TooManyActions, InvalidLoadBalancerAction for a redirect to
// itself.
Result<std::vector<shapes::Action>> make_actions(Context& context, const std::string& balancer,
                                                 const std::string& protocol, const std::vector<shapes::Action>& given);

// Errors: DuplicateListener where `balancer` has another listener than `listener` on that port;
// TooManyListeners;
// InvalidConfigurationRequest where this machine cannot listen there.
Result<> check_port(Context& context, Host& host, const std::string& balancer, const std::string& listener,
                    std::int32_t port);

}  // namespace weir::api::elbv2
