// appmesh: App Mesh. All kinds of resources are created, described, updated, deleted and listed by the same code
// (resources.h), so that the table of actions is the only way to them. A spec acts once its call has returned; control
// makes the proxies follow. Control thread.
#pragma once

#include "api/action.h"

namespace weir::api::appmesh {

void add_actions(ActionTable& table);

}  // namespace weir::api::appmesh
