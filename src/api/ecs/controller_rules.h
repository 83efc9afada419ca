// What a service may say of itself where others than ECS deploy it (deploymentController EXTERNAL or CODE_DEPLOY), and
// what makes the wish of one of its task sets. Control thread.
#pragma once

#include <vector>

#include "api/action.h"
#include "api/ecs/references.h"

namespace weir::api::ecs {

// Errors of the two checks: InvalidParameterException, in AWS's words where it has any.
Result<> check_controller(const shapes::CreateServiceRequest& request);
// Only what needs no new tasks can be changed.
Result<> check_controller(Context& context, const model::Service& service, const shapes::UpdateServiceRequest& request);

// A set of the service's with a new id, ACTIVE, of no share yet.
model::TaskSet new_task_set(Context& context, const model::Service& service);

// The primary set that a service of CodeDeploy begins with: all of what CreateService said.
model::TaskSet first_task_set(Context& context, const model::Service& service);

}  // namespace weir::api::ecs
