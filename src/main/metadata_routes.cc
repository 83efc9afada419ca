#include "main/metadata_routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "api/ecs/container_id.h"
#include "main/json_reply.h"
#include "observe/awslogs_options.h"

namespace weir {

namespace {

constexpr const char* kPrefix = "/_weir/v4/";

// All that the two documents are made of.
struct Known {
  model::Task task;
  std::optional<model::TaskDefinition> definition;
  std::optional<runtime::TaskObservation> seen;
};

const model::ecs::ContainerDefinition* definition_of(const Known& known, const std::string& name) {
  if (!known.definition || !known.definition->definition.containerDefinitions) return nullptr;
  const auto& all = *known.definition->definition.containerDefinitions;
  const auto found = std::ranges::find_if(all, [&](const auto& one) { return one.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::string cluster_arn(const model::Task& task) {
  // "arn:aws:ecs:REGION:ACCOUNT:task/CLUSTER/ID" begins as its cluster's does.
  const std::string head = task.arn.substr(0, task.arn.find(":task/"));
  return fmt::format("{}:cluster/{}", head, task.cluster);
}

// "family:7" of a task definition's ARN.
std::pair<std::string, std::string> family_of(const model::Task& task) {
  const std::string name = task.task_definition.substr(task.task_definition.find('/') + 1);
  const std::size_t colon = name.rfind(':');
  return {name.substr(0, colon), colon == std::string::npos ? "" : name.substr(colon + 1)};
}

Json ports_of(const model::TaskContainer& container) {
  Json ports = Json::array();
  for (const auto& binding : container.network_bindings) {
    ports.push(Json::object()
                   .set("ContainerPort", binding.containerPort.value_or(0))
                   .set("Protocol", binding.protocol.value_or("tcp"))
                   .set("HostPort", binding.hostPort.value_or(0))
                   .set("HostIp", binding.bindIP.value_or("")));
  }
  return ports;
}

Json networks_of(const Known& known) {
  const std::string mode = known.definition ? known.definition->definition.networkMode.value_or("bridge") : "bridge";
  Json addresses = Json::array();
  if (!known.task.address.empty()) addresses.push(known.task.address);
  Json networks = Json::array();
  networks.push(Json::object().set("NetworkMode", mode).set("IPv4Addresses", addresses));
  return networks;
}

void add_log(Json& json, const Known& known, const model::ecs::ContainerDefinition& definition) {
  const auto& log = definition.logConfiguration;
  if (!log) return;
  const auto given = log->options.value_or(std::map<std::string, std::string>{});
  Json options = Json::object();
  for (const auto& [name, value] : given) {
    if (name != "awslogs-stream-prefix") options.set(name, value);
  }
  const std::string name = definition.name.value_or("");
  if (const auto read = observe::read_awslogs_options(given)) {
    options.set("awslogs-stream",
                observe::stream_name(*read, name, known.task.id, api::ecs::container_id(known.task, name)));
  }
  json.set("LogDriver", log->logDriver).set("LogOptions", options);
}

void add_restarts(Json& json, const Known& known, const model::ecs::ContainerDefinition& definition) {
  if (!known.seen || !definition.restartPolicy || !definition.restartPolicy->enabled) return;
  for (const auto& seen : known.seen->containers) {
    if (seen.name == definition.name) json.set("RestartCount", seen.restarts);
  }
}

std::string docker_name(const model::Task& task, const std::string& container) {
  const auto [family, revision] = family_of(task);
  return fmt::format("ecs-{}-{}-{}-{}", family, revision, container, task.id.substr(0, 20));
}

Json container_json(const Known& known, const model::TaskContainer& container) {
  const auto& task = known.task;
  const auto [family, revision] = family_of(task);
  const auto* definition = definition_of(known, container.name);
  Json json = Json::object();
  json.set("DockerId", api::ecs::container_id(task, container.name))
      .set("Name", container.name)
      .set("DockerName", docker_name(task, container.name))
      .set("Image", container.image)
      .set("ImageID", container.image_digest)
      .set("Ports", ports_of(container))
      .set("Labels", Json::object()
                         .set("com.amazonaws.ecs.cluster", cluster_arn(task))
                         .set("com.amazonaws.ecs.container-name", container.name)
                         .set("com.amazonaws.ecs.task-arn", task.arn)
                         .set("com.amazonaws.ecs.task-definition-family", family)
                         .set("com.amazonaws.ecs.task-definition-version", revision))
      .set("DesiredStatus", task.desired_status)
      .set("KnownStatus", container.last_status);
  if (container.exit_code) json.set("ExitCode", *container.exit_code);
  Json limits = Json::object();
  limits.set("CPU", definition ? definition->cpu.value_or(0) : 0);
  if (definition && definition->memory) limits.set("Memory", *definition->memory);
  json.set("Limits", limits).set("CreatedAt", to_iso8601(task.created_at));
  if (task.started_at) json.set("StartedAt", to_iso8601(*task.started_at));
  json.set("Type", "NORMAL");
  if (!container.health.empty()) json.set("Health", Json::object().set("status", container.health));
  if (definition) {
    add_log(json, known, *definition);
    add_restarts(json, known, *definition);
  }
  return json.set("ContainerARN", api::ecs::container_arn(task, container.name)).set("Networks", networks_of(known));
}

Json task_json(const Known& known) {
  const auto& task = known.task;
  const auto [family, revision] = family_of(task);
  Json containers = Json::array();
  for (const auto& container : task.containers) containers.push(container_json(known, container));
  Json json = Json::object();
  json.set("Cluster", cluster_arn(task))
      .set("TaskARN", task.arn)
      .set("Family", family)
      .set("Revision", revision)
      .set("DesiredStatus", task.desired_status)
      .set("KnownStatus", task.last_status);
  if (known.definition) {
    const auto& definition = known.definition->definition;
    Json limits = Json::object();
    if (definition.cpu) limits.set("CPU", std::atof(definition.cpu->c_str()) / 1024);
    if (definition.memory) limits.set("Memory", std::int64_t{std::atoll(definition.memory->c_str())});
    json.set("Limits", limits);
  }
  if (task.pull_started_at) json.set("PullStartedAt", to_iso8601(*task.pull_started_at));
  if (task.pull_stopped_at) json.set("PullStoppedAt", to_iso8601(*task.pull_stopped_at));
  if (!task.service.empty()) json.set("ServiceName", task.service);
  return json.set("AvailabilityZone", task.scope.region + "a")
      .set("LaunchType", task.launch_type)
      .set("Containers", containers);
}

Json tags_json(const model::Task& task) {
  Json tags = Json::object();
  for (const auto& tag : task.tags) tags.set(tag.key.value_or(""), tag.value.value_or(""));
  return tags;
}

class Metadata {
 public:
  Metadata(store::Store& store, const runtime::Runtime& runtime, const Clock& clock, ContainerStats& stats)
      : store_(store), runtime_(runtime), clock_(clock), stats_(stats) {}

  wire::Reply answer(std::string_view rest) {
    // ACCOUNT/REGION/CLUSTER/TASK/CONTAINER, then what is asked for.
    std::array<std::string, 6> parts;
    for (std::size_t i = 0; i < parts.size() && !rest.empty(); ++i) {
      const std::size_t end = i + 1 == parts.size() ? rest.size() : std::min(rest.find('/'), rest.size());
      parts[i] = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    const auto known = find(parts);
    if (!known) return wire::route_error(500, known.error().message);
    if (!*known) return wire::route_error(404, "there is no such task");
    const auto& containers = (*known)->task.containers;
    const auto container = std::ranges::find(containers, parts[4], &model::TaskContainer::name);
    if (container == containers.end()) return wire::route_error(404, "the task has no such container");
    if (parts[5].empty()) return json_reply(container_json(**known, *container));
    if (parts[5] == "task") return json_reply(task_json(**known));
    if (parts[5] == "taskWithTags") return json_reply(task_json(**known).set("TaskTags", tags_json((*known)->task)));
    if (parts[5] == "stats")
      return json_reply(stats_of(**known, parts[4])[api::ecs::container_id((*known)->task, parts[4])]);
    if (parts[5] == "task/stats") return json_reply(stats_of(**known));
    return wire::route_error(404, "Weir serves no " + parts[5] +
                                      " of a container, only its metadata, task, taskWithTags, stats and task/stats");
  }

 private:
  // Of all containers of the task, or of one, by Docker's id; null for those that do not run.
  Json stats_of(const Known& known, const std::string& only = "") {
    Json all = Json::object();
    for (const auto& container : known.task.containers) {
      all.set(api::ecs::container_id(known.task, container.name), nullptr);
    }
    for (const auto& [name, use] : runtime_.stats(known.task.id)) {
      if (!only.empty() && name != only) continue;
      const std::string id = api::ecs::container_id(known.task, name);
      all.set(id, stats_.answer({.id = id,
                                 .name = docker_name(known.task, name),
                                 .use = use,
                                 .network_process = network_process(known, name)},
                                clock_.wall()));
    }
    return all;
  }
  static std::int64_t network_process(const Known& known, const std::string& name) {
    if (!known.seen || known.seen->mac.empty()) return 0;
    for (const auto& container : known.seen->containers) {
      if (container.name == name) return container.pid;
    }
    return 0;
  }

  Result<std::optional<Known>> find(const std::array<std::string, 6>& parts) {
    const model::Task named{.scope = {parts[0], parts[1]}, .cluster = parts[2], .id = parts[3]};
    auto task = TRY(store::load<model::Task>(store_, named.key()));
    if (!task) return std::nullopt;
    Known known{.task = std::move(task->document), .seen = runtime_.find(parts[3])};
    const auto [family, revision] = family_of(known.task);
    const std::string key = model::task_definition_key(known.task.scope, family, std::atoll(revision.c_str()));
    if (auto definition = TRY(store::load<model::TaskDefinition>(store_, key))) {
      known.definition = std::move(definition->document);
    }
    return known;
  }

  store::Store& store_;
  const runtime::Runtime& runtime_;
  const Clock& clock_;
  ContainerStats& stats_;
};

}  // namespace

std::vector<wire::Route> metadata_routes(store::Store& store, const runtime::Runtime& runtime, const Clock& clock,
                                         ContainerStats& stats) {
  auto route = wire::plain_route("GET", kPrefix, [&](const wire::RouteRequest& request) {
    return Metadata(store, runtime, clock, stats).answer(request.rest);
  });
  route.access = wire::Access::open;
  return {route};
}

std::string metadata_path(const model::Task& task, const std::string& container) {
  return fmt::format("{}{}/{}/{}/{}/{}", kPrefix, task.scope.account, task.scope.region, task.cluster, task.id,
                     container);
}

}  // namespace weir
