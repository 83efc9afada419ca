#include "main/task_preparation.h"

#include <fmt/format.h>

#include <vector>

#include "api/ecs/container_id.h"
#include "observe/log_streams.h"

namespace weir {

namespace {

std::unexpected<Error> cannot_start(const std::string& why) {
  return fail("ResourceInitializationError", "ResourceInitializationError: " + why, ErrorSource::client);
}

}  // namespace

Result<> TaskPreparation::prepare(const model::Task& task, const model::ecs::TaskDefinition& definition,
                                  runtime::TaskSpec&) {
  return open_logs(task, definition);
}

Result<> TaskPreparation::open_logs(const model::Task& task, const model::ecs::TaskDefinition& definition) {
  std::vector<observe::ContainerLog> logs;
  for (const auto& container : *definition.containerDefinitions) {
    const auto& log = container.logConfiguration;
    if (!log || log->logDriver != "awslogs") continue;
    const auto options = observe::read_awslogs_options(log->options.value_or(std::map<std::string, std::string>{}));
    if (!options) return cannot_start("failed to validate logger args: " + options.error().message);
    const std::string name = container.name.value_or("");
    logs.push_back({name, api::ecs::container_id(task, name), *options});
  }
  if (logs.empty()) return {};
  const auto opened = observe::open_log_streams(store_, random_, clock_.wall(), task, logs);
  if (!opened && opened.error().source == ErrorSource::client) {
    return cannot_start(fmt::format(
        "failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log "
        "stream: {}: {} : exit status 1",
        opened.error().code, opened.error().message));
  }
  if (!opened) return std::unexpected(opened.error());
  for (const auto& delivery : *opened) courier_.begin(delivery);
  return {};
}

}  // namespace weir
