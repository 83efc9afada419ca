// What RegisterTaskDefinition demands of a proxyConfiguration, that of App Mesh. Pure; any thread. Errors:
// "ClientException".
#pragma once

#include "base/result.h"
#include "model/ecs/shapes.h"

namespace weir::api::ecs {

// `request` has one.
Result<> check_proxy(const model::ecs::RegisterTaskDefinitionRequest& request);

}  // namespace weir::api::ecs
