// A task as DescribeTasks shows it. Pure functions; any thread.
#pragma once

#include "api/action.h"
#include "model/documents.h"

namespace weir::api::ecs {

// What a task's view takes from other documents. Each may be null.
struct TaskSurroundings {
  const model::TaskDefinition* definition = nullptr;
  const model::Service* service = nullptr;
};

// `tags`: with its tags.
model::ecs::Task shown(const Context& context, const model::Task& task, const TaskSurroundings& around, bool tags);

}  // namespace weir::api::ecs
