// What makes a task definition valid, and what AWS adds to it: defaults, the launch types it is good for, the
// attributes it requires. Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/ecs/shapes.h"

namespace weir::api::ecs {

namespace shapes = model::ecs;

// The definition that `request` asks for, checked and completed; without its ARN, revision and status. Errors:
// ClientException, InvalidParameterException.
Result<shapes::TaskDefinition> make_definition(const shapes::RegisterTaskDefinitionRequest& request);

// CPU units: "256" of "256" and "0.25 vCPU". None where the text is neither.
std::optional<std::int64_t> cpu_units(std::string_view text);
// MiB: 512 of "512" and "0.5 GB". None where the text is neither.
std::optional<std::int64_t> memory_mib(std::string_view text);
// Whether Fargate has a size of that many CPU units and MiB.
bool is_fargate_size(std::int64_t cpu, std::int64_t memory);

}  // namespace weir::api::ecs
