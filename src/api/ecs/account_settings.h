// Account settings: what each of them may be, and what it is for somebody. Control thread.
#pragma once

#include "api/action.h"
#include "api/ecs/references.h"

namespace weir::api::ecs {

// What the setting is for `principal`: its own, or else the account's default, or else AWS's.
Result<std::string> effective_setting(Context& context, const std::string& principal, const std::string& name);
// Who calls: there are no users here, every key is the account's root.
std::string caller_arn(const Context& context);

}  // namespace weir::api::ecs
