// The operations on task definitions.
#include <fmt/format.h>

#include <map>

#include "api/arn.h"
#include "api/ecs/actions.h"
#include "api/ecs/errors.h"
#include "api/ecs/references.h"
#include "api/ecs/refusals.h"
#include "api/ecs/task_definition_rules.h"
#include "api/writing.h"

namespace weir::api::ecs {

namespace {

constexpr std::size_t kDefinitionsPerPage = 100;

Result<shapes::RegisterTaskDefinitionResponse> try_register(Context& context,
                                                            const shapes::RegisterTaskDefinitionRequest& request) {
  TRY(refuse(request, refused_of_register_task_definition(), "ClientException"));
  TRY(check_tags(request.tags));
  auto definition = TRY(make_definition(request));
  model::TaskDefinition made{.scope = scope_of(context), .definition = std::move(definition)};
  if (request.tags && !request.tags->empty()) made.tags = request.tags;

  model::TaskDefinitionFamily family{.scope = made.scope, .family = request.family};
  const auto found = TRY(store::load<model::TaskDefinitionFamily>(context.store, family.key()));
  family.last_revision = (found ? found->document.last_revision : 0) + 1;
  made.definition.revision = static_cast<std::int32_t>(family.last_revision);
  made.definition.status = "ACTIVE";
  made.definition.taskDefinitionArn =
      make_arn(context, "ecs", fmt::format("task-definition/{}:{}", family.family, family.last_revision));
  TRY(commit(context, {store::put(family, found ? found->revision : store::Expect::kAbsent),
                       store::put(made, store::Expect::kAbsent)}));
  return shapes::RegisterTaskDefinitionResponse{std::move(made.definition), std::move(made.tags)};
}

Result<shapes::DeregisterTaskDefinitionResponse> try_deregister(
    Context& context, const shapes::DeregisterTaskDefinitionRequest& request) {
  const auto reference = TRY(parse_definition(context, request.taskDefinition));
  if (!reference.revision) {
    return client_exception(fmt::format("Invalid revision number. Number: {}", request.taskDefinition));
  }
  auto found = TRY(find_definition(context, request.taskDefinition));
  if (!found) {
    return client_exception(
        "The specified task definition does not exist. Specify a valid account, family, revision and try again.");
  }
  if (found->document.definition.status != "INACTIVE") {
    found->document.definition.status = "INACTIVE";
    TRY(commit(context, {store::put(*found)}));
  }
  return shapes::DeregisterTaskDefinitionResponse{std::move(found->document.definition)};
}

}  // namespace

Result<shapes::RegisterTaskDefinitionResponse> register_task_definition(
    Context& context, const shapes::RegisterTaskDefinitionRequest& request) {
  return writing(kServerException, [&] { return try_register(context, request); });
}

Result<shapes::DescribeTaskDefinitionResponse> describe_task_definition(
    Context& context, const shapes::DescribeTaskDefinitionRequest& request) {
  auto found = TRY(find_definition(context, request.taskDefinition));
  if (!found) return client_exception("Unable to describe task definition.");
  shapes::DescribeTaskDefinitionResponse response{.taskDefinition = std::move(found->document.definition)};
  if (includes(request.include, "TAGS")) response.tags = found->document.tags.value_or(std::vector<shapes::Tag>{});
  return response;
}

Result<shapes::DeregisterTaskDefinitionResponse> deregister_task_definition(
    Context& context, const shapes::DeregisterTaskDefinitionRequest& request) {
  return writing(kServerException, [&] { return try_deregister(context, request); });
}

// Ascending by family, then by revision as a number: the newest comes last, unless `sort` says otherwise.
Result<shapes::ListTaskDefinitionsResponse> list_task_definitions(Context& context,
                                                                  const shapes::ListTaskDefinitionsRequest& request) {
  const std::string status = request.status.value_or("ACTIVE");
  std::string prefix = scope_of(context).prefix();
  if (request.familyPrefix && !request.familyPrefix->empty()) prefix += *request.familyPrefix + ":";
  std::vector<Positioned<std::string>> all;
  for (auto& one : TRY(store::load_all<model::TaskDefinition>(context.store, prefix))) {
    auto& definition = one.document.definition;
    if (definition.status != status) continue;
    // A blank sorts before every character of a family, so that "web" comes before "web-2".
    all.push_back({fmt::format("{} {}", *definition.family, position_number(definition.revision.value_or(0))),
                   *definition.taskDefinitionArn});
  }
  const Order order = request.sort == "DESC" ? Order::descending : Order::ascending;
  auto page = TRY(arn_page(std::move(all), request.nextToken, request.maxResults, kDefinitionsPerPage, order));
  return shapes::ListTaskDefinitionsResponse{std::move(page.arns), std::move(page.next)};
}

Result<shapes::ListTaskDefinitionFamiliesResponse> list_task_definition_families(
    Context& context, const shapes::ListTaskDefinitionFamiliesRequest& request) {
  const std::string status = request.status.value_or("ALL");
  const std::string prefix = scope_of(context).prefix() + request.familyPrefix.value_or("");
  std::map<std::string, bool> active;  // family -> whether a revision of it is ACTIVE
  for (const auto& one : TRY(store::load_all<model::TaskDefinition>(context.store, prefix))) {
    bool& any = active[*one.document.definition.family];
    any = any || one.document.definition.status == "ACTIVE";
  }
  std::vector<Positioned<std::string>> all;
  for (const auto& [family, is_active] : active) {
    if (status == "ALL" || (status == "ACTIVE") == is_active) all.push_back({family, family});
  }
  auto page = TRY(arn_page(std::move(all), request.nextToken, request.maxResults, kDefinitionsPerPage));
  return shapes::ListTaskDefinitionFamiliesResponse{std::move(page.arns), std::move(page.next)};
}

}  // namespace weir::api::ecs
