// The operations on a service's history: its deployments and revisions.
#include <fmt/format.h>

#include <algorithm>

#include "api/arn.h"
#include "api/ecs/actions.h"
#include "api/ecs/deployment_history.h"
#include "api/ecs/errors.h"
#include "api/ecs/references.h"
#include "api/writing.h"

namespace weir::api::ecs {

namespace {

constexpr std::size_t kDeploymentsPerPage = 20;
constexpr std::size_t kMaxHistoryDescribed = 20;

// "service-deployment/CLUSTER/SERVICE/ID" as the key of its document. None where it is of another kind, account or
// region.
std::optional<std::string> key_of(const Context& context, const std::string& reference, std::string_view kind) {
  const auto arn = parse_arn(reference);
  if (!arn || arn->service != "ecs" || arn->part(0) != kind || !arn->within(context)) return std::nullopt;
  return fmt::format("{}{}/{}/{}", scope_of(context).prefix(), arn->part(1), arn->part(2), arn->part(3));
}

model::Service named(const model::Scope& scope, const std::string& cluster, const std::string& service) {
  return {.scope = scope, .cluster = cluster, .name = service};
}

const model::Deployment* deployment_of(const model::ServiceState* state, const std::string& revision) {
  if (!state) return nullptr;
  const auto found = std::ranges::find(state->deployments, revision, &model::Deployment::revision);
  return found == state->deployments.end() ? nullptr : &*found;
}

shapes::ServiceRevisionSummary summary(const Context& context, const model::Service& service,
                                       const model::ServiceState* state, const std::string& revision) {
  const auto* deployment = deployment_of(state, revision);
  return {.arn = service_revision_arn(context, service, revision),
          .requestedTaskCount = deployment ? deployment->desired_count : 0,
          .runningTaskCount = deployment ? deployment->running_count : 0,
          .pendingTaskCount = deployment ? deployment->pending_count : 0};
}

// Whether the deployment watches alarms, and what came of it.
shapes::ServiceDeploymentAlarms alarms_of(const model::ServiceDeployment& record) {
  const auto& configuration = record.configuration;
  if (!configuration || !configuration->alarms || !configuration->alarms->enable) return {.status = "DISABLED"};
  const auto tells = [](const std::string& reason) { return reason.find("alarm detected") != std::string::npos; };
  const bool triggered = tells(record.status_reason) || tells(record.rollback_reason);
  const bool over = record.finished_at || record.stopped_at || record.rollback_started_at;
  return {.status = triggered ? "TRIGGERED"
                    : over    ? "MONITORING_COMPLETE"
                              : "MONITORING",
          .alarmNames = configuration->alarms->alarmNames};
}

// Of a deployment in stages: where it stands, how traffic is parted, and the hooks of its stage.
void show_stages(shapes::ServiceDeployment& view, const model::ServiceDeployment& record) {
  if (record.lifecycle_stage.empty()) return;
  view.lifecycleStage = record.lifecycle_stage;
  view.targetServiceRevision->requestedProductionTrafficWeight = record.production_percent;
  view.targetServiceRevision->requestedTestTrafficWeight = record.test_percent;
  for (auto& source : *view.sourceServiceRevisions) {
    if (record.production_percent) source.requestedProductionTrafficWeight = 100 - *record.production_percent;
    if (record.test_percent) source.requestedTestTrafficWeight = 100 - *record.test_percent;
  }
  if (record.hooks.empty()) return;
  view.lifecycleHookDetails.emplace();
  for (const auto& hook : record.hooks) {
    shapes::DeploymentLifecycleHookDetail detail{.hookId = hook.id, .targetType = hook.target_type};
    if (!hook.target_arn.empty()) detail.targetArn = hook.target_arn;
    detail.status = hook.status;
    detail.expiresAt = hook.expires_at;
    detail.timeoutAction = hook.timeout_action;
    view.lifecycleHookDetails->push_back(std::move(detail));
  }
}

shapes::ServiceDeployment shown_deployment(const Context& context, const model::ServiceDeployment& record,
                                           const model::ServiceState* state) {
  const auto service = named(record.scope, record.cluster, record.service);
  shapes::ServiceDeployment view{
      .serviceDeploymentArn = record.arn,
      .serviceArn = service_arn(context, record.cluster, record.service),
      .clusterArn = cluster_arn(context, record.cluster),
      .createdAt = record.created_at,
      .startedAt = record.started_at,
      .finishedAt = record.finished_at,
      .stoppedAt = record.stopped_at,
      .updatedAt = record.updated_at,
      .sourceServiceRevisions = std::vector<shapes::ServiceRevisionSummary>{},
      .targetServiceRevision = summary(context, service, state, record.target_revision),
      .status = record.status,
      .deploymentConfiguration = record.configuration,
      .deploymentCircuitBreaker =
          shapes::ServiceDeploymentCircuitBreaker{
              .status = record.breaker, .failureCount = record.breaker_failures, .threshold = record.breaker_threshold},
      .alarms = alarms_of(record),
  };
  if (!record.source_revision.empty()) {
    view.sourceServiceRevisions->push_back(summary(context, service, state, record.source_revision));
  }
  if (!record.status_reason.empty()) view.statusReason = record.status_reason;
  show_stages(view, record);
  if (record.rollback_started_at) {
    view.rollback =
        shapes::Rollback{.reason = record.rollback_reason,
                         .startedAt = record.rollback_started_at,
                         .serviceRevisionArn = service_revision_arn(context, service, record.rollback_revision)};
  }
  return view;
}

shapes::ServiceDeploymentBrief brief(const Context& context, const model::ServiceDeployment& record) {
  const auto service = named(record.scope, record.cluster, record.service);
  shapes::ServiceDeploymentBrief view{
      .serviceDeploymentArn = record.arn,
      .serviceArn = service_arn(context, record.cluster, record.service),
      .clusterArn = cluster_arn(context, record.cluster),
      .startedAt = record.started_at,
      .createdAt = record.created_at,
      .finishedAt = record.finished_at,
      .targetServiceRevisionArn = service_revision_arn(context, service, record.target_revision),
      .status = record.status,
  };
  if (!record.status_reason.empty()) view.statusReason = record.status_reason;
  return view;
}

// Its containers' images, with the digests that its tasks found.
Result<std::vector<shapes::ContainerImage>> images_of(Context& context, const model::ServiceRevision& revision) {
  std::vector<shapes::ContainerImage> images;
  const auto definition = TRY(find_definition(context, revision.task_definition));
  if (!definition) return images;
  for (const auto& container : *definition->document.definition.containerDefinitions) {
    images.push_back({.containerName = container.name, .image = container.image});
  }
  const std::string within = revision.scope.prefix() + revision.cluster + "/";
  for (const auto& task : TRY(store::peek_all<model::Task>(context.store, within))) {
    if (task->deployment != revision.deployment_id) continue;
    for (const auto& container : task->containers) {
      for (auto& image : images) {
        if (image.containerName == container.name && !container.image_digest.empty()) {
          image.imageDigest = container.image_digest;
        }
      }
    }
  }
  return images;
}

// Where the revision's tasks are reached: known while it has tasks.
Result<std::optional<shapes::ResolvedConfiguration>> resolved(Context& context,
                                                              const model::ServiceRevision& revision) {
  const auto service = named(revision.scope, revision.cluster, revision.service);
  const auto state = TRY(store::peek<model::ServiceState>(context.store, service.key()));
  const auto* deployment = deployment_of(state ? &**state : nullptr, revision.id);
  if (!deployment || deployment->target_groups.size() != revision.load_balancers.size()) return std::nullopt;
  shapes::ResolvedConfiguration found;
  found.loadBalancers.emplace();
  for (std::size_t i = 0; i < revision.load_balancers.size(); ++i) {
    shapes::ServiceRevisionLoadBalancer balancer{.targetGroupArn = deployment->target_groups[i]};
    const auto& advanced = revision.load_balancers[i].advancedConfiguration;
    if (advanced) balancer.productionListenerRule = advanced->productionListenerRule;
    found.loadBalancers->push_back(std::move(balancer));
  }
  return found;
}

Result<shapes::ServiceRevision> shown_revision(Context& context, const model::ServiceRevision& revision) {
  auto images = TRY(images_of(context, revision));
  shapes::ServiceRevision view{
      .serviceRevisionArn = revision.arn,
      .serviceArn = service_arn(context, revision.cluster, revision.service),
      .clusterArn = cluster_arn(context, revision.cluster),
      .taskDefinition = revision.task_definition,
      .loadBalancers = revision.load_balancers,
      .serviceRegistries = revision.service_registries,
      .networkConfiguration = revision.network_configuration,
      .containerImages = std::move(images),
      .guardDutyEnabled = false,
      .createdAt = revision.created_at,
  };
  view.resolvedConfiguration = TRY(resolved(context, revision));
  if (revision.capacity_provider_strategy) {
    view.capacityProviderStrategy = revision.capacity_provider_strategy;
  } else {
    view.launchType = revision.launch_type;
  }
  if (revision.launch_type == "FARGATE") {
    view.platformVersion = kPlatformVersion;
    view.platformFamily = "Linux";
  }
  return view;
}

bool is_wanted(const model::ServiceDeployment& record, const shapes::ListServiceDeploymentsRequest& request) {
  if (request.status && !request.status->empty() && !includes(request.status, record.status)) return false;
  if (!request.createdAt) return true;
  if (request.createdAt->before && !(record.created_at < *request.createdAt->before)) return false;
  return !request.createdAt->after || *request.createdAt->after < record.created_at;
}

Result<> check_arns(const std::vector<std::string>& arns, const char* member) {
  if (arns.empty()) return invalid_parameter(fmt::format("{} cannot be empty.", member));
  if (arns.size() <= kMaxHistoryDescribed) return {};
  return invalid_parameter(fmt::format("{} cannot have more than {} elements.", member, kMaxHistoryDescribed));
}

// The documents that `arns` name, in their order; what names none is among the `failures`. Errors:
// InvalidParameterException.
template <class D>
Result<std::vector<store::Snapshot<D>>> find_each(Context& context, const std::vector<std::string>& arns,
                                                  std::vector<shapes::Failure>& failures) {
  std::vector<store::Snapshot<D>> all;
  for (const auto& arn : arns) {
    const auto key = key_of(context, arn, D::kKind);
    if (!key) return invalid_parameter("Invalid identifier: " + arn);
    if (auto found = TRY(store::peek<D>(context.store, *key))) {
      all.push_back(std::move(*found));
    } else {
      failures.push_back({.arn = arn, .reason = "MISSING"});
    }
  }
  return all;
}

bool is_stopping(const model::ServiceDeployment& record) {
  return record.status == "STOP_REQUESTED" || record.status == "ROLLBACK_REQUESTED" ||
         record.status == "ROLLBACK_IN_PROGRESS";
}

std::unexpected<Error> deployment_not_found() {
  return client_error("ServiceDeploymentNotFoundException", "The service deployment cannot be found.");
}

Result<shapes::StopServiceDeploymentResponse> try_stop(Context& context,
                                                       const shapes::StopServiceDeploymentRequest& request) {
  const auto key = key_of(context, request.serviceDeploymentArn, "service-deployment");
  if (!key) return invalid_parameter("Invalid identifier: " + request.serviceDeploymentArn);
  auto record = TRY(store::load<model::ServiceDeployment>(context.store, *key));
  if (!record) return deployment_not_found();
  shapes::StopServiceDeploymentResponse response{record->document.arn};
  if (has_ended(record->document)) {
    return client_error("ConflictException", fmt::format("The service deployment is {} and cannot be stopped any more.",
                                                         record->document.status));
  }
  if (is_stopping(record->document)) return response;
  if (record->document.lifecycle_stage == "CLEAN_UP") {
    return client_error("ConflictException", "The service deployment is at CLEAN_UP and cannot be stopped any more.");
  }
  const auto& of = record->document;
  auto service = TRY(store::load<model::Service>(context.store, named(of.scope, of.cluster, of.service).key()));
  if (!service || service->document.service_deployment_id != of.id) return deployment_not_found();
  const bool back = request.stopType.value_or("ROLLBACK") == "ROLLBACK";
  if (back) {
    const auto state = TRY(store::load<model::ServiceState>(context.store, service->document.key()));
    if (!state || state->document.completed_revision.empty()) {
      return invalid_parameter("The service has no completed service deployment to roll back to.");
    }
  }
  record->document.status = back ? "ROLLBACK_REQUESTED" : "STOP_REQUESTED";
  record->document.updated_at = context.now;
  service->document.stop_requested = back ? "ROLLBACK" : "ABORT";
  TRY(commit(context, {store::put(*record), store::put(*service)}));
  return response;
}

// Tells control what somebody says of the hook `id`.
Result<shapes::ContinueServiceDeploymentResponse> try_continue(
    Context& context, const shapes::ContinueServiceDeploymentRequest& request) {
  const auto key = key_of(context, request.serviceDeploymentArn, "service-deployment");
  if (!key) return invalid_parameter("Invalid identifier: " + request.serviceDeploymentArn);
  if (!request.hookId.starts_with("ecs-") || request.hookId.find('-', 4) == std::string::npos) {
    return invalid_parameter("Invalid hookId: hookId must follow the format: ecs-{hookType}-{id}");
  }
  const auto record = TRY(store::peek<model::ServiceDeployment>(context.store, *key));
  if (!record) {
    return client_error("ServiceDeploymentNotFoundException", "The service deployment does not exist.");
  }
  if (has_ended(**record)) {
    return invalid_parameter(
        "Continuing a service deployment is not allowed for service deployment in terminal states.");
  }
  const auto& hooks = (*record)->hooks;
  const auto hook = std::ranges::find(hooks, request.hookId, &model::HookRun::id);
  if (hook == hooks.end() || hook->target_type != "PAUSE" || hook->status != "AWAITING_ACTION") {
    return invalid_parameter(
        "Provided hookId is either completed, unavailable, or not associated with the given Resource ARN");
  }
  const auto& of = **record;
  auto service = TRY(store::load<model::Service>(context.store, named(of.scope, of.cluster, of.service).key()));
  if (!service || service->document.service_deployment_id != of.id) return deployment_not_found();
  service->document.hook_answers.push_back({request.hookId, request.action.value_or("CONTINUE")});
  TRY(commit(context, {store::put(*service)}));
  return shapes::ContinueServiceDeploymentResponse{of.arn};
}

}  // namespace

// The newest first.
Result<shapes::ListServiceDeploymentsResponse> list_service_deployments(
    Context& context, const shapes::ListServiceDeploymentsRequest& request) {
  const auto cluster = TRY(find_cluster(context, request.cluster)).document.name;
  const auto service = TRY(find_service(context, cluster, request.service)).document;
  std::vector<Positioned<shapes::ServiceDeploymentBrief>> all;
  for (const auto& one : TRY(store::load_all<model::ServiceDeployment>(context.store, service.key() + "/"))) {
    const auto& record = one.document;
    if (!is_wanted(record, request)) continue;
    all.push_back({fmt::format("{} {}", position_number(record.created_at.millis), record.id), brief(context, record)});
  }
  const std::size_t size = TRY(page_size(request.maxResults, kDeploymentsPerPage));
  auto page = page_of(std::move(all), request.nextToken.value_or(""), size, Order::descending);
  if (!page) return invalid_token();
  return shapes::ListServiceDeploymentsResponse{std::move(page->items), std::move(page->next)};
}

Result<shapes::DescribeServiceDeploymentsResponse> describe_service_deployments(
    Context& context, const shapes::DescribeServiceDeploymentsRequest& request) {
  TRY(check_arns(request.serviceDeploymentArns, "serviceDeploymentArns"));
  shapes::DescribeServiceDeploymentsResponse response;
  const auto found =
      TRY(find_each<model::ServiceDeployment>(context, request.serviceDeploymentArns, response.failures.emplace()));
  response.serviceDeployments.emplace();
  for (const auto& of : found) {
    const auto state =
        TRY(store::peek<model::ServiceState>(context.store, named(of->scope, of->cluster, of->service).key()));
    response.serviceDeployments->push_back(shown_deployment(context, *of, state ? &**state : nullptr));
  }
  return response;
}

Result<shapes::DescribeServiceRevisionsResponse> describe_service_revisions(
    Context& context, const shapes::DescribeServiceRevisionsRequest& request) {
  TRY(check_arns(request.serviceRevisionArns, "serviceRevisionArns"));
  shapes::DescribeServiceRevisionsResponse response;
  const auto found =
      TRY(find_each<model::ServiceRevision>(context, request.serviceRevisionArns, response.failures.emplace()));
  response.serviceRevisions.emplace();
  for (const auto& revision : found) response.serviceRevisions->push_back(TRY(shown_revision(context, *revision)));
  return response;
}

Result<shapes::StopServiceDeploymentResponse> stop_service_deployment(
    Context& context, const shapes::StopServiceDeploymentRequest& request) {
  return writing(kServerException, [&] { return try_stop(context, request); });
}

Result<shapes::ContinueServiceDeploymentResponse> continue_service_deployment(
    Context& context, const shapes::ContinueServiceDeploymentRequest& request) {
  return writing(kServerException, [&] { return try_continue(context, request); });
}

}  // namespace weir::api::ecs
