#include "api/ecs/container_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/ecs/errors.h"
#include "base/environment_file.h"

namespace weir::api::ecs {

namespace {

using Containers = std::vector<shapes::ContainerDefinition>;
using Dependencies = std::vector<shapes::ContainerDependency>;

constexpr std::size_t kMostEnvironmentFiles = 10;          // of a task definition, as AWS has it
constexpr std::int32_t kLongestFargateStartTimeout = 120;  // seconds

const shapes::ContainerDefinition* find(const Containers& containers, const std::string& name) {
  const auto found = std::ranges::find_if(containers, [&](const auto& one) { return one.name == name; });
  return found == containers.end() ? nullptr : &*found;
}

Dependencies dependencies_of(const shapes::ContainerDefinition& container) {
  return container.dependsOn.value_or(Dependencies{});
}

Result<> check_dependency(const shapes::ContainerDependency& wished, const Containers& containers) {
  static constexpr const char* kConditions[] = {"START", "COMPLETE", "SUCCESS", "HEALTHY"};
  if (std::ranges::find(kConditions, wished.condition) == std::end(kConditions)) {
    return client_exception(fmt::format("Invalid container dependency condition: {}.", wished.condition));
  }
  const auto* on = find(containers, wished.containerName);
  if (!on) {
    return client_exception(
        fmt::format("Cannot depend on container + '{}' because it does not exist", wished.containerName));
  }
  const bool wants_end = wished.condition == "COMPLETE" || wished.condition == "SUCCESS";
  if (wants_end && on->essential.value_or(true)) {
    return client_exception(
        "A dependency container with SUCCESS or COMPLETE condition cannot be an essential container");
  }
  if (wished.condition == "HEALTHY" && (!on->healthCheck || on->healthCheck->command.front() == "NONE")) {
    return client_exception(fmt::format(
        "Container '{}' has no health check: a dependency with HEALTHY condition must have one", wished.containerName));
  }
  return {};
}

// Takes out those that wait for none of the rest until there is nothing left to take.
bool has_cycle(const Containers& containers) {
  std::set<std::string> left;
  for (const auto& container : containers) left.insert(*container.name);
  for (bool taken = true; taken;) {
    taken = false;
    for (const auto& container : containers) {
      const auto waits = [&](const auto& on) { return left.contains(on.containerName); };
      if (!left.contains(*container.name) || std::ranges::any_of(dependencies_of(container), waits)) continue;
      left.erase(*container.name);
      taken = true;
    }
  }
  return !left.empty();
}

struct Bounds {
  const char* name;
  std::optional<std::int32_t> shapes::HealthCheck::*member;
  std::int32_t least, most, standard;
};
constexpr Bounds kBounds[] = {
    {"interval", &shapes::HealthCheck::interval, 5, 300, 30},
    {"timeout", &shapes::HealthCheck::timeout, 2, 60, 5},
    {"retries", &shapes::HealthCheck::retries, 1, 10, 3},
};
constexpr std::int32_t kLongestStartPeriod = 300;  // seconds

}  // namespace

Result<> check_dependencies(const Containers& containers) {
  for (const auto& container : containers) {
    for (const auto& wished : dependencies_of(container)) TRY(check_dependency(wished, containers));
  }
  if (has_cycle(containers)) return client_exception("Container dependencies should not have a cycle");
  return {};
}

Result<> check_start_timeout(const shapes::ContainerDefinition& container, bool fargate) {
  if (!container.startTimeout) return {};
  const std::int32_t seconds = *container.startTimeout;
  if (seconds >= 2 && (!fargate || seconds <= kLongestFargateStartTimeout)) return {};
  return client_exception(fmt::format("The startTimeout of container '{}' must be between 2 and {} seconds.",
                                      *container.name, kLongestFargateStartTimeout));
}

Result<> check_environment_files(const std::optional<std::vector<shapes::EnvironmentFile>>& files, const char* code) {
  if (!files) return {};
  for (const auto& file : *files) {
    if (bucket_path(file.value) && file.value.ends_with(".env")) continue;
    return client_error(code, fmt::format("Invalid environment file '{}'. It must be the ARN of an object in S3 whose "
                                          "name ends in .env: arn:aws:s3:::BUCKET/KEY.env",
                                          file.value));
  }
  if (files->size() <= kMostEnvironmentFiles) return {};
  return client_error(code, fmt::format("environmentFiles can have at most {} items.", kMostEnvironmentFiles));
}

Result<> check_environment_files(const Containers& containers) {
  std::size_t count = 0;
  for (const auto& container : containers) {
    TRY(check_environment_files(container.environmentFiles, "ClientException"));
    if (container.environmentFiles) count += container.environmentFiles->size();
  }
  if (count <= kMostEnvironmentFiles) return {};
  return client_exception(
      fmt::format("A task definition can have at most {} environment files.", kMostEnvironmentFiles));
}

Result<> check_secrets(const shapes::ContainerDefinition& container, bool execution_role) {
  std::set<std::string> names;
  for (const auto& variable : container.environment.value_or(std::vector<shapes::KeyValuePair>{})) {
    names.insert(variable.name.value_or(""));
  }
  for (const auto& secret : container.secrets.value_or(std::vector<shapes::Secret>{})) {
    if (secret.name.empty()) return client_exception("Secret name cannot be null or empty.");
    if (secret.valueFrom.empty()) return client_exception("Secret valueFrom cannot be null or empty.");
    if (!names.insert(secret.name).second) {
      return client_exception(fmt::format(
          "The secret name must be unique and not shared with any new or existing environment variables set on the "
          "container, such as '{}'.",
          secret.name));
    }
    if (!execution_role) {
      return client_exception(
          "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.");
    }
  }
  return {};
}

Result<> check_health_check(const shapes::HealthCheck& check, const std::string& container) {
  const auto wrong = [&](const std::string& what) {
    return client_exception(fmt::format("Invalid setting for container '{}'. The health check's {}.", container, what));
  };
  if (check.command.empty()) return wrong("command must not be empty");
  const std::string& kind = check.command.front();
  if (kind != "CMD" && kind != "CMD-SHELL" && kind != "NONE") {
    return wrong("command must begin with CMD, CMD-SHELL or NONE");
  }
  if (kind == "CMD" && check.command.size() < 2) return wrong("command must name a program after CMD");
  if (kind == "CMD-SHELL" && check.command.size() != 2) return wrong("command must be one line after CMD-SHELL");
  for (const auto& bounds : kBounds) {
    const std::int32_t value = (check.*bounds.member).value_or(bounds.standard);
    if (value >= bounds.least && value <= bounds.most) continue;
    return wrong(fmt::format("{} must be between {} and {}", bounds.name, bounds.least, bounds.most));
  }
  const std::int32_t period = check.startPeriod.value_or(0);
  if (period < 0 || period > kLongestStartPeriod) {
    return wrong(fmt::format("startPeriod must be between 0 and {}", kLongestStartPeriod));
  }
  return {};
}

void complete_health_check(shapes::HealthCheck& check) {
  for (const auto& bounds : kBounds) {
    if (!(check.*bounds.member)) check.*bounds.member = bounds.standard;
  }
}

}  // namespace weir::api::ecs
