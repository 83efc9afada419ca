// appmesh: App Mesh. All kinds of resources are created, described, updated, deleted and listed by the same code
// (resources.h), so that the table of actions is the only way to them. A call returns when its wish is kept;
// control makes the proxy follow within milliseconds. Control thread.
#pragma once

#include "api/action.h"

namespace weir::api::appmesh {

void add_actions(ActionTable& table);

}  // namespace weir::api::appmesh
