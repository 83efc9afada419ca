// The container instance that each cluster has: this machine (docs/decisions/0015). Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "api/ecs/references.h"

namespace weir::api::ecs {

// "arn:…:container-instance/CLUSTER/<32 hexadecimal digits>", the same at all times.
std::string container_instance_arn(const Context& context, std::string_view cluster);

// Whether an id or ARN names it.
bool is_container_instance(const Context& context, std::string_view cluster, std::string_view reference);

// What is said of one that is not there.
shapes::Failure missing_instance(const Context& context, std::string_view cluster, const std::string& reference);

}  // namespace weir::api::ecs
