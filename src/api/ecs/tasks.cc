// The operations on tasks.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "api/arn.h"
#include "api/ecs/actions.h"
#include "api/ecs/container_instances.h"
#include "api/ecs/errors.h"
#include "api/ecs/references.h"
#include "api/ecs/refusals.h"
#include "api/ecs/task_view.h"
#include "api/writing.h"

namespace weir::api::ecs {

namespace {

constexpr std::size_t kTasksPerPage = 100;
constexpr std::size_t kMaxTasksDescribed = 100;
constexpr std::size_t kTaskIdLength = 32;
constexpr std::size_t kOldTaskIdLength = 36;

// Views of many tasks: each definition and each service is read once.
class Viewer {
 public:
  explicit Viewer(Context& context) : context_(context) {}

  Result<shapes::Task> view(const model::Task& task, bool tags) {
    const auto* definition = TRY(definition_of(task));
    const auto* service = TRY(service_of(task));
    return shown(context_, task, {.definition = definition, .service = service}, tags);
  }

 private:
  Result<const model::TaskDefinition*> definition_of(const model::Task& task) {
    auto [known, fresh] = definitions_.try_emplace(task.task_definition);
    if (fresh) {
      auto found = find_definition(context_, task.task_definition);
      if (!found && found.error().source != ErrorSource::client) return std::unexpected(found.error());
      if (found && *found) known->second = std::move((*found)->document);
    }
    return known->second ? &*known->second : nullptr;
  }
  Result<const model::Service*> service_of(const model::Task& task) {
    if (task.service.empty()) return nullptr;
    const model::Service named{.scope = task.scope, .cluster = task.cluster, .name = task.service};
    auto [known, fresh] = services_.try_emplace(named.key());
    if (fresh) {
      if (auto found = TRY(store::peek<model::Service>(context_.store, named.key()))) known->second = found->document;
    }
    return known->second.get();
  }

  Context& context_;
  std::map<std::string, std::optional<model::TaskDefinition>> definitions_;
  std::map<std::string, std::shared_ptr<const model::Service>> services_;
};

// A task's id within its id or ARN. Errors: InvalidParameterException.
Result<std::string> task_id(const Context& context, const std::string& cluster, const std::string& reference) {
  const auto id = name_in_cluster(context, "task", cluster, reference);
  if (!id) {
    const auto arn = parse_arn(reference);
    if (!arn || arn->part(0) != "task") return invalid_parameter("Invalid identifier: " + reference);
    return invalid_parameter(
        fmt::format("Invalid identifier: Identifier is for cluster {}. Your cluster is {}", arn->part(1), cluster));
  }
  if (id->size() != kTaskIdLength && id->size() != kOldTaskIdLength) {
    return invalid_parameter(fmt::format("taskId length should be one of [{},{}]", kTaskIdLength, kOldTaskIdLength));
  }
  return *id;
}

Result<std::optional<store::Versioned<model::Task>>> find_task(Context& context, const std::string& cluster,
                                                               const std::string& reference) {
  const std::string id = TRY(task_id(context, cluster, reference));
  const model::Task named{.scope = scope_of(context), .cluster = cluster, .id = id};
  return store::load<model::Task>(context.store, named.key());
}

std::string family_of(const model::Task& task) {
  const auto arn = parse_arn(task.task_definition);
  const std::string name = arn ? arn->part(1) : "";
  return name.substr(0, name.find(':'));
}

Result<shapes::StopTaskResponse> try_stop(Context& context, const shapes::StopTaskRequest& request) {
  const auto cluster = TRY(find_cluster(context, request.cluster)).document.name;
  auto found = TRY(find_task(context, cluster, request.task));
  if (!found) return invalid_parameter("The referenced task was not found.");
  auto& task = found->document;
  if (task.desired_status != "STOPPED") {
    task.desired_status = "STOPPED";
    task.stop_code = "UserInitiated";
    task.stopped_reason = request.reason.value_or("Task stopped by user");
    ++task.version;
    TRY(commit(context, {store::put(*found)}));
  }
  return shapes::StopTaskResponse{TRY(Viewer(context).view(task, /*tags=*/true))};
}

}  // namespace

// In the order in which they were created.
Result<shapes::ListTasksResponse> list_tasks(Context& context, const shapes::ListTasksRequest& request) {
  TRY(refuse(request, refused_of_list_tasks(), kUnsupported));
  const auto cluster = TRY(find_cluster(context, request.cluster)).document.name;
  std::string service;
  if (request.serviceName && !request.serviceName->empty()) {
    service = TRY(find_service(context, cluster, *request.serviceName)).document.name;
  }
  const bool on_instance = !request.containerInstance.value_or("").empty();
  const bool is_instance = on_instance && is_container_instance(context, cluster, *request.containerInstance);
  const std::string status = request.desiredStatus.value_or("RUNNING");
  std::vector<Positioned<std::string>> all;
  const std::string within = scope_of(context).prefix() + cluster + "/";
  for (const auto& one : TRY(store::peek_all<model::Task>(context.store, within))) {
    const model::Task& task = *one;
    if (task.desired_status != status) continue;
    if (on_instance && (task.launch_type != "EC2" || !is_instance)) continue;
    if (!service.empty() && task.service != service) continue;
    if (request.family && *request.family != family_of(task)) continue;
    if (request.startedBy && *request.startedBy != task.deployment && *request.startedBy != task.started_by) continue;
    if (request.launchType && *request.launchType != task.launch_type) continue;
    all.push_back({fmt::format("{} {}", position_number(task.created_at.millis), task.id), task.arn});
  }
  auto page = TRY(arn_page(std::move(all), request.nextToken, request.maxResults, kTasksPerPage));
  return shapes::ListTasksResponse{std::move(page.arns), std::move(page.next)};
}

Result<shapes::DescribeTasksResponse> describe_tasks(Context& context, const shapes::DescribeTasksRequest& request) {
  const auto cluster = TRY(find_cluster(context, request.cluster)).document.name;
  if (request.tasks.empty()) return invalid_parameter("Tasks cannot be empty.");
  if (request.tasks.size() > kMaxTasksDescribed) {
    return invalid_parameter(fmt::format("Tasks cannot have more than {} elements.", kMaxTasksDescribed));
  }
  shapes::DescribeTasksResponse response;
  response.tasks.emplace();
  response.failures.emplace();
  Viewer viewer(context);
  for (const auto& reference : request.tasks) {
    const auto id = TRY(task_id(context, cluster, reference));
    if (const auto found = TRY(find_task(context, cluster, reference))) {
      response.tasks->push_back(TRY(viewer.view(found->document, includes(request.include, "TAGS"))));
    } else {
      response.failures->push_back({.arn = task_arn(context, cluster, id), .reason = "MISSING"});
    }
  }
  return response;
}

Result<shapes::StopTaskResponse> stop_task(Context& context, const shapes::StopTaskRequest& request) {
  return writing(kServerException, [&] { return try_stop(context, request); });
}

}  // namespace weir::api::ecs
