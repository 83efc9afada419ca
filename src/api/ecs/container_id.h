// What a container's runtime calls it, as DescribeTasks shows it. Pure; any thread.
#pragma once

#include <string>

#include "api/arn.h"
#include "model/documents.h"

namespace weir::api::ecs {

// 64 hexadecimal digits, as Docker has them; on Fargate the task's id and ten digits.
inline std::string container_id(const model::Task& task, const std::string& container) {
  const std::string identity = task.arn + "#" + container;
  if (task.launch_type != "FARGATE") return stable_hex(identity, 64);
  std::string digits = stable_hex(identity, 10);
  for (char& digit : digits) digit = digit >= 'a' ? static_cast<char>('0' + (digit - 'a')) : digit;
  return task.id + "-" + digits;
}

}  // namespace weir::api::ecs
