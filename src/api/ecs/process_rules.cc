#include "api/ecs/process_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "api/ecs/errors.h"
#include "api/ecs/references.h"

namespace weir::api::ecs {

namespace {

// As AWS has them.
constexpr std::int32_t kShortestAttemptPeriod = 60;   // seconds
constexpr std::int32_t kLongestAttemptPeriod = 1800;  // seconds
constexpr std::size_t kMostIgnoredExitCodes = 50;

Result<> check_restart(const shapes::ContainerRestartPolicy& policy, const std::string& container) {
  const auto wrong = [&](const std::string& what) {
    return client_exception(fmt::format("Invalid restartPolicy of container '{}': {}", container, what));
  };
  const std::int32_t period = policy.restartAttemptPeriod.value_or(kShortestAttemptPeriod);
  if (period < kShortestAttemptPeriod || period > kLongestAttemptPeriod) {
    return wrong(fmt::format("restartAttemptPeriod must be between {} and {} seconds.", kShortestAttemptPeriod,
                             kLongestAttemptPeriod));
  }
  if (policy.ignoredExitCodes && policy.ignoredExitCodes->size() > kMostIgnoredExitCodes) {
    return wrong(fmt::format("ignoredExitCodes can have at most {} codes.", kMostIgnoredExitCodes));
  }
  return {};
}

Result<> check_limits(const std::vector<shapes::Ulimit>& limits, const std::string& container, bool fargate) {
  std::set<std::string> names;
  for (const auto& limit : limits) {
    const auto wrong = [&](const std::string& what) {
      return client_exception(fmt::format("Invalid ulimit '{}' of container '{}': {}", limit.name, container, what));
    };
    if (!names.insert(limit.name).second) return wrong("it is given more than once.");
    if (fargate && limit.name != "nofile") return wrong("Fargate only supports the nofile ulimit.");
    if (limit.softLimit < -1 || limit.hardLimit < -1) return wrong("a limit is -1 or more.");
    const bool above = limit.hardLimit >= 0 && (limit.softLimit < 0 || limit.softLimit > limit.hardLimit);
    if (above) return wrong("the softLimit must not be greater than the hardLimit.");
  }
  return {};
}

bool is_user(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.' || c == ':';
  };
  return std::ranges::all_of(text, allowed) && std::ranges::count(text, ':') <= 1 && !text.starts_with(':') &&
         !text.ends_with(':');
}

bool is_path(const std::string& path) {
  return path.starts_with('/') && path != "/" && (path + "/").find("/../") == std::string::npos;
}

Result<> check_mount_points(const shapes::ContainerDefinition& container, const std::set<std::string>& volumes) {
  std::set<std::string> paths;
  for (const auto& point : container.mountPoints.value_or(std::vector<shapes::MountPoint>{})) {
    const std::string path = point.containerPath.value_or(""), volume = point.sourceVolume.value_or("");
    if (!volumes.contains(volume)) return client_exception(fmt::format("Unknown volume '{}'.", volume));
    if (!is_path(path)) {
      return client_exception(fmt::format("Invalid container path '{}' of a mount point: it must be absolute.", path));
    }
    if (!paths.insert(path).second) return client_exception(fmt::format("Duplicate mount point {}.", path));
  }
  return {};
}

std::vector<shapes::VolumeFrom> sources_of(const shapes::ContainerDefinition& container) {
  return container.volumesFrom.value_or(std::vector<shapes::VolumeFrom>{});
}

// Takes out those that take the volumes of none of the rest, until there is nothing left to take.
Result<> check_sources(const std::vector<shapes::ContainerDefinition>& containers) {
  std::set<std::string> left;
  for (const auto& container : containers) left.insert(container.name.value_or(""));
  for (const auto& container : containers) {
    for (const auto& from : sources_of(container)) {
      if (left.contains(from.sourceContainer.value_or(""))) continue;
      return client_exception(
          fmt::format("Invalid volumesFrom: there is no container '{}'.", from.sourceContainer.value_or("")));
    }
  }
  for (bool taken = true; taken;) {
    taken = false;
    for (const auto& container : containers) {
      const auto waits = [&](const auto& from) { return left.contains(from.sourceContainer.value_or("")); };
      if (!left.contains(*container.name) || std::ranges::any_of(sources_of(container), waits)) continue;
      left.erase(*container.name);
      taken = true;
    }
  }
  return left.empty() ? Result<>() : client_exception("The containers' volumesFrom should not have a cycle.");
}

}  // namespace

Result<> check_process(const shapes::ContainerDefinition& container, bool fargate) {
  const std::string name = container.name.value_or("");
  if (container.restartPolicy) TRY(check_restart(*container.restartPolicy, name));
  TRY(check_limits(container.ulimits.value_or(std::vector<shapes::Ulimit>{}), name, fargate));
  if (is_user(container.user.value_or(""))) return {};
  return client_exception(fmt::format("Invalid user '{}' of container '{}'.", *container.user, name));
}

Result<> check_volumes(const shapes::RegisterTaskDefinitionRequest& request, bool fargate) {
  std::set<std::string> volumes;
  for (const auto& volume : request.volumes.value_or(std::vector<shapes::Volume>{})) {
    const std::string name = volume.name.value_or("");
    if (name.empty() || !is_name(name)) return client_exception(fmt::format("Invalid volume name '{}'.", name));
    if (!volumes.insert(name).second) return client_exception(fmt::format("Duplicate volume name: {}.", name));
    const std::string path = volume.host ? volume.host->sourcePath.value_or("") : "";
    if (path.empty()) continue;
    if (fargate) return client_exception("host.sourcePath should not be set for volumes in Fargate.");
    if (!is_path(path)) {
      return client_exception(fmt::format("Invalid host.sourcePath '{}': it must be an absolute path.", path));
    }
  }
  for (const auto& container : request.containerDefinitions) TRY(check_mount_points(container, volumes));
  return check_sources(request.containerDefinitions);
}

}  // namespace weir::api::ecs
