#include "api/ecs/task_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/arn.h"
#include "api/ecs/references.h"

namespace weir::api::ecs {

namespace {

std::string attachment_id(const model::Task& task) { return stable_uuid(task.arn + "#eni"); }

bool is_awsvpc(const TaskSurroundings& around) {
  return around.definition && around.definition->definition.networkMode == "awsvpc";
}

std::string subnet_of(const TaskSurroundings& around) {
  if (!around.service || !around.service->network_configuration) return "";
  const auto& vpc = around.service->network_configuration->awsvpcConfiguration;
  return vpc && !vpc->subnets.empty() ? vpc->subnets.front() : "";
}

shapes::Attachment network_interface(const model::Task& task, const TaskSurroundings& around) {
  const std::string digits = stable_hex(task.arn + "#eni", 17);
  std::string mac = "0a";
  for (std::size_t i = 0; i < 10; i += 2) mac += ":" + digits.substr(i, 2);
  const char* status = task.last_status == "STOPPED" ? "DELETED" : task.address.empty() ? "PRECREATED" : "ATTACHED";
  shapes::Attachment attachment{
      .id = attachment_id(task),
      .type = "ElasticNetworkInterface",
      .status = status,
      .details = std::vector<shapes::KeyValuePair>{},
  };
  if (const auto subnet = subnet_of(around); !subnet.empty()) {
    attachment.details->push_back({.name = "subnetId", .value = subnet});
  }
  attachment.details->push_back({.name = "networkInterfaceId", .value = "eni-" + digits});
  attachment.details->push_back({.name = "macAddress", .value = mac});
  if (!task.address.empty()) attachment.details->push_back({.name = "privateIPv4Address", .value = task.address});
  return attachment;
}

const shapes::ContainerDefinition* definition_of(const TaskSurroundings& around, const std::string& container) {
  if (!around.definition || !around.definition->definition.containerDefinitions) return nullptr;
  for (const auto& one : *around.definition->definition.containerDefinitions) {
    if (one.name == container) return &one;
  }
  return nullptr;
}

shapes::Container shown(const Context& context, const model::Task& task, const model::TaskContainer& container,
                        const TaskSurroundings& around) {
  const std::string identity = task.arn + "#" + container.name;
  shapes::Container view{
      .containerArn =
          make_arn(context, "ecs", fmt::format("container/{}/{}/{}", task.cluster, task.id, stable_uuid(identity))),
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
  if (container.pid > 0) view.runtimeId = fmt::format("{}-{}", task.id, container.pid);
  if (is_awsvpc(around) && !task.address.empty()) {
    view.networkInterfaces->push_back({.attachmentId = attachment_id(task), .privateIpv4Address = task.address});
  }
  if (const auto* definition = definition_of(around, container.name)) {
    view.cpu = std::to_string(definition->cpu.value_or(0));
    if (definition->memory) view.memory = std::to_string(*definition->memory);
    if (definition->memoryReservation) view.memoryReservation = std::to_string(*definition->memoryReservation);
  }
  return view;
}

shapes::TaskOverride overrides_of(const model::Task& task) {
  shapes::TaskOverride overrides;
  overrides.containerOverrides.emplace();
  overrides.inferenceAcceleratorOverrides.emplace();
  for (const auto& container : task.containers) overrides.containerOverrides->push_back({.name = container.name});
  return overrides;
}

std::vector<shapes::Tag> tags_of(const model::Task& task, const TaskSurroundings& around) {
  std::vector<shapes::Tag> tags;
  if (!around.service) return tags;
  const std::optional<std::vector<shapes::Tag>> none;
  const std::string& from = around.service->propagate_tags;
  const auto& passed = from == "SERVICE"                                ? around.service->tags
                       : from == "TASK_DEFINITION" && around.definition ? around.definition->tags
                                                                        : none;
  if (passed) tags = *passed;
  if (around.service->enable_ecs_managed_tags) {
    tags.push_back({.key = "aws:ecs:clusterName", .value = task.cluster});
    tags.push_back({.key = "aws:ecs:serviceName", .value = task.service});
  }
  return tags;
}

std::string group_of(const model::Task& task, const TaskSurroundings& around) {
  if (!task.service.empty()) return "service:" + task.service;
  return "family:" + (around.definition ? around.definition->definition.family.value_or("") : "");
}

}  // namespace

model::ecs::Task shown(const Context& context, const model::Task& task, const TaskSurroundings& around, bool tags) {
  shapes::Task view{
      .attachments = std::vector<shapes::Attachment>{},
      .attributes = std::vector<shapes::Attribute>{{.name = "ecs.cpu-architecture", .value = "x86_64"}},
      .availabilityZone = context.region + "a",
      .clusterArn = cluster_arn(context, task.cluster),
      .containers = std::vector<shapes::Container>{},
      .createdAt = task.created_at,
      .desiredStatus = task.desired_status,
      .enableExecuteCommand = false,
      .executionStoppedAt = task.execution_stopped_at,
      .group = group_of(task, around),
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
  if (is_awsvpc(around)) view.attachments->push_back(network_interface(task, around));
  if (task.started_at) {
    view.connectivity = "CONNECTED";
    view.connectivityAt = task.started_at;
  }
  for (const auto& container : task.containers) view.containers->push_back(shown(context, task, container, around));
  if (around.definition) {
    view.cpu = around.definition->definition.cpu;
    view.memory = around.definition->definition.memory;
    view.ephemeralStorage = around.definition->definition.ephemeralStorage;
  }
  if (task.launch_type == "FARGATE") {
    view.platformVersion = "1.4.0";
    view.platformFamily = "Linux";
  }
  if (!task.deployment.empty()) view.startedBy = task.deployment;
  if (!task.stop_code.empty()) view.stopCode = task.stop_code;
  if (!task.stopped_reason.empty()) view.stoppedReason = task.stopped_reason;
  if (tags) view.tags = tags_of(task, around);
  return view;
}

}  // namespace weir::api::ecs
