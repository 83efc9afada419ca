// What makes a rule's conditions valid, and the form in which they are kept. Pure functions; any thread.
#pragma once

#include <vector>

#include "base/result.h"
#include "model/elbv2/shapes.h"

namespace weir::api::elbv2 {

namespace shapes = model::elbv2;

// `given` checked, and completed as AWS returns it: hosts and paths are told both ways, as Values and in their own
// structure. Errors: ValidationError.
Result<std::vector<shapes::RuleCondition>> make_conditions(const std::vector<shapes::RuleCondition>& given);

}  // namespace weir::api::elbv2
