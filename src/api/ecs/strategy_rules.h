// What makes a deployment strategy valid: its percents and times, its hooks, and the balancers that it shifts by.
// Control thread.
#pragma once

#include "api/action.h"
#include "api/ecs/references.h"

namespace weir::api::ecs {

// ROLLING where the service does not say.
std::string strategy_of(const model::Service& service);

// Takes what `given` says of the strategy into the service's deployment configuration; what is not said stays as it
// was, and what the strategy has no use for goes. Errors: InvalidParameterException, UnsupportedFeatureException.
Result<> take_strategy(const model::Service& service, model::ecs::DeploymentConfiguration& kept,
                       const model::ecs::DeploymentConfiguration& given);

// Whether the service's strategy can shift traffic by its balancers. Errors: InvalidParameterException.
Result<> check_shifting(Context& context, const model::Service& service);

}  // namespace weir::api::ecs
