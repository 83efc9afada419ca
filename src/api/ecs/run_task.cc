// RunTask and StartTask: tasks that belong to no service.
#include <fmt/format.h>

#include <algorithm>

#include "api/arn.h"
#include "api/ecs/actions.h"
#include "api/ecs/container_instances.h"
#include "api/ecs/errors.h"
#include "api/ecs/placement_rules.h"
#include "api/ecs/references.h"
#include "api/ecs/refusals.h"
#include "api/ecs/run_rules.h"
#include "api/ecs/service_rules.h"
#include "api/ecs/task_definition_rules.h"
#include "api/ecs/task_view.h"
#include "api/writing.h"

namespace weir::api::ecs {

namespace {

constexpr unsigned kTaskIdDigits = 32;
constexpr std::chrono::hours kTokenLife{24};  // as AWS has it
constexpr std::size_t kMostInstances = 10;    // of one StartTask, as AWS has it
constexpr const char* kPortsTaken = "RESOURCE:PORTS";

// On what the tasks run: as the request says, or as its cluster does, or EC2.
Result<> take_launch(model::Task& task, const model::Cluster& cluster, const shapes::RunTaskRequest& request) {
  const bool asked = request.capacityProviderStrategy && !request.capacityProviderStrategy->empty();
  if (asked && request.launchType) {
    return invalid_parameter(
        "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.");
  }
  const auto& standing = cluster.default_capacity_provider_strategy;
  const auto* strategy = asked                                                   ? &*request.capacityProviderStrategy
                         : !request.launchType && standing && !standing->empty() ? &*standing
                                                                                 : nullptr;
  if (strategy) {
    TRY(check_strategy(*strategy));
    task.capacity_provider = strategy->front().capacityProvider;
    task.launch_type = "FARGATE";
  } else {
    task.launch_type = request.launchType.value_or("EC2");
  }
  if (request.platformVersion && !request.platformVersion->empty()) {
    if (task.launch_type != "FARGATE") {
      return invalid_parameter("The platform version must be null when specifying an EC2 launch type.");
    }
    task.platform_version = request.platformVersion;
  }
  return {};
}

std::vector<shapes::Tag> tags_of(const model::Task& task, const model::TaskDefinition& definition,
                                 const shapes::RunTaskRequest& request) {
  std::vector<shapes::Tag> tags = request.tags.value_or(std::vector<shapes::Tag>{});
  const auto is_given = [&](const shapes::Tag& tag) {
    return std::ranges::any_of(tags, [&](const auto& one) { return one.key == tag.key; });
  };
  if (request.propagateTags == "TASK_DEFINITION" && definition.tags) {
    for (const auto& tag : *definition.tags) {
      if (!is_given(tag)) tags.push_back(tag);
    }
  }
  if (request.enableECSManagedTags.value_or(false)) {
    tags.push_back({.key = "aws:ecs:clusterName", .value = task.cluster});
  }
  return tags;
}

std::vector<model::TaskContainer> containers_of(const shapes::TaskDefinition& definition) {
  std::vector<model::TaskContainer> containers;
  for (const auto& container : *definition.containerDefinitions) {
    containers.push_back({.name = container.name.value_or(""),
                          .image = container.image.value_or(""),
                          .essential = container.essential.value_or(true),
                          .health = ""});
  }
  return containers;
}

// What all tasks of the request have in common.
Result<model::Task> make_task(Context& context, const model::Cluster& cluster, const model::TaskDefinition& wished,
                              const shapes::RunTaskRequest& request) {
  const auto& definition = wished.definition;
  model::Task task{.scope = scope_of(context), .cluster = cluster.name};
  TRY(take_launch(task, cluster, request));
  TRY(check_placement(request.networkConfiguration, task.launch_type, definition));
  TRY(check_placement_wish({request.placementConstraints, request.placementStrategy, task.launch_type == "FARGATE"}));
  task.enable_execute_command = request.enableExecuteCommand.value_or(false);
  if (request.overrides) {
    TRY(check_overrides(*request.overrides, definition, task.launch_type));
    task.overrides = request.overrides;
    auto& size = *task.overrides;
    if (size.cpu) size.cpu = std::to_string(cpu_units(*size.cpu).value_or(0));
    if (size.memory) size.memory = std::to_string(memory_mib(*size.memory).value_or(0));
  }
  TRY(check_tags(request.tags));
  task.group = request.group.value_or("");
  if (task.group.empty()) task.group = "family:" + definition.family.value_or("");
  task.started_by = request.startedBy.value_or("");
  task.reference_id = request.referenceId.value_or("");
  task.task_definition = definition.taskDefinitionArn.value_or("");
  task.network_configuration = request.networkConfiguration;
  task.tags = tags_of(task, wished, request);
  task.containers = containers_of(definition);
  task.created_at = context.now;
  return task;
}

// So many of the wished tasks as this machine has the named ports for; a failure for each of the others.
Result<std::int32_t> room_for(Context& context, std::int32_t wished, const shapes::TaskDefinition& definition,
                              std::vector<shapes::Failure>& failures) {
  const auto named = named_ports(definition);
  if (named.empty()) return wished;
  const auto held = TRY(held_ports(context));
  const bool is_free = std::ranges::none_of(named, [&](std::int32_t port) { return held.contains(port); });
  const std::int32_t fit = is_free ? 1 : 0;
  for (std::int32_t i = fit; i < wished; ++i) failures.push_back({.reason = kPortsTaken});
  return std::min(wished, fit);
}

std::string digest_of(shapes::RunTaskRequest request) {
  request.clientToken.reset();
  return stable_hex(to_json_shape(request).dump(), 64);
}

// The tokens of this cluster that are over.
Result<> forget_old(Context& context, const std::string& cluster, std::vector<store::Write>& writes) {
  for (const auto& one : TRY(all_of<model::RunRequest>(context, cluster))) {
    if (one->created_at + kTokenLife > context.now) continue;
    writes.push_back(store::erase(store::Versioned<model::RunRequest>{*one, one.revision}));
  }
  return {};
}

// `count` tasks like `pattern`, each written and shown. Returns their ids.
std::vector<std::string> make_copies(Context& context, const model::Task& pattern, std::int32_t count,
                                     const model::TaskDefinition& definition, std::vector<store::Write>& writes,
                                     std::vector<shapes::Task>& shown_tasks) {
  std::vector<std::string> ids;
  for (std::int32_t i = 0; i < count; ++i) {
    model::Task task = pattern;
    task.id = context.random.hex(kTaskIdDigits);
    task.arn = task_arn(context, task.cluster, task.id);
    writes.push_back(store::put(task, store::Expect::kAbsent));
    shown_tasks.push_back(shown(context, task, {.definition = &definition}, /*tags=*/true));
    ids.push_back(task.id);
  }
  return ids;
}

class Runner {
 public:
  Runner(Context& context, const shapes::RunTaskRequest& request) : context_(context), request_(request) {}

