#include "api/ecs/container_id.h"

#include <fmt/format.h>

#include "api/arn.h"

namespace weir::api::ecs {

namespace {

std::string identity_of(const model::Task& task, const std::string& container) { return task.arn + "#" + container; }

}  // namespace

std::string container_id(const model::Task& task, const std::string& container) {
  const std::string identity = identity_of(task, container);
  if (task.launch_type != "FARGATE") return stable_hex(identity, 64);
  std::string digits = stable_hex(identity, 10);
  for (char& digit : digits) digit = digit >= 'a' ? static_cast<char>('0' + (digit - 'a')) : digit;
  return task.id + "-" + digits;
}

std::string container_arn(const model::Task& task, const std::string& container) {
  // A task's ARN begins as its containers' do.
  return fmt::format("{}:container/{}/{}/{}", task.arn.substr(0, task.arn.find(":task/")), task.cluster, task.id,
                     stable_uuid(identity_of(task, container)));
}

}  // namespace weir::api::ecs
