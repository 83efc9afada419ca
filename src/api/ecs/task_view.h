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

// Of the network interface that a task of mode awsvpc has.
std::string interface_id(const model::Task& task);
// Of a task with a network of its own it follows from the address, as the runtime gives it; on the host's network there
// is none, and it is made up.
std::string interface_mac(const model::Task& task);
// What EC2 says of it: "arn:…:attachment/<id>".
std::string interface_attachment_arn(const Context& context, const model::Task& task);

// `tags`: with its tags.
model::ecs::Task shown(const Context& context, const model::Task& task, const TaskSurroundings& around, bool tags);

}  // namespace weir::api::ecs
