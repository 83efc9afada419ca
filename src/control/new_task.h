// A task of a service as it begins. Pure; chance (for its id) is a parameter. Any thread.
#pragma once

#include <string>
#include <vector>

#include "base/random.h"
#include "model/documents.h"

namespace weir::control {

// What a service's tasks are made from: the wished deployment, or an older one that still needs them.
struct TaskOrigin {
  model::Service service;                                         // as it was when the deployment began
  std::vector<std::string> target_groups;                         // by the service's balancers
  const model::ecs::TaskDefinition* definition = nullptr;         // null where it is not there
  const std::vector<model::ecs::Tag>* definition_tags = nullptr;  // null for none
  std::string task_set;                                           // its id; empty for none
  std::string external_id;                                        // the task set's, where it has one
};

// The definition must be there, with its containers.
model::Task new_task(const TaskOrigin& origin, Now now, Random& random);

}  // namespace weir::control