  Result<shapes::RunTaskResponse> run() {
    TRY(refuse(request_, refused_of_run_task(), kUnsupported));
    TRY(check_run(request_));
    const auto cluster = TRY(find_cluster(context_, request_.cluster)).document;
    const model::RunRequest named{
        .scope = scope_of(context_), .cluster = cluster.name, .token = request_.clientToken.value_or("")};
    const auto before =
        named.token.empty() ? std::nullopt : TRY(store::load<model::RunRequest>(context_.store, named.key()));
    if (before && before->document.created_at + kTokenLife > context_.now) return repeat(before->document);
    const auto definition = TRY(active_definition(context_, request_.taskDefinition)).document;
    return begin(cluster, definition, named);
  }

 private:
  Result<shapes::RunTaskResponse> begin(const model::Cluster& cluster, const model::TaskDefinition& definition,
                                        model::RunRequest token) {
    const auto pattern = TRY(make_task(context_, cluster, definition, request_));
    shapes::RunTaskResponse response;
    response.tasks.emplace();
    response.failures.emplace();
    const std::int32_t count =
        TRY(room_for(context_, request_.count.value_or(1), definition.definition, *response.failures));
    std::vector<store::Write> writes;
    token.tasks = make_copies(context_, pattern, count, definition, writes, *response.tasks);
    if (!token.token.empty()) {
      TRY(forget_old(context_, cluster.name, writes));
      // The old one of this very token is replaced.
      std::erase_if(writes, [&](const auto& write) {
        return write.key.kind == model::RunRequest::kKind && write.key.name == token.key();
      });
      token.request = digest_of(request_);
      token.failures = *response.failures;
      token.created_at = context_.now;
      writes.push_back(store::put(token, store::Expect::kAny));
    }
    if (!writes.empty()) TRY(commit(context_, writes));
    return response;
  }

