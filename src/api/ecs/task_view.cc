#include "api/ecs/task_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "api/arn.h"
#include "api/ecs/container_id.h"
#include "api/ecs/container_instances.h"
#include "api/ecs/references.h"

namespace weir::api::ecs {

namespace {

std::string attachment_id(const model::Task& task) { return stable_uuid(task.arn + "#eni"); }

bool is_awsvpc(const TaskSurroundings& around) {
  return around.definition && around.definition->definition.networkMode == "awsvpc";
}

std::string subnet_of(const model::Task& task, const TaskSurroundings& around) {
  const bool has_own = task.network_configuration || !around.service;
  const auto& own = has_own ? task.network_configuration : around.service->network_configuration;
  if (!own) return "";
  const auto& vpc = own->awsvpcConfiguration;
  return vpc && !vpc->subnets.empty() ? vpc->subnets.front() : "";
}

shapes::Attachment network_interface(const model::Task& task, const TaskSurroundings& around) {
  const char* const status = task.last_status == "STOPPED"          ? "DELETED"
                             : task.last_status == "DEPROVISIONING" ? "DETACHING"
                             : task.address.empty()                 ? "PRECREATED"
                                                                    : "ATTACHED";
  shapes::Attachment attachment{
      .id = attachment_id(task),
      .type = "ElasticNetworkInterface",
      .status = status,
      .details = std::vector<shapes::KeyValuePair>{},
  };
  if (const auto subnet = subnet_of(task, around); !subnet.empty()) {
    attachment.details->push_back({.name = "subnetId", .value = subnet});
  }
  attachment.details->push_back({.name = "networkInterfaceId", .value = interface_id(task)});
  if (task.address.empty()) return attachment;
  attachment.details->push_back({.name = "macAddress", .value = interface_mac(task)});
  attachment.details->push_back({.name = "privateIPv4Address", .value = task.address});
  return attachment;
}

const shapes::ContainerDefinition* definition_of(const TaskSurroundings& around, const std::string& container) {
  if (!around.definition || !around.definition->definition.containerDefinitions) return nullptr;
  for (const auto& one : *around.definition->definition.containerDefinitions) {
    if (one.name == container) return &one;
  }
  return nullptr;
}

const shapes::ContainerOverride* override_of(const model::Task& task, const std::string& container) {
  if (!task.overrides || !task.overrides->containerOverrides) return nullptr;
  for (const auto& one : *task.overrides->containerOverrides) {
    if (one.name == container) return &one;
  }
  return nullptr;
}

// As they were given, and an empty one for each container that has none.
shapes::TaskOverride overrides_of(const model::Task& task) {
  shapes::TaskOverride overrides = task.overrides.value_or(shapes::TaskOverride{});
  if (!overrides.containerOverrides) overrides.containerOverrides.emplace();
  if (!overrides.inferenceAcceleratorOverrides) overrides.inferenceAcceleratorOverrides.emplace();
  for (const auto& container : task.containers) {
    if (!override_of(task, container.name)) overrides.containerOverrides->push_back({.name = container.name});
  }
  return overrides;
}

void show_sizes(shapes::Container& view, const shapes::ContainerDefinition& definition,
                const shapes::ContainerOverride* over) {
  const auto wished = [&](auto in_definition, auto in_override) {
    return over && over->*in_override ? over->*in_override : definition.*in_definition;
  };
  using Definition = shapes::ContainerDefinition;
  using Override = shapes::ContainerOverride;
  view.cpu = std::to_string(wished(&Definition::cpu, &Override::cpu).value_or(0));
  const auto memory = wished(&Definition::memory, &Override::memory);
  if (memory) view.memory = std::to_string(*memory);
  const auto reservation = wished(&Definition::memoryReservation, &Override::memoryReservation);
  if (reservation) view.memoryReservation = std::to_string(*reservation);
}

shapes::Container container_view(const model::Task& task, const model::TaskContainer& container,
                                 const TaskSurroundings& around) {
  shapes::Container view{
      .containerArn = container_arn(task, container.name),
      .taskArn = task.arn,
      .name = container.name,
      .image = container.image,
      .lastStatus = container.last_status,
      .exitCode = container.exit_code,
      .networkBindings = container.network_bindings,
      .networkInterfaces = std::vector<shapes::NetworkInterface>{},
      .healthStatus = container.health.empty() ? "UNKNOWN" : container.health,
      .cpu = "0",
  };
  if (!container.image_digest.empty()) view.imageDigest = container.image_digest;
  if (!container.reason.empty()) view.reason = container.reason;
  if (container.pid > 0) view.runtimeId = container_id(task, container.name);
  if (is_awsvpc(around) && !task.address.empty()) {
    view.networkInterfaces->push_back({.attachmentId = attachment_id(task), .privateIpv4Address = task.address});
  }
  if (const auto* definition = definition_of(around, container.name)) {
    show_sizes(view, *definition, override_of(task, container.name));
  }
  return view;
}

std::string group_of(const model::Task& task) { return task.service.empty() ? task.group : "service:" + task.service; }

}  // namespace

std::string interface_id(const model::Task& task) { return "eni-" + stable_hex(task.arn + "#eni", 17); }

std::string interface_mac(const model::Task& task) {
  unsigned part[4] = {};
  if (task.address.starts_with("169.254.") &&
      std::sscanf(task.address.c_str(), "%u.%u.%u.%u", &part[0], &part[1], &part[2], &part[3]) == 4) {
    return fmt::format("0a:58:{:02x}:{:02x}:{:02x}:{:02x}", part[0], part[1], part[2], part[3]);
  }
  const std::string digits = stable_hex(task.arn + "#eni", 10);
  std::string mac = "0a";
  for (std::size_t i = 0; i < digits.size(); i += 2) mac += ":" + digits.substr(i, 2);
  return mac;
}

std::string interface_attachment_arn(const Context& context, const model::Task& task) {
  return make_arn(context, "ecs", "attachment/" + attachment_id(task));
}

model::ecs::Task shown(const Context& context, const model::Task& task, const TaskSurroundings& around, bool tags) {
  shapes::Task view{
      .attachments = std::vector<shapes::Attachment>{},
      .attributes = std::vector<shapes::Attribute>{{.name = "ecs.cpu-architecture", .value = "x86_64"}},
      .availabilityZone = context.region + "a",
      .clusterArn = cluster_arn(context, task.cluster),
      .containers = std::vector<shapes::Container>{},
      .createdAt = task.created_at,
      .desiredStatus = task.desired_status,
      .enableExecuteCommand = task.enable_execute_command,
      .executionStoppedAt = task.execution_stopped_at,
      .group = group_of(task),
      .healthStatus = health_of(task),
      .inferenceAccelerators = std::vector<shapes::InferenceAccelerator>{},
      .lastStatus = task.last_status,
      .launchType = task.launch_type,
      .overrides = overrides_of(task),
      .pullStartedAt = task.pull_started_at,
      .pullStoppedAt = task.pull_stopped_at,
      .startedAt = task.started_at,
      .stoppedAt = task.stopped_at,
      .stoppingAt = task.stopping_at,
      .tags = std::vector<shapes::Tag>{},
      .taskArn = task.arn,
      .taskDefinitionArn = task.task_definition,
      .version = task.version,
  };
  if (task.launch_type == "EC2") view.containerInstanceArn = container_instance_arn(context, task.cluster);
  if (is_awsvpc(around)) view.attachments->push_back(network_interface(task, around));
  if (task.started_at) {
    view.connectivity = "CONNECTED";
    view.connectivityAt = task.started_at;
  }
  for (const auto& container : task.containers) view.containers->push_back(container_view(task, container, around));
  if (around.definition) {
    view.cpu = around.definition->definition.cpu;
    view.memory = around.definition->definition.memory;
    view.ephemeralStorage = around.definition->definition.ephemeralStorage;
  }
  if (task.launch_type == "FARGATE") {
    view.platformVersion =
        task.platform_version.value_or("LATEST") == "LATEST" ? kPlatformVersion : *task.platform_version;
    view.platformFamily = "Linux";
  }
  const std::string& started_by = task.service.empty() ? task.started_by : task.deployment;
  if (!started_by.empty()) view.startedBy = started_by;
  if (!task.capacity_provider.empty()) view.capacityProviderName = task.capacity_provider;
  if (!task.stop_code.empty()) view.stopCode = task.stop_code;
  if (!task.stopped_reason.empty()) view.stoppedReason = task.stopped_reason;
  if (task.overrides && task.overrides->cpu) view.cpu = task.overrides->cpu;
  if (task.overrides && task.overrides->memory) view.memory = task.overrides->memory;
  if (task.overrides && task.overrides->ephemeralStorage) view.ephemeralStorage = task.overrides->ephemeralStorage;
  if (tags) view.tags = task.tags;
  return view;
}

}  // namespace weir::api::ecs
