// Wishes: task definitions, and tasks of no service.
#include <fmt/format.h>

#include "sim/wishes.h"

namespace weir::sim {

namespace ecs = model::ecs;

std::string Wishes::register_definition(const std::string& family, std::int32_t revision, const std::string& image,
                                        std::int32_t stop_timeout, const std::vector<HelperWish>& helpers) {
  ecs::ContainerDefinition container;
  container.name = "app";
  container.image = image;
  container.essential = true;
  container.stopTimeout = stop_timeout;
  container.portMappings = {ecs::PortMapping{.containerPort = 8080, .protocol = "tcp"}};
  model::TaskDefinition document;
  document.scope = kScope;
  document.definition.taskDefinitionArn = ecs_arn(fmt::format("task-definition/{}:{}", family, revision));
  document.definition.family = family;
  document.definition.revision = revision;
  document.definition.status = "ACTIVE";
  document.definition.networkMode = "awsvpc";
  std::vector<ecs::ContainerDefinition> containers{std::move(container)};
  for (const auto& helper : helpers) {
    containers.front()
        .dependsOn.emplace(containers.front().dependsOn.value_or(std::vector<ecs::ContainerDependency>()))
        .push_back({.containerName = helper.name, .condition = helper.condition});
    ecs::ContainerDefinition beside;
    beside.name = helper.name;
    beside.image = helper.image;
    beside.essential = helper.essential;
    beside.stopTimeout = stop_timeout;
    if (helper.restarts) beside.restartPolicy = ecs::ContainerRestartPolicy{.enabled = true, .restartAttemptPeriod = 1};
    if (helper.condition == "HEALTHY") beside.healthCheck.emplace().command = {"CMD", "true"};
    containers.push_back(std::move(beside));
  }
  document.definition.containerDefinitions = std::move(containers);
  write(store::put(document, store::Expect::kAbsent));
  return *document.definition.taskDefinitionArn;
}

void Wishes::run_task(const std::string& family, std::int32_t revision) {
  const auto wished =
      MUST(store::load<model::TaskDefinition>(store_, model::task_definition_key(kScope, family, revision)));
  model::Task task{.scope = kScope, .cluster = kCluster, .id = random_.hex(32)};
  task.arn = ecs_arn(fmt::format("task/{}/{}", kCluster, task.id));
  task.group = "family:" + family;
  task.task_definition = *wished->document.definition.taskDefinitionArn;
  task.created_at = clock_.wall();
  for (const auto& container : *wished->document.definition.containerDefinitions) {
    task.containers.push_back(
        {.name = *container.name, .image = *container.image, .essential = *container.essential, .health = ""});
  }
  write(store::put(task, store::Expect::kAbsent));
}

bool Wishes::stop_task(const std::string& id) {
  auto found = MUST(store::load<model::Task>(store_, in_cluster(id)));
  if (!found || found->document.desired_status == "STOPPED") return false;
  found->document.desired_status = "STOPPED";
  found->document.stop_code = "UserInitiated";
  found->document.stopped_reason = "Task stopped by user";
  ++found->document.version;
  write(store::put(*found));
  return true;
}

std::optional<model::Task> Wishes::task(const std::string& id) {
  auto found = MUST(store::load<model::Task>(store_, in_cluster(id)));
  if (!found) return std::nullopt;
  return std::move(found->document);
}

std::vector<model::Task> Wishes::tasks() {
  std::vector<model::Task> all;
  for (auto& each : MUST(store::load_all<model::Task>(store_, in_cluster("")))) all.push_back(each.document);
  return all;
}

}  // namespace weir::sim
