#include "api/ecs/task_definition_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "api/ecs/container_rules.h"
#include "api/ecs/errors.h"
#include "api/ecs/process_rules.h"
#include "api/ecs/proxy_rules.h"
#include "api/ecs/references.h"
#include "base/ascii.h"
#include "observe/awslogs_options.h"

namespace weir::api::ecs {

namespace {

constexpr std::int32_t kMaxPort = 65535;
constexpr std::int32_t kMaxFargateStopTimeout = 120;  // seconds
constexpr std::int64_t kUnitsPerCpu = 1024;
constexpr std::int64_t kMibPerGb = 1024;

struct FargateSize {
  std::int64_t cpu;
  std::int64_t least, most, step;  // MiB
};
constexpr FargateSize kFargateSizes[] = {
    {256, 512, 1024, 512},     {256, 2048, 2048, 1024},   {512, 1024, 4096, 1024},    {1024, 2048, 8192, 1024},
    {2048, 4096, 16384, 1024}, {4096, 8192, 30720, 1024}, {8192, 16384, 61440, 4096}, {16384, 32768, 122880, 8192},
};

bool is_awsvpc(const shapes::RegisterTaskDefinitionRequest& request) { return request.networkMode == "awsvpc"; }

bool wants_fargate(const shapes::RegisterTaskDefinitionRequest& request) {
  return request.requiresCompatibilities && includes(request.requiresCompatibilities, "FARGATE");
}

// A number with an optional unit: 256, "0.25 vCPU" times `factor`.
std::optional<std::int64_t> quantity(std::string_view text, std::string_view unit, std::int64_t factor) {
  std::string lower;
  for (const char c : text) {
    if (c != ' ') lower += lower_letter(c);
  }
  const bool with_unit = lower.ends_with(unit);
  if (with_unit) lower.resize(lower.size() - unit.size());
  if (lower.starts_with('.')) lower.insert(0, "0");
  double number = 0;
  const auto [end, error] = std::from_chars(lower.data(), lower.data() + lower.size(), number);
  if (error != std::errc() || end != lower.data() + lower.size() || number <= 0 || number > 1e9) return std::nullopt;
  const double units = with_unit ? number * static_cast<double>(factor) : number;
  if (units != std::floor(units)) return std::nullopt;
  return static_cast<std::int64_t>(units);
}

Result<> check_port(const shapes::PortMapping& mapping, const shapes::RegisterTaskDefinitionRequest& request) {
  const std::int32_t port = mapping.containerPort.value_or(0);
  if (port < 1 || port > kMaxPort) return client_exception(fmt::format("Invalid container port specified: {}.", port));
  const std::int32_t host = mapping.hostPort.value_or(0);
  if (host < 0 || host > kMaxPort) return client_exception(fmt::format("Invalid host port specified: {}.", host));
  if (mapping.hostPort && host != 0 && host != port) {
    if (is_awsvpc(request)) {
      return client_exception(
          "When networkMode=awsvpc, the host ports and container ports in port mappings must match.");
    }
    if (request.networkMode == "host") {
      return client_exception("When networkMode=host, the host ports and container ports in port mappings must match.");
    }
  }
  return {};
}

Result<> check_log(const shapes::LogConfiguration& log, bool fargate, bool execution_role) {
  const auto options = log.options.value_or(std::map<std::string, std::string>{});
  if (log.logDriver == "json-file") {
    if (fargate) return client_exception("Fargate does not support the log driver json-file.");
    if (options.empty()) return {};
    return client_exception("Log driver json-file disallows options: " + options.begin()->first);
  }
  const auto read = observe::read_awslogs_options(options);
  if (!read) return client_exception(read.error().message);
  if (fargate && !execution_role) {
    return client_exception(
        "Fargate requires task definition to have execution role ARN to support log driver awslogs.");
  }
  if (fargate && read->stream_prefix.empty()) {
    return client_exception("Log driver awslogs requires options: awslogs-stream-prefix");
  }
  return {};
}

Result<> check_memory(const shapes::ContainerDefinition& container,
                      const shapes::RegisterTaskDefinitionRequest& request) {
  const std::string name = container.name.value_or("");
  if (container.memory && container.memoryReservation && *container.memory <= *container.memoryReservation) {
    return client_exception(fmt::format(
        "Invalid setting for container '{}'. The memory must be greater than the memoryReservation.", name));
  }
  if (request.memory || container.memory || container.memoryReservation) return {};
  return client_exception(fmt::format(
      "Invalid setting for container '{}'. At least one of 'memory' or 'memoryReservation' must be specified.", name));
}

Result<> check_container(const shapes::ContainerDefinition& container,
                         const shapes::RegisterTaskDefinitionRequest& request) {
  const std::string name = container.name.value_or("");
  if (name.empty()) return client_exception("Container.name should not be null or empty.");
  if (!is_name(name)) return client_exception("Container.name contains invalid characters.");
  if (container.image.value_or("").empty()) return client_exception("Container.image should not be null or empty.");
  TRY(check_memory(container, request));
  for (const auto& mapping : container.portMappings.value_or(std::vector<shapes::PortMapping>{})) {
    TRY(check_port(mapping, request));
  }
  for (const auto& variable : container.environment.value_or(std::vector<shapes::KeyValuePair>{})) {
    if (variable.name.value_or("").empty()) {
      return client_exception(
          fmt::format("Environment variable name cannot be null or empty in container '{}'.", name));
    }
  }
  const std::int32_t stop = container.stopTimeout.value_or(0);
  if (stop < 0 || (wants_fargate(request) && stop > kMaxFargateStopTimeout)) {
    return client_exception(fmt::format("The stopTimeout of container '{}' must be between 0 and {} seconds.", name,
                                        kMaxFargateStopTimeout));
  }
  const bool execution_role = !request.executionRoleArn.value_or("").empty();
  if (container.logConfiguration) {
    TRY(check_log(*container.logConfiguration, wants_fargate(request), execution_role));
  }
  TRY(check_secrets(container, execution_role));
  TRY(check_process(container, wants_fargate(request)));
  if (container.healthCheck) TRY(check_health_check(*container.healthCheck, name));
  return check_start_timeout(container, wants_fargate(request));
}

Result<> check_containers(const shapes::RegisterTaskDefinitionRequest& request) {
  if (request.containerDefinitions.empty()) return client_exception("Container list cannot be empty.");
  std::set<std::string> names;
  std::set<std::int32_t> ports;
  bool essential = false;
  for (const auto& container : request.containerDefinitions) {
    TRY(check_container(container, request));
    if (!names.insert(*container.name).second) {
      return client_exception(fmt::format("Duplicate container name: {}.", *container.name));
    }
    essential = essential || container.essential.value_or(true);
    if (!is_awsvpc(request)) continue;
    for (const auto& mapping : container.portMappings.value_or(std::vector<shapes::PortMapping>{})) {
      if (!ports.insert(*mapping.containerPort).second) {
        return client_exception(
            fmt::format("The container port {} is specified more than once in the task.", *mapping.containerPort));
      }
    }
  }
  if (!essential) return client_exception("Task definition does not have an essential container.");
  TRY(check_environment_files(request.containerDefinitions));
  return check_dependencies(request.containerDefinitions);
}

struct TaskSize {
  std::optional<std::int64_t> cpu;     // units
  std::optional<std::int64_t> memory;  // MiB
};

Result<TaskSize> check_size(const shapes::RegisterTaskDefinitionRequest& request) {
  TaskSize size;
  if (request.cpu && !request.cpu->empty()) {
    size.cpu = cpu_units(*request.cpu);
    if (!size.cpu) return client_exception("Invalid 'cpu' setting for task.");
  }
  if (request.memory && !request.memory->empty()) {
    size.memory = memory_mib(*request.memory);
    if (!size.memory) return client_exception("Invalid 'memory' setting for task.");
  }
  std::int64_t cpu = 0;
  for (const auto& container : request.containerDefinitions) {
    const std::int32_t units = container.cpu.value_or(0);
    if (units < 0) return client_exception("Invalid 'cpu' setting for container.");
    cpu += units;
    if (size.memory && container.memory && *container.memory > *size.memory) {
      return client_exception(
          fmt::format("Invalid setting for container '{}'. The memory is greater than the task's.", *container.name));
    }
  }
  if (size.cpu && cpu > *size.cpu) {
    return client_exception(
        "The sum of all container 'cpu' values cannot be greater than the value of the task 'cpu'.");
  }
  return size;
}

Result<> check_fargate(const shapes::RegisterTaskDefinitionRequest& request, const TaskSize& size) {
  if (!is_awsvpc(request)) return client_exception("Fargate only supports network mode ‘awsvpc’.");
  if (!size.cpu) return client_exception("Fargate requires that 'cpu' be defined at the task level.");
  if (!size.memory) return client_exception("Fargate requires that 'memory' be defined at the task level.");
  if (is_fargate_size(*size.cpu, *size.memory)) return {};
  return client_exception(
      fmt::format("No Fargate configuration exists for given values: {} CPU, {} memory. See the "
                  "Amazon ECS documentation for the valid values.",
                  *size.cpu, *size.memory));
}

// What AWS returns of a container although nobody gave it.
void complete(shapes::ContainerDefinition& container, const std::optional<std::string>& network_mode) {
  if (!container.cpu) container.cpu = 0;
  if (!container.essential) container.essential = true;
  if (!container.portMappings) container.portMappings.emplace();
  if (!container.environment) container.environment.emplace();
  if (!container.mountPoints) container.mountPoints.emplace();
  if (!container.volumesFrom) container.volumesFrom.emplace();
  if (!container.systemControls) container.systemControls.emplace();
  if (container.healthCheck) complete_health_check(*container.healthCheck);
  const bool same_port = network_mode == "awsvpc" || network_mode == "host";
  for (auto& mapping : *container.portMappings) {
    if (same_port && mapping.hostPort.value_or(0) == 0) mapping.hostPort = mapping.containerPort;
    if (!mapping.hostPort) mapping.hostPort = 0;
    if (!mapping.protocol) mapping.protocol = "tcp";
  }
}

std::vector<shapes::Attribute> required_attributes(const shapes::TaskDefinition& definition) {
  std::set<std::string> names;
  const bool task_role = !definition.taskRoleArn.value_or("").empty();
  const bool execution_role = !definition.executionRoleArn.value_or("").empty();
  const bool host = definition.networkMode == "host";
  if (task_role) names.insert(fmt::format("com.amazonaws.ecs.capability.task-iam-role{}", host ? "-network-host" : ""));
  if (definition.networkMode == "awsvpc") names.insert("ecs.capability.task-eni");
  if (definition.proxyConfiguration) names.insert("ecs.capability.aws-appmesh");
  names.insert("com.amazonaws.ecs.capability.docker-remote-api.1.18");
  for (const auto& container : *definition.containerDefinitions) {
    if (container.healthCheck) names.insert("ecs.capability.container-health-check");
    if (container.dependsOn && !container.dependsOn->empty()) names.insert("ecs.capability.container-ordering");
    if (container.logConfiguration) {
      const std::string& driver = container.logConfiguration->logDriver;
      names.insert("com.amazonaws.ecs.capability.logging-driver." + driver);
      if (driver == "awslogs") names.insert("com.amazonaws.ecs.capability.docker-remote-api.1.19");
      if (driver == "awslogs" && execution_role) names.insert("ecs.capability.execution-role-awslogs");
    }
    if (container.environmentFiles && !container.environmentFiles->empty()) {
      names.insert("ecs.capability.env-files.s3");
    }
    for (const auto& secret : container.secrets.value_or(std::vector<shapes::Secret>{})) {
      const bool manager = secret.valueFrom.starts_with("arn:") && secret.valueFrom.find(":secretsmanager:") < 30;
      names.insert(fmt::format("ecs.capability.secrets.{}.environment-variables", manager ? "asm" : "ssm"));
    }
    if (container.image->find(".dkr.ecr.") != std::string::npos) {
      names.insert("com.amazonaws.ecs.capability.ecr-auth");
      if (execution_role) names.insert("ecs.capability.execution-role-ecr-pull");
    }
  }
  std::vector<shapes::Attribute> attributes;
  for (const auto& name : names) attributes.push_back({.name = name});
  return attributes;
}

// What Fargate does not have.
bool needs_an_instance(const shapes::TaskDefinition& definition) {
  const auto on_host = [](const shapes::Volume& volume) {
    return volume.host && !volume.host->sourcePath.value_or("").empty();
  };
  const auto of_instance = [](const shapes::ContainerDefinition& container) {
    const auto ulimits = container.ulimits.value_or(std::vector<shapes::Ulimit>{});
    return (container.logConfiguration && container.logConfiguration->logDriver == "json-file") ||
           std::ranges::any_of(ulimits, [](const auto& limit) { return limit.name != "nofile"; });
  };
  return std::ranges::any_of(*definition.volumes, on_host) ||
         std::ranges::any_of(*definition.containerDefinitions, of_instance);
}

std::vector<std::string> compatibilities(const shapes::TaskDefinition& definition, const TaskSize& size) {
  if (definition.networkMode != "awsvpc") return {"EXTERNAL", "EC2"};
  if (needs_an_instance(definition)) return {"EC2"};
  if (size.cpu && size.memory && is_fargate_size(*size.cpu, *size.memory)) return {"EC2", "FARGATE"};
  return {"EC2"};
}

}  // namespace

std::optional<std::int64_t> cpu_units(std::string_view text) { return quantity(text, "vcpu", kUnitsPerCpu); }
std::optional<std::int64_t> memory_mib(std::string_view text) { return quantity(text, "gb", kMibPerGb); }

bool is_fargate_size(std::int64_t cpu, std::int64_t memory) {
  return std::any_of(std::begin(kFargateSizes), std::end(kFargateSizes), [&](const FargateSize& size) {
    return size.cpu == cpu && memory >= size.least && memory <= size.most && (memory - size.least) % size.step == 0;
  });
}

Result<shapes::TaskDefinition> make_definition(const shapes::RegisterTaskDefinitionRequest& request) {
  if (request.family.empty()) return client_exception("Family should not be null or empty.");
  if (!is_name(request.family)) return client_exception("Family contains invalid characters.");
  TRY(check_containers(request));
  TRY(check_volumes(request, wants_fargate(request)));
  if (request.proxyConfiguration) TRY(check_proxy(request));
  const TaskSize size = TRY(check_size(request));
  if (wants_fargate(request)) TRY(check_fargate(request, size));

  shapes::TaskDefinition definition{
      .containerDefinitions = request.containerDefinitions,
      .family = request.family,
      .taskRoleArn = request.taskRoleArn,
      .executionRoleArn = request.executionRoleArn,
      .networkMode = request.networkMode,
      .volumes = request.volumes.value_or(std::vector<shapes::Volume>{}),
      .placementConstraints = std::vector<shapes::TaskDefinitionPlacementConstraint>{},
      .runtimePlatform = request.runtimePlatform,
      .proxyConfiguration = request.proxyConfiguration,
      .ephemeralStorage = request.ephemeralStorage,
      .enableFaultInjection = request.enableFaultInjection,
  };
  if (request.requiresCompatibilities && !request.requiresCompatibilities->empty()) {
    definition.requiresCompatibilities = request.requiresCompatibilities;
  }
  if (size.cpu) definition.cpu = std::to_string(*size.cpu);
  if (size.memory) definition.memory = std::to_string(*size.memory);
  for (auto& container : *definition.containerDefinitions) complete(container, definition.networkMode);
  definition.compatibilities = compatibilities(definition, size);
  definition.requiresAttributes = required_attributes(definition);
  return definition;
}

}  // namespace weir::api::ecs
