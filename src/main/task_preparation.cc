#include "main/task_preparation.h"

#include <fmt/format.h>

#include <vector>

#include "api/ecs/container_id.h"
#include "main/environment_files.h"
#include "main/metadata_routes.h"
#include "main/task_secrets.h"
#include "observe/log_streams.h"

namespace weir {

namespace {

constexpr const char* kMetadataVariable = "ECS_CONTAINER_METADATA_URI_V4";

std::unexpected<Error> cannot_start(const std::string& why) {
  return fail("ResourceInitializationError", "ResourceInitializationError: " + why, ErrorSource::client);
}

}  // namespace

Result<> TaskPreparation::prepare(const model::Task& task, const model::ecs::TaskDefinition& definition,
                                  runtime::TaskSpec& spec) {
  for (auto& container : spec.containers) {
    container.environment[kMetadataVariable] = endpoint_ + metadata_path(task, container.name);
  }
  TRY(add_secrets(task, definition, spec));
  TRY(add_environment_files(buckets_, task, definition, spec));
  return open_logs(task, definition);
}

// What an override says of a variable goes before the definition's secret.
Result<> TaskPreparation::add_secrets(const model::Task& task, const model::ecs::TaskDefinition& definition,
                                      runtime::TaskSpec& spec) {
  for (const auto& wished : *definition.containerDefinitions) {
    for (const auto& secret : wished.secrets.value_or(std::vector<model::ecs::Secret>{})) {
      api::Context context{task.scope.account, task.scope.region, clock_.wall(), random_, store_, "", ""};
      const std::string value = TRY(secret_value(context, box_, secret.valueFrom));
      for (auto& container : spec.containers) {
        if (container.name == wished.name) container.environment.try_emplace(secret.name, value);
      }
    }
  }
  return {};
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
