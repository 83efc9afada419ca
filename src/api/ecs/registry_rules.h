// What makes a service's registries valid: services of Cloud Map whose records its tasks can fill. Control thread.
#pragma once

#include <vector>

#include "api/action.h"
#include "api/ecs/references.h"

namespace weir::api::ecs {

// Errors: InvalidParameterException.
Result<> check_registries(Context& context, const std::vector<shapes::ServiceRegistry>& registries,
                          const shapes::TaskDefinition& definition);

}  // namespace weir::api::ecs
