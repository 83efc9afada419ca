// appmesh: App Mesh. All kinds of resources are created, described, updated, deleted and listed by the same code
// (resources.h), so that the table of actions is the only way to them. A call returns when its wish is kept,
// and what it is about is INACTIVE until the proxies run it, within milliseconds. Control thread.
#pragma once

#include "api/action.h"
#include "api/appmesh/proxies.h"

namespace weir::api::appmesh {

// `proxies` outlive the table.
void add_actions(ActionTable& table, const Proxies& proxies);

}  // namespace weir::api::appmesh
