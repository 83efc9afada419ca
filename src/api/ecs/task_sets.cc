// The operations on task sets: what people's own scripts and CodeDeploy deploy by.
#include <fmt/format.h>

#include <algorithm>

#include "api/arn.h"
#include "api/ecs/actions.h"
#include "api/ecs/controller_rules.h"
#include "api/ecs/errors.h"
#include "api/ecs/references.h"
#include "api/ecs/refusals.h"
#include "api/ecs/service_rules.h"
#include "api/ecs/task_set_view.h"
#include "api/limits.h"
#include "api/writing.h"
#include "base/stable_hex.h"

namespace weir::api::ecs {

namespace {

constexpr std::size_t kLongestTaskSetToken = 36;  // as AWS has it
constexpr unsigned kDigestDigits = 64;

std::unexpected<Error> no_task_sets() {
  return invalid_parameter(
      "Amazon ECS only supports task set management on services configured to use external deployment controllers.");
}

// The service that a call names, where its task sets may be changed.
Result<store::Versioned<model::Service>> open_service(Context& context, const std::string& cluster,
                                                      const std::string& reference) {
  const auto within = TRY(find_cluster(context, cluster)).document.name;
  auto found = TRY(find_service(context, within, reference));
  if (found.document.controller == "ECS") return no_task_sets();
  if (found.document.status != "ACTIVE") return service_not_active();
  return found;
}

// By its id, the number in it, or its ARN.
bool is_named(const model::TaskSet& set, const std::string& reference) {
  return set.id == reference || set.arn == reference || set.id == "ecs-svc/" + reference;
}

Result<model::TaskSet*> find_set(model::Service& service, const std::string& reference) {
  const auto found = std::ranges::find_if(service.task_sets, [&](const auto& set) { return is_named(set, reference); });
  if (found == service.task_sets.end()) return task_set_not_found();
  return &*found;
}

Result<shapes::TaskSet> view_of(Context& context, const model::Service& service, const model::TaskSet& set, bool tags) {
  const auto state = TRY(store::load<model::ServiceState>(context.store, service.key()));
  return shown(context, service, set, state ? &state->document : nullptr, tags);
}

Result<> take_scale(model::TaskSet& set, const shapes::Scale& scale) {
  const double percent = scale.value.value_or(0);
  if (!(percent >= 0 && percent <= 100)) {
    return invalid_parameter("The scale of a task set must be a percentage between 0.0 and 100.0.");
  }
  set.percent = percent;
  return {};
}

// On what its tasks shall run: as the call says, or as the cluster does, or EC2.
Result<> take_launch_of_set(Context& context, model::TaskSet& set, const shapes::CreateTaskSetRequest& request) {
  const bool asked = request.capacityProviderStrategy && !request.capacityProviderStrategy->empty();
  if (asked && request.launchType) {
    return invalid_parameter(
        "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.");
  }
  if (asked) {
    TRY(check_strategy(*request.capacityProviderStrategy));
    set.capacity_provider_strategy = request.capacityProviderStrategy;
  } else if (!request.launchType) {
    const auto standing = TRY(find_cluster(context, request.cluster)).document.default_capacity_provider_strategy;
    if (standing && !standing->empty()) set.capacity_provider_strategy = standing;
  }
  set.launch_type = request.launchType.value_or(set.capacity_provider_strategy ? "FARGATE" : "EC2");
  if (request.platformVersion.value_or("").empty()) return {};
  if (set.launch_type != "FARGATE") {
    return invalid_parameter("The platform version must be null when specifying an EC2 launch type.");
  }
  set.platform_version = request.platformVersion;
  return {};
}

Result<> check_balancers(const shapes::CreateTaskSetRequest& request) {
  if (!request.loadBalancers || request.loadBalancers->size() <= 1) return {};
  return invalid_parameter("loadBalancers can have at most 1 items for a task set.");
}

std::string digest_of_set(shapes::CreateTaskSetRequest request) {
  request.clientToken.reset();
  return stable_hex(to_json_shape(request).dump(), kDigestDigits);
}

Result<model::TaskSet> make_set(Context& context, const model::Service& service,
                                const shapes::CreateTaskSetRequest& request) {
  model::TaskSet set = new_task_set(context, service);
  set.external_id = request.externalId.value_or("");
  if (service.controller == "CODE_DEPLOY") set.started_by = "CODE_DEPLOY";
  TRY(take_launch_of_set(context, set, request));
  TRY(take_scale(set, request.scale.value_or(shapes::Scale{})));
  TRY(check_balancers(request));
  set.load_balancers = request.loadBalancers.value_or(std::vector<shapes::LoadBalancer>{});
  set.service_registries = request.serviceRegistries.value_or(std::vector<shapes::ServiceRegistry>{});
  set.network_configuration = request.networkConfiguration;
  TRY(check_tags(request.tags));
  if (request.tags && !request.tags->empty()) set.tags = request.tags;
  const auto definition = TRY(active_definition(context, request.taskDefinition));
  set.task_definition = *definition.document.definition.taskDefinitionArn;
  TRY(check_fits(context, service_with(service, set), definition.document.definition));
  set.client_token = request.clientToken.value_or("");
  if (!set.client_token.empty()) set.request = digest_of_set(request);
  return set;
}

Result<shapes::CreateTaskSetResponse> try_create_set(Context& context, const shapes::CreateTaskSetRequest& request) {
  TRY(refuse(request, refused_of_create_task_set(), kUnsupported));
  const std::string token = request.clientToken.value_or("");
  if (token.size() > kLongestTaskSetToken) {
    return invalid_parameter(fmt::format("clientToken can have at most {} characters.", kLongestTaskSetToken));
  }
  auto found = TRY(open_service(context, request.cluster, request.service));
  auto& service = found.document;
  const auto same = std::ranges::find(service.task_sets, token, &model::TaskSet::client_token);
  if (!token.empty() && same != service.task_sets.end()) {
    if (same->request != digest_of_set(request)) return invalid_parameter("Creation of task set was not idempotent.");
    return shapes::CreateTaskSetResponse{TRY(view_of(context, service, *same, /*tags=*/true))};
  }
  if (service.task_sets.size() >= kMaxTaskSets) {
    return invalid_parameter(
        fmt::format("{} deployments exist on the service. Unable to create new TaskSet since this exceeds the maximum "
                    "limit.",
                    service.task_sets.size()));
  }
  service.task_sets.push_back(TRY(make_set(context, service, request)));
  TRY(commit(context, {store::put(found)}));
  return shapes::CreateTaskSetResponse{TRY(view_of(context, service, service.task_sets.back(), /*tags=*/true))};
}

Result<shapes::UpdateTaskSetResponse> try_update_set(Context& context, const shapes::UpdateTaskSetRequest& request) {
  auto found = TRY(open_service(context, request.cluster, request.service));
  model::TaskSet& set = *TRY(find_set(found.document, request.taskSet));
  if (set.status == "DRAINING") return invalid_parameter("The task set cannot be updated while it is DRAINING.");
  TRY(take_scale(set, request.scale));
  set.updated_at = context.now;
  TRY(commit(context, {store::put(found)}));
  return shapes::UpdateTaskSetResponse{TRY(view_of(context, found.document, set, /*tags=*/true))};
}

Result<shapes::DeleteTaskSetResponse> try_delete_set(Context& context, const shapes::DeleteTaskSetRequest& request) {
  auto found = TRY(open_service(context, request.cluster, request.service));
  model::TaskSet& set = *TRY(find_set(found.document, request.taskSet));
  if (set.status != "DRAINING") {
    const bool force = request.force.value_or(false);
    if (!force && set.status == "PRIMARY") {
      return invalid_parameter("The primary task set cannot be deleted. Use force to delete it.");
    }
    if (!force && computed_desired_count(found.document, set) > 0) {
      return invalid_parameter("The task set cannot be deleted while it is scaled above 0. Use force to delete it.");
    }
    set.status = "DRAINING";
    set.updated_at = context.now;
    TRY(commit(context, {store::put(found)}));
  }
  return shapes::DeleteTaskSetResponse{TRY(view_of(context, found.document, set, /*tags=*/true))};
}

Result<shapes::UpdateServicePrimaryTaskSetResponse> try_make_primary(
    Context& context, const shapes::UpdateServicePrimaryTaskSetRequest& request) {
  auto found = TRY(open_service(context, request.cluster, request.service));
  model::TaskSet& set = *TRY(find_set(found.document, request.primaryTaskSet));
  if (set.status == "DRAINING") return invalid_parameter("A task set that is DRAINING cannot be the primary task set.");
  if (set.status != "PRIMARY") {
    for (auto& other : found.document.task_sets) {
      if (other.status != "PRIMARY") continue;
      other.status = "ACTIVE";
      other.updated_at = context.now;
    }
    set.status = "PRIMARY";
    set.updated_at = context.now;
    TRY(commit(context, {store::put(found)}));
  }
  return shapes::UpdateServicePrimaryTaskSetResponse{TRY(view_of(context, found.document, set, /*tags=*/true))};
}

}  // namespace

Result<shapes::CreateTaskSetResponse> create_task_set(Context& context, const shapes::CreateTaskSetRequest& request) {
  return writing(kServerException, [&] { return try_create_set(context, request); });
}

Result<shapes::UpdateTaskSetResponse> update_task_set(Context& context, const shapes::UpdateTaskSetRequest& request) {
  return writing(kServerException, [&] { return try_update_set(context, request); });
}

Result<shapes::DeleteTaskSetResponse> delete_task_set(Context& context, const shapes::DeleteTaskSetRequest& request) {
  return writing(kServerException, [&] { return try_delete_set(context, request); });
}

Result<shapes::UpdateServicePrimaryTaskSetResponse> update_service_primary_task_set(
    Context& context, const shapes::UpdateServicePrimaryTaskSetRequest& request) {
  return writing(kServerException, [&] { return try_make_primary(context, request); });
}

// In the order in which they were created. An ECS service has none.
Result<shapes::DescribeTaskSetsResponse> describe_task_sets(Context& context,
                                                            const shapes::DescribeTaskSetsRequest& request) {
  const auto cluster = TRY(find_cluster(context, request.cluster)).document.name;
  const auto service = TRY(find_service(context, cluster, request.service)).document;
  if (service.controller == "ECS") return no_task_sets();
  const bool tags = includes(request.include, "TAGS");
  const auto wanted = request.taskSets.value_or(std::vector<std::string>{});
  shapes::DescribeTaskSetsResponse response{std::vector<shapes::TaskSet>{}, std::vector<shapes::Failure>{}};
  for (const auto& set : service.task_sets) {
    const auto names = [&](const std::string& reference) { return is_named(set, reference); };
    if (!wanted.empty() && std::ranges::none_of(wanted, names)) continue;
    response.taskSets->push_back(TRY(view_of(context, service, set, tags)));
  }
  for (const auto& reference : wanted) {
    const auto is_it = [&](const model::TaskSet& set) { return is_named(set, reference); };
    if (std::ranges::any_of(service.task_sets, is_it)) continue;
    const bool is_arn = reference.starts_with("arn:");
    const std::string arn =
        is_arn ? reference
               : make_arn(context, "ecs", fmt::format("task-set/{}/{}/{}", cluster, service.name, reference));
    response.failures->push_back({.arn = arn, .reason = "MISSING"});
  }
  return response;
}

}  // namespace weir::api::ecs
