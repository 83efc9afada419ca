// What a container is called: by its runtime, as DescribeTasks shows it, and by its ARN. Pure; any thread.
#pragma once

#include <string>

#include "model/documents.h"

namespace weir::api::ecs {

// 64 hexadecimal digits, as Docker has them; on Fargate the task's id and ten digits.
std::string container_id(const model::Task& task, const std::string& container);

// "arn:aws:ecs:REGION:ACCOUNT:container/CLUSTER/TASK/UUID"
std::string container_arn(const model::Task& task, const std::string& container);

}  // namespace weir::api::ecs
