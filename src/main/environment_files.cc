#include "main/environment_files.h"

#include <fmt/format.h>

#include <optional>
#include <vector>

#include "base/environment_file.h"
#include "main/buckets.h"

namespace weir {

namespace {

using Files = std::vector<model::ecs::EnvironmentFile>;

constexpr std::size_t kLongestEnvironmentFile = 256 * 1024;  // bytes

std::unexpected<Error> cannot_download(const std::string& why) {
  return fail("ResourceInitializationError",
              "ResourceInitializationError: failed to download env files: file download command: non empty error "
              "stream: " +
                  why,
              ErrorSource::client);
}

Result<std::string> text_of(const std::string& buckets, const std::string& arn) {
  const auto path = bucket_path(arn);
  if (!path) return cannot_download(arn + " is not the ARN of an object in S3");
  const std::size_t slash = path->find('/');
  auto text = read_object(buckets, path->substr(0, slash), path->substr(slash + 1), kLongestEnvironmentFile);
  if (text) return text;
  if (text.error().code != "NotFound") return cannot_download(text.error().message);
  return cannot_download(fmt::format("{} is not there: Weir looks for the file {}/{}", arn, buckets, *path));
}

// What an override says of a container is instead of its definition's.
Files files_of(const model::Task& task, const model::ecs::ContainerDefinition& container) {
  if (task.overrides && task.overrides->containerOverrides) {
    for (const auto& over : *task.overrides->containerOverrides) {
      if (over.name == container.name && over.environmentFiles) return *over.environmentFiles;
    }
  }
  return container.environmentFiles.value_or(Files{});
}

}  // namespace

Result<> add_environment_files(const std::string& buckets, const model::Task& task,
                               const model::ecs::TaskDefinition& definition, runtime::TaskSpec& spec) {
  for (const auto& wished : *definition.containerDefinitions) {
    for (const auto& file : files_of(task, wished)) {
      const std::string text = TRY(text_of(buckets, file.value));
      for (auto& container : spec.containers) {
        if (container.name == wished.name) add_environment_file(text, container.environment);
      }
    }
  }
  return {};
}

}  // namespace weir
