#include "api/ecs/run_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "api/ecs/container_rules.h"
#include "api/ecs/errors.h"
#include "api/ecs/task_definition_rules.h"

namespace weir::api::ecs {

namespace {

constexpr std::int32_t kMostTasksAtOnce = 10;    // tasks of one RunTask, as AWS has it
constexpr std::size_t kLongestStartedBy = 128;   // as AWS has it
constexpr std::size_t kLongestGroup = 255;       // as AWS has it
constexpr std::size_t kLongestToken = 64;        // as AWS has it
constexpr std::size_t kLongestReference = 1024;  // as AWS has it
constexpr std::size_t kLongestOverrides = 8192;  // of the JSON of containerOverrides, as AWS has it

bool is_started_by(const std::string& text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '/';
  };
  return text.size() <= kLongestStartedBy && std::ranges::all_of(text, allowed);
}

bool has_container(const shapes::TaskDefinition& definition, const std::string& name) {
  return definition.containerDefinitions &&
         std::ranges::any_of(*definition.containerDefinitions, [&](const auto& one) { return one.name == name; });
}

Result<> check_size(const shapes::TaskOverride& overrides, const shapes::TaskDefinition& definition,
                    const std::string& launch_type) {
  if (!overrides.cpu && !overrides.memory) return {};
  const auto cpu = cpu_units(overrides.cpu.value_or(definition.cpu.value_or("")));
  const auto memory = memory_mib(overrides.memory.value_or(definition.memory.value_or("")));
  if (overrides.cpu && !cpu)
    return invalid_parameter(fmt::format("Invalid 'cpu' setting for task: {}", *overrides.cpu));
  if (overrides.memory && !memory) {
    return invalid_parameter(fmt::format("Invalid 'memory' setting for task: {}", *overrides.memory));
  }
  if (launch_type == "FARGATE" && (!cpu || !memory || !is_fargate_size(*cpu, *memory))) {
    return invalid_parameter("No Fargate configuration exists for given values.");
  }
  return {};
}

}  // namespace

Result<> check_overrides(const shapes::TaskOverride& overrides, const shapes::TaskDefinition& definition,
                         const std::string& launch_type) {
  TRY(check_size(overrides, definition, launch_type));
  if (!overrides.containerOverrides) return {};
  std::set<std::string> names;
  std::size_t length = 0;
  for (const auto& container : *overrides.containerOverrides) {
    const std::string name = container.name.value_or("");
    if (name.empty()) return invalid_parameter("Container name can not be blank.");
    if (!has_container(definition, name)) {
      return invalid_parameter(
          fmt::format("Override for container named {} is not a container in the TaskDefinition.", name));
    }
    if (!names.insert(name).second) {
      return invalid_parameter(fmt::format("Duplicate override for container named {}.", name));
    }
    for (const auto& variable : container.environment.value_or(std::vector<shapes::KeyValuePair>{})) {
      if (variable.name.value_or("").empty()) {
        return invalid_parameter("Environment variable name cannot be null or empty in an override.");
      }
    }
    TRY(check_environment_files(container.environmentFiles, "InvalidParameterException"));
    length += to_json_shape(container).dump().size();
  }
  if (length > kLongestOverrides) {
    return invalid_parameter(fmt::format("Container Overrides length must be at most {}", kLongestOverrides));
  }
  return {};
}

Result<> check_run(const shapes::RunTaskRequest& request) {
  const std::int32_t count = request.count.value_or(1);
  if (count < 1 || count > kMostTasksAtOnce) {
    return invalid_parameter(fmt::format("Invalid count: {}. A count is from 1 to {}.", count, kMostTasksAtOnce));
  }
  if (request.group && (request.group->size() > kLongestGroup || request.group->starts_with("service:"))) {
    return invalid_parameter(fmt::format("Invalid group: {}", *request.group));
  }
  if (!is_started_by(request.startedBy.value_or(""))) {
    return invalid_parameter(
        "startedBy can have at most 128 letters, numbers, hyphens, underscores and forward slashes.");
  }
  if (request.clientToken.value_or("").size() > kLongestToken) {
    return invalid_parameter(fmt::format("clientToken can have at most {} characters.", kLongestToken));
  }
  if (request.referenceId.value_or("").size() > kLongestReference) {
    return invalid_parameter(fmt::format("referenceId can have at most {} characters.", kLongestReference));
  }
  if (request.propagateTags == "SERVICE") {
    return invalid_parameter("Propagating tags from SERVICE is not supported: the task belongs to no service.");
  }
  return {};
}

std::set<std::int32_t> named_ports(const shapes::TaskDefinition& definition) {
  std::set<std::int32_t> ports;
  const std::string mode = definition.networkMode.value_or("bridge");
  if (!definition.containerDefinitions || mode == "awsvpc") return ports;
  for (const auto& container : *definition.containerDefinitions) {
    for (const auto& mapping : container.portMappings.value_or(std::vector<shapes::PortMapping>{})) {
      const std::int32_t host = mapping.hostPort.value_or(0);
      if (host != 0) ports.insert(host);
      if (host == 0 && mode == "host" && mapping.containerPort) ports.insert(*mapping.containerPort);
    }
  }
  return ports;
}

Result<std::set<std::int32_t>> held_ports(Context& context) {
  std::map<std::string, std::set<std::int32_t>> of_definition;
  std::set<std::int32_t> held;
  for (const auto& one : TRY(all_of<model::Task>(context))) {
    if (one->last_status == "STOPPED") continue;
    auto [known, fresh] = of_definition.try_emplace(one->task_definition);
    if (fresh) {
      const auto definition = TRY(find_definition(context, one->task_definition));
      if (definition) known->second = named_ports(definition->document.definition);
    }
    held.insert(known->second.begin(), known->second.end());
  }
  return held;
}

}  // namespace weir::api::ecs
