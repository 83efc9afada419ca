// The container instance that each cluster has: this machine (docs/decisions/0015). Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/ecs/references.h"

namespace weir::api::ecs {

// "arn:…:container-instance/CLUSTER/<32 hexadecimal digits>", the same at all times.
std::string container_instance_arn(const Context& context, std::string_view cluster);

// What it has: what is said of the machine, then what people have added, each by its name.
std::vector<shapes::Attribute> attributes_of(const model::Cluster& cluster);

// Whether an id or ARN names it.
bool is_container_instance(const Context& context, std::string_view cluster, std::string_view reference);

// What is said of one that is not there.
shapes::Failure missing_instance(const Context& context, std::string_view cluster, const std::string& reference);

}  // namespace weir::api::ecs
