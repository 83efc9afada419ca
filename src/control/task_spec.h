// What a runtime is asked to start for a task definition. Pure; any thread.
#pragma once

#include <string>

#include "model/ecs/shapes.h"
#include "runtime/runtime.h"

namespace weir::control {

// Defaults as ECS has them: a container is essential, its stop timeout kStopTimeout. A port is any free one of the
// host (0) unless the network mode is "host", or "bridge" with a host port named; then it is that one. "awsvpc" wishes
// for a network of its own.
// Overrides replace a command and add to an environment.
runtime::TaskSpec task_spec(const std::string& task_id, const model::ecs::TaskDefinition& definition,
                            const std::optional<model::ecs::TaskOverride>& overrides = std::nullopt);

}  // namespace weir::control
