// The health of targets in AWS's words, from the facts of the tasks. Pure functions; any thread.
#pragma once

#include <optional>

#include "model/documents.h"

namespace weir::api::elbv2 {

namespace shapes = model::elbv2;

// None where the target is not registered: not yet, or no longer. `in_use`: a listener forwards to its group.
std::optional<shapes::TargetHealth> health_of(const model::TaskTarget& target, bool in_use);

}  // namespace weir::api::elbv2
