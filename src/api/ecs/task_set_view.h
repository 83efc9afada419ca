// A task set as DescribeTaskSets and DescribeServices show it: the wish and the facts in one. Pure; any thread.
#pragma once

#include "api/action.h"
#include "model/documents.h"

namespace weir::api::ecs {

// `state` may be null. `tags`: with its tags.
model::ecs::TaskSet shown(const Context& context, const model::Service& service, const model::TaskSet& set,
                          const model::ServiceState* state, bool tags);

}  // namespace weir::api::ecs
