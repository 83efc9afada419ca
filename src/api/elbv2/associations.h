// Who uses what among balancers, listeners and target groups. Control thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/action.h"
#include "model/documents.h"
#include "store/store.h"

namespace weir::api::elbv2 {

namespace shapes = model::elbv2;

// None where there is none, or `arn` is not the ARN of one.
Result<std::optional<store::Versioned<model::LoadBalancer>>> find_balancer(Context& context, std::string_view arn);
Result<std::optional<store::Versioned<model::TargetGroup>>> find_target_group(Context& context, std::string_view arn);
Result<std::optional<store::Versioned<model::Listener>>> find_listener(Context& context, std::string_view arn);

Result<std::vector<store::Versioned<model::Listener>>> all_listeners(Context& context);

// The target groups that an action forwards to, and those of all of a listener's.
std::vector<std::string> groups_of(const shapes::Action& action);
std::vector<std::string> groups_of(const model::Listener& listener);

// The ARNs of the balancers whose listeners forward to the target group `arn`, each once.
std::vector<std::string> balancers_using(const std::vector<store::Versioned<model::Listener>>& listeners,
                                         std::string_view arn);
Result<std::vector<std::string>> balancers_using(Context& context, std::string_view arn);

}  // namespace weir::api::elbv2
