#include "control/task_spec.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "control/limits.h"
#include "control/mesh_gateways.h"
#include "control/mesh_member.h"

namespace weir::control {

namespace {

std::uint16_t host_port(const std::string& network_mode, const model::ecs::PortMapping& mapping) {
  const auto named = static_cast<std::uint16_t>(mapping.hostPort.value_or(0));
  if (network_mode == "host") return named != 0 ? named : static_cast<std::uint16_t>(mapping.containerPort.value_or(0));
  return network_mode == "bridge" ? named : 0;
}

struct Condition {
  const char* word;
  runtime::DependencyCondition condition;
};
constexpr Condition kConditions[] = {
    {"START", runtime::DependencyCondition::start},
    {"COMPLETE", runtime::DependencyCondition::complete},
    {"SUCCESS", runtime::DependencyCondition::success},
    {"HEALTHY", runtime::DependencyCondition::healthy},
};

std::vector<runtime::Dependency> dependencies(const model::ecs::ContainerDefinition& wished) {
  std::vector<runtime::Dependency> all;
  for (const auto& one : wished.dependsOn.value_or(std::vector<model::ecs::ContainerDependency>{})) {
    for (const auto& [word, condition] : kConditions) {
      if (one.condition == word) all.push_back({one.containerName, condition});
    }
  }
  return all;
}

// CMD: a program and its words; CMD-SHELL: a line for the shell.
std::vector<std::string> check_command(const std::vector<std::string>& wished) {
  if (wished.front() == "CMD-SHELL") return {"/bin/sh", "-c", wished.size() > 1 ? wished[1] : ""};
  return {wished.begin() + (wished.front() == "CMD" ? 1 : 0), wished.end()};
}

std::optional<runtime::HealthCheckSpec> health_check(const model::ecs::ContainerDefinition& wished) {
  const auto& check = wished.healthCheck;
  if (!check || check->command.empty() || check->command.front() == "NONE") return std::nullopt;
  runtime::HealthCheckSpec spec{.command = check_command(check->command)};
  if (check->interval) spec.interval = std::chrono::seconds(*check->interval);
  if (check->timeout) spec.timeout = std::chrono::seconds(*check->timeout);
  if (check->retries) spec.retries = *check->retries;
  if (check->startPeriod) spec.start_period = std::chrono::seconds(*check->startPeriod);
  return spec;
}

constexpr std::int64_t kMib = 1 << 20;

// Of a container: hard and soft limits of memory, and its share of the processor beside the task's others.
runtime::ResourceLimits limits(std::optional<std::int32_t> cpu, std::optional<std::int32_t> memory,
                               std::optional<std::int32_t> reservation) {
  return {.memory = memory.value_or(0) * kMib,
          .reservation = reservation.value_or(0) * kMib,
          .cpu_shares = cpu.value_or(0)};
}

std::int64_t number(const std::optional<std::string>& digits) { return digits ? std::atoll(digits->c_str()) : 0; }

// Of a task: never more processor than it names, and beside other tasks what its containers have together.
runtime::ResourceLimits task_limits(const model::ecs::TaskDefinition& definition, const model::ecs::TaskOverride* over,
                                    const std::vector<runtime::ContainerSpec>& containers) {
  runtime::ResourceLimits all{
      .memory = number(over && over->memory ? over->memory : definition.memory) * kMib,
      .cpu_quota = number(over && over->cpu ? over->cpu : definition.cpu),
  };
  for (const auto& container : containers) all.cpu_shares += container.limits.cpu_shares;
  all.cpu_shares = std::max(all.cpu_shares, all.cpu_quota);
  return all;
}

std::vector<runtime::Ulimit> ulimits(const model::ecs::ContainerDefinition& wished) {
  std::vector<runtime::Ulimit> all;
  for (const auto& one : wished.ulimits.value_or(std::vector<model::ecs::Ulimit>{})) {
    all.push_back({one.name, one.softLimit, one.hardLimit});
  }
  return all;
}

std::optional<runtime::RestartPolicy> restart_policy(const model::ecs::ContainerDefinition& wished) {
  const auto& policy = wished.restartPolicy;
  if (!policy || !policy->enabled) return std::nullopt;
  runtime::RestartPolicy spec{.ignored_exit_codes = policy->ignoredExitCodes.value_or(std::vector<std::int32_t>{})};
  if (policy->restartAttemptPeriod) spec.attempt_period = std::chrono::seconds(*policy->restartAttemptPeriod);
  return spec;
}

std::vector<runtime::MountSpec> mounts(const model::ecs::ContainerDefinition& wished,
                                       const model::ecs::TaskDefinition& definition) {
  std::vector<runtime::MountSpec> all;
  for (const auto& point : wished.mountPoints.value_or(std::vector<model::ecs::MountPoint>{})) {
    runtime::MountSpec mount{.volume = point.sourceVolume.value_or(""),
                             .container_path = point.containerPath.value_or(""),
                             .read_only = point.readOnly.value_or(false)};
    for (const auto& volume : definition.volumes.value_or(std::vector<model::ecs::Volume>{})) {
      if (volume.name == mount.volume && volume.host) mount.host_path = volume.host->sourcePath.value_or("");
    }
    all.push_back(std::move(mount));
  }
  for (const auto& from : wished.volumesFrom.value_or(std::vector<model::ecs::VolumeFrom>{})) {
    for (const auto& other : *definition.containerDefinitions) {
      if (other.name != from.sourceContainer) continue;
      for (auto& mount : mounts(other, definition)) {
        mount.read_only |= from.readOnly.value_or(false);
        all.push_back(std::move(mount));
      }
    }
  }
  return all;
}

runtime::ContainerSpec container_spec(const std::string& network_mode, const model::ecs::ContainerDefinition& wished,
                                      const model::ecs::TaskDefinition& definition) {
  runtime::ContainerSpec spec{
      .name = wished.name.value_or(""),
      .image = wished.image.value_or(""),
      .entry_point = wished.entryPoint.value_or(std::vector<std::string>{}),
      .command = wished.command.value_or(std::vector<std::string>{}),
      .working_directory = wished.workingDirectory.value_or(""),
      .essential = wished.essential.value_or(true),
      .stop_timeout = kStopTimeout,
      .depends_on = dependencies(wished),
      .health_check = health_check(wished),
      .user = wished.user.value_or(""),
      .ulimits = ulimits(wished),
      .restart = restart_policy(wished),
      .mounts = mounts(wished, definition),
      .limits = limits(wished.cpu, wished.memory, wished.memoryReservation),
  };
  if (wished.startTimeout) spec.start_timeout = std::chrono::seconds(*wished.startTimeout);
  if (wished.stopTimeout) spec.stop_timeout = std::chrono::seconds(*wished.stopTimeout);
  if (wished.environment) {
    for (const auto& pair : *wished.environment) spec.environment[pair.name.value_or("")] = pair.value.value_or("");
  }
  if (wished.portMappings) {
    for (const auto& mapping : *wished.portMappings) {
      spec.ports.push_back(
          {static_cast<std::uint16_t>(mapping.containerPort.value_or(0)), host_port(network_mode, mapping)});
    }
  }
  return spec;
}

void override_with(runtime::ContainerSpec& spec, const model::ecs::ContainerOverride& wished) {
  if (wished.command && !wished.command->empty()) spec.command = *wished.command;
  if (wished.cpu) spec.limits.cpu_shares = *wished.cpu;
  if (wished.memory) spec.limits.memory = *wished.memory * kMib;
  if (wished.memoryReservation) spec.limits.reservation = *wished.memoryReservation * kMib;
  if (!wished.environment) return;
  for (const auto& pair : *wished.environment) spec.environment[pair.name.value_or("")] = pair.value.value_or("");
}

}  // namespace

runtime::TaskSpec task_spec(const std::string& task_id, const model::ecs::TaskDefinition& definition,
                            const std::optional<model::ecs::TaskOverride>& overrides) {
  const std::string network_mode = definition.networkMode.value_or("bridge");
  runtime::TaskSpec spec{.id = task_id, .own_network = network_mode == "awsvpc"};
  if (definition.containerDefinitions) {
    for (const auto& wished : *definition.containerDefinitions) {
      spec.containers.push_back(container_spec(network_mode, wished, definition));
    }
  }
  if (overrides && overrides->containerOverrides) {
    for (const auto& wished : *overrides->containerOverrides) {
      for (auto& container : spec.containers) {
        if (container.name == wished.name) override_with(container, wished);
      }
    }
  }
  for (auto& container : spec.containers) {
    const bool gateway = !gateway_of(container).empty();
    if (gateway || container.name == proxy_container(definition)) become_sidecar(container);
  }
  spec.limits = task_limits(definition, overrides ? &*overrides : nullptr, spec.containers);
  return spec;
}

}  // namespace weir::control