  // The same request again: its tasks as they are now. Those that are gone by now are left out.
  Result<shapes::RunTaskResponse> repeat(const model::RunRequest& before) {
    if (before.request != digest_of(request_)) {
      auto& tasks = context_.error_members["resourceIds"];
      for (const auto& id : before.tasks) tasks.push_back(task_arn(context_, before.cluster, id));
      return client_error("ConflictException",
                          "The RunTask request could not be processed due to conflicts. The provided clientToken is "
                          "already in use with a different RunTask request.");
    }
    shapes::RunTaskResponse response;
    response.tasks.emplace();
    response.failures = before.failures;
    for (const auto& id : before.tasks) {
      const model::Task named{.scope = before.scope, .cluster = before.cluster, .id = id};
      const auto task = TRY(store::load<model::Task>(context_.store, named.key()));
      if (!task) continue;
      const auto definition = TRY(find_definition(context_, task->document.task_definition));
      response.tasks->push_back(
          shown(context_, task->document, {.definition = definition ? &definition->document : nullptr}, /*tags=*/true));
    }
    return response;
  }

  Context& context_;
  const shapes::RunTaskRequest& request_;
};

// StartTask says of a task what RunTask says, and where it is to be.
shapes::RunTaskRequest run_of(const shapes::StartTaskRequest& request) {
  return {
      .cluster = request.cluster,
      .enableECSManagedTags = request.enableECSManagedTags,
      .enableExecuteCommand = request.enableExecuteCommand,
      .group = request.group,
      .launchType = "EC2",
      .networkConfiguration = request.networkConfiguration,
      .overrides = request.overrides,
      .propagateTags = request.propagateTags,
      .referenceId = request.referenceId,
      .startedBy = request.startedBy,
      .tags = request.tags,
      .taskDefinition = request.taskDefinition,
  };
}

Result<shapes::StartTaskResponse> try_start(Context& context, const shapes::StartTaskRequest& request) {
  TRY(refuse(request, refused_of_start_task(), kUnsupported));
  if (request.containerInstances.empty()) return invalid_parameter("Container instances cannot be empty.");
  if (request.containerInstances.size() > kMostInstances) {
    return invalid_parameter(fmt::format("Container instances cannot have more than {} elements.", kMostInstances));
  }
  const shapes::RunTaskRequest run = run_of(request);
  TRY(check_run(run));
  const auto cluster = TRY(find_cluster(context, request.cluster)).document;
  const auto definition = TRY(active_definition(context, request.taskDefinition)).document;
  const auto pattern = TRY(make_task(context, cluster, definition, run));
  shapes::StartTaskResponse response{std::vector<shapes::Task>{}, std::vector<shapes::Failure>{}};
  std::int32_t wished = 0;
  for (const auto& instance : request.containerInstances) {
    if (is_container_instance(context, cluster.name, instance)) {
      ++wished;
    } else {
      response.failures->push_back(missing_instance(context, cluster.name, instance));
    }
  }
  std::vector<shapes::Failure> no_room;
  const std::int32_t count = wished == 0 ? 0 : TRY(room_for(context, wished, definition.definition, no_room));
  for (auto& failure : no_room) {
    failure.arn = container_instance_arn(context, cluster.name);
    response.failures->push_back(failure);
  }
  std::vector<store::Write> writes;
  make_copies(context, pattern, count, definition, writes, *response.tasks);
  if (!writes.empty()) TRY(commit(context, writes));
  return response;
}

}  // namespace

Result<shapes::StartTaskResponse> start_task(Context& context, const shapes::StartTaskRequest& request) {
  return writing(kServerException, [&] { return try_start(context, request); });
}

Result<shapes::RunTaskResponse> run_task(Context& context, const shapes::RunTaskRequest& request) {
  return writing(kServerException, [&] { return Runner(context, request).run(); });
}

}  // namespace weir::api::ecs
