// sts: who is calling.
#pragma once

#include "api/action.h"
#include "model/sts/shapes.h"

namespace weir::api::sts {

namespace shapes = model::sts;

Result<shapes::GetCallerIdentityResponse> get_caller_identity(Context& context,
                                                              const shapes::GetCallerIdentityRequest& request);

void add_actions(ActionTable& table);

}  // namespace weir::api::sts
