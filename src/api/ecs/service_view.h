// A service as DescribeServices shows it: the wish and the facts in one. Pure functions; any thread.
#pragma once

#include <optional>

#include "api/action.h"
#include "model/documents.h"

namespace weir::api::ecs {

// The deployments of `service`, PRIMARY first. A wish that control has not seen yet shows as its own deployment, so
// that nobody who waits for one deployment takes the old one for it. Where others than ECS deploy, its task sets stand
// for them. `state` may be null.
std::vector<model::Deployment> deployments_of(const model::Service& service, const model::ServiceState* state);

model::ecs::Service shown(const Context& context, const model::Service& service, const model::ServiceState* state,
                          bool tags);

// Complete: what was not said is as AWS has it.
model::ecs::DeploymentConfiguration configuration_of(const model::Service& service);

}  // namespace weir::api::ecs
