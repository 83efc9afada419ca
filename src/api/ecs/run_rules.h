// What makes a RunTask valid beyond its task definition: its overrides, and the host ports that it needs. Control
// thread for what reads the store; the rest is pure.
#pragma once

#include <set>

#include "api/action.h"
#include "api/ecs/references.h"

namespace weir::api::ecs {

// Errors: InvalidParameterException.
Result<> check_overrides(const shapes::TaskOverride& overrides, const shapes::TaskDefinition& definition,
                         const std::string& launch_type);
// Errors: InvalidParameterException for a wrong count, group, startedBy or token.
Result<> check_run(const shapes::RunTaskRequest& request);

// The ports of this machine that the definition names; not those that are any free one.
std::set<std::int32_t> named_ports(const shapes::TaskDefinition& definition);
// Those that tasks of this account and region hold which have not stopped yet.
Result<std::set<std::int32_t>> held_ports(Context& context);

}  // namespace weir::api::ecs
