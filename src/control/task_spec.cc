#include "control/task_spec.h"

#include "control/limits.h"

namespace weir::control {

namespace {

std::uint16_t host_port(const std::string& network_mode, const model::ecs::PortMapping& mapping) {
  const auto named = static_cast<std::uint16_t>(mapping.hostPort.value_or(0));
  if (network_mode == "host") return named != 0 ? named : static_cast<std::uint16_t>(mapping.containerPort.value_or(0));
  return network_mode == "bridge" ? named : 0;
}

runtime::ContainerSpec container_spec(const std::string& network_mode, const model::ecs::ContainerDefinition& wished) {
  runtime::ContainerSpec spec{
      .name = wished.name.value_or(""),
      .image = wished.image.value_or(""),
      .entry_point = wished.entryPoint.value_or(std::vector<std::string>{}),
      .command = wished.command.value_or(std::vector<std::string>{}),
      .working_directory = wished.workingDirectory.value_or(""),
      .essential = wished.essential.value_or(true),
      .stop_timeout = kStopTimeout,
  };
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

}  // namespace

runtime::TaskSpec task_spec(const std::string& task_id, const model::ecs::TaskDefinition& definition) {
  runtime::TaskSpec spec{.id = task_id};
  const std::string network_mode = definition.networkMode.value_or("bridge");
  if (definition.containerDefinitions) {
    for (const auto& wished : *definition.containerDefinitions) {
      spec.containers.push_back(container_spec(network_mode, wished));
    }
  }
  return spec;
}

}  // namespace weir::control
