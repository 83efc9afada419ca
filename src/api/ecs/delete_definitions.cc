// DeleteTaskDefinitions: revisions that are INACTIVE become DELETE_IN_PROGRESS, and go once nothing mentions them.
#include <fmt/format.h>

#include <set>

#include "api/ecs/actions.h"
#include "api/ecs/errors.h"
#include "api/ecs/references.h"
#include "api/writing.h"

namespace weir::api::ecs {

namespace {

constexpr std::size_t kMostAtOnce = 10;        // as AWS has it
constexpr std::chrono::hours kKeepDeleted{1};  // so long at least one can be described that is being deleted

// ARNs that tasks or services still need: also those to which a service may be rolled back.
Result<std::set<std::string>> needed(Context& context) {
  std::set<std::string> arns;
  for (const auto& task : TRY(all_of<model::Task>(context))) {
    if (task->last_status != "STOPPED") arns.insert(task->task_definition);
  }
  for (const auto& service : TRY(all_of<model::Service>(context))) {
    if (service->status != "INACTIVE") arns.insert(service->task_definition);
    for (const auto& set : service->task_sets) arns.insert(set.task_definition);
  }
  for (const auto& revision : TRY(all_of<model::ServiceRevision>(context))) {
    arns.insert(revision->task_definition);
  }
  return arns;
}

// Those whose deletion was asked for long ago.
Result<> purge(Context& context, std::vector<store::Write>& writes) {
  const auto arns = TRY(needed(context));
  for (const auto& one : TRY(all_of<model::TaskDefinition>(context))) {
    const auto& definition = one->definition;
    if (definition.status != "DELETE_IN_PROGRESS" || !definition.deleteRequestedAt) continue;
    if (context.now < *definition.deleteRequestedAt + kKeepDeleted) continue;
    if (!arns.contains(definition.taskDefinitionArn.value_or("")))
      writes.push_back(store::erase(store::Versioned<model::TaskDefinition>{*one, one.revision}));
  }
  return {};
}

Result<shapes::DeleteTaskDefinitionsResponse> try_delete(Context& context,
                                                         const shapes::DeleteTaskDefinitionsRequest& request) {
  if (request.taskDefinitions.empty()) return invalid_parameter("taskDefinitions cannot be empty.");
  if (request.taskDefinitions.size() > kMostAtOnce) {
    return invalid_parameter(fmt::format("taskDefinitions cannot have more than {} elements.", kMostAtOnce));
  }
  shapes::DeleteTaskDefinitionsResponse response;
  response.taskDefinitions.emplace();
  response.failures.emplace();
  std::vector<store::Write> writes;
  std::set<std::string> seen;
  TRY(purge(context, writes));
  for (const auto& reference : request.taskDefinitions) {
    if (!seen.insert(reference).second) continue;
    const auto parsed = TRY(parse_definition(context, reference));
    if (!parsed.revision) return client_exception(fmt::format("Invalid revision number. Number: {}", reference));
    auto found = TRY(find_definition(context, reference));
    if (!found) {
      response.failures->push_back(
          {.arn = reference,
           .reason =
               "The specified task definition was not found. Specify a valid task definition ARN and try again."});
      continue;
    }
    auto& definition = found->document.definition;
    if (definition.status == "ACTIVE") {
      response.failures->push_back({.arn = definition.taskDefinitionArn,
                                    .reason = "The specified task definition is still in ACTIVE status. Please "
                                              "deregister the target and try again."});
      continue;
    }
    if (definition.status == "INACTIVE") {
      definition.status = "DELETE_IN_PROGRESS";
      definition.deleteRequestedAt = context.now;
      writes.push_back(store::put(*found));
    }
    response.taskDefinitions->push_back(std::move(definition));
  }
  if (!writes.empty()) TRY(commit(context, writes));
  return response;
}

}  // namespace

Result<shapes::DeleteTaskDefinitionsResponse> delete_task_definitions(
    Context& context, const shapes::DeleteTaskDefinitionsRequest& request) {
  return writing(kServerException, [&] { return try_delete(context, request); });
}

}  // namespace weir::api::ecs
