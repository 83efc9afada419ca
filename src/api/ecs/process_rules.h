// What RegisterTaskDefinition asks of how containers run: users, limits, restarts, volumes. Pure; any thread.
#pragma once

#include "api/action.h"
#include "model/ecs/shapes.h"

namespace weir::api::ecs {

namespace shapes = model::ecs;

// Errors: ClientException.
Result<> check_process(const shapes::ContainerDefinition& container, bool fargate);
// Volumes, the mount points that name them, and containers that take others' volumes. Errors: ClientException.
Result<> check_volumes(const shapes::RegisterTaskDefinitionRequest& request, bool fargate);

}  // namespace weir::api::ecs
