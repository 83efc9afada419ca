#include <algorithm>
#include <cmath>

#include "base/describe.h"
#include "model/documents.h"

namespace weir::model {

const Shape& describe(const TaskSet*) {
  static const Shape kShape = structure<TaskSet>(
      "TaskSet", {member<&TaskSet::id>("id"), member<&TaskSet::arn>("arn"),
                  member<&TaskSet::external_id>("external_id"), member<&TaskSet::started_by>("started_by"),
                  member<&TaskSet::status>("status"), member<&TaskSet::created_at>("created_at"),
                  member<&TaskSet::updated_at>("updated_at"), member<&TaskSet::task_definition>("task_definition"),
                  member<&TaskSet::percent>("percent"), member<&TaskSet::launch_type>("launch_type"),
                  member<&TaskSet::capacity_provider_strategy>("capacity_provider_strategy"),
                  member<&TaskSet::platform_version>("platform_version"),
                  member<&TaskSet::network_configuration>("network_configuration"),
                  member<&TaskSet::load_balancers>("load_balancers"),
                  member<&TaskSet::service_registries>("service_registries"), member<&TaskSet::tags>("tags"),
                  member<&TaskSet::client_token>("client_token"), member<&TaskSet::request>("request")});
  return kShape;
}

const Shape& describe(const TaskSetState*) {
  static const Shape kShape = structure<TaskSetState>(
      "TaskSetState",
      {member<&TaskSetState::id>("id"), member<&TaskSetState::computed_desired_count>("computed_desired_count"),
       member<&TaskSetState::pending_count>("pending_count"), member<&TaskSetState::running_count>("running_count"),
       member<&TaskSetState::stability>("stability"), member<&TaskSetState::stability_at>("stability_at"),
       member<&TaskSetState::updated_at>("updated_at"), member<&TaskSetState::failures_in_a_row>("failures_in_a_row"),
       member<&TaskSetState::start_not_before>("start_not_before_moment")});
  return kShape;
}

const Shape& describe(const ServiceRevision*) {
  static const Shape kShape = structure<ServiceRevision>(
      "ServiceRevision",
      {member<&ServiceRevision::scope>("scope"), member<&ServiceRevision::cluster>("cluster"),
       member<&ServiceRevision::service>("service"), member<&ServiceRevision::id>("id"),
       member<&ServiceRevision::arn>("arn"), member<&ServiceRevision::created_at>("created_at"),
       member<&ServiceRevision::deployment_id>("deployment_id"),
       member<&ServiceRevision::task_definition>("task_definition"),
       member<&ServiceRevision::launch_type>("launch_type"), member<&ServiceRevision::load_balancers>("load_balancers"),
       member<&ServiceRevision::service_registries>("service_registries"),
       member<&ServiceRevision::network_configuration>("network_configuration"),
       member<&ServiceRevision::platform_version>("platform_version"),
       member<&ServiceRevision::capacity_provider_strategy>("capacity_provider_strategy"),
       member<&ServiceRevision::propagate_tags>("propagate_tags"),
       member<&ServiceRevision::enable_ecs_managed_tags>("enable_ecs_managed_tags")});
  return kShape;
}

const Shape& describe(const ServiceDeployment*) {
  static const Shape kShape = structure<ServiceDeployment>(
      "ServiceDeployment", {member<&ServiceDeployment::scope>("scope"),
                            member<&ServiceDeployment::cluster>("cluster"),
                            member<&ServiceDeployment::service>("service"),
                            member<&ServiceDeployment::id>("id"),
                            member<&ServiceDeployment::arn>("arn"),
                            member<&ServiceDeployment::status>("status"),
                            member<&ServiceDeployment::status_reason>("status_reason"),
                            member<&ServiceDeployment::created_at>("created_at"),
                            member<&ServiceDeployment::updated_at>("updated_at"),
                            member<&ServiceDeployment::started_at>("started_at"),
                            member<&ServiceDeployment::finished_at>("finished_at"),
                            member<&ServiceDeployment::stopped_at>("stopped_at"),
                            member<&ServiceDeployment::source_revision>("source_revision"),
                            member<&ServiceDeployment::target_revision>("target_revision"),
                            member<&ServiceDeployment::deployment_id>("deployment_id"),
                            member<&ServiceDeployment::configuration>("configuration"),
                            member<&ServiceDeployment::breaker>("breaker"),
                            member<&ServiceDeployment::breaker_failures>("breaker_failures"),
                            member<&ServiceDeployment::breaker_threshold>("breaker_threshold"),
                            member<&ServiceDeployment::rollback_revision>("rollback_revision"),
                            member<&ServiceDeployment::rollback_reason>("rollback_reason"),
                            member<&ServiceDeployment::rollback_started_at>("rollback_started_at"),
                            member<&ServiceDeployment::lifecycle_stage>("lifecycle_stage"),
                            member<&ServiceDeployment::production_percent>("production_percent"),
                            member<&ServiceDeployment::test_percent>("test_percent"),
                            member<&ServiceDeployment::hooks>("hooks")});
  return kShape;
}

const Shape& describe(const HookAnswer*) {
  static const Shape kShape =
      structure<HookAnswer>("HookAnswer", {member<&HookAnswer::hook>("hook"), member<&HookAnswer::action>("action")});
  return kShape;
}

const Shape& describe(const HookRun*) {
  static const Shape kShape = structure<HookRun>(
      "HookRun",
      {member<&HookRun::id>("id"), member<&HookRun::target_type>("target_type"),
       member<&HookRun::target_arn>("target_arn"), member<&HookRun::status>("status"),
       member<&HookRun::expires_at>("expires_at"), member<&HookRun::timeout_action>("timeout_action"),
       member<&HookRun::execution>("execution"), member<&HookRun::details>("details"), member<&HookRun::calls>("calls"),
       member<&HookRun::next_call>("next_call_moment"), member<&HookRun::expires>("expires_moment")});
  return kShape;
}

const Shape& describe(const StagedRoute*) {
  static const Shape kShape = structure<StagedRoute>(
      "StagedRoute",
      {member<&StagedRoute::production_rule>("production_rule"), member<&StagedRoute::test_rule>("test_rule"),
       member<&StagedRoute::green_group>("green_group"), member<&StagedRoute::blue_group>("blue_group")});
  return kShape;
}

const Shape& describe(const StagedDeployment*) {
  using S = StagedDeployment;
  static const Shape kShape = structure<S>(
      "StagedDeployment",
      {member<&S::deployment>("deployment"), member<&S::blue>("blue"), member<&S::target_revision>("target_revision"),
       member<&S::source_revision>("source_revision"), member<&S::configuration>("configuration"),
       member<&S::routes>("routes"), member<&S::stage>("stage"), member<&S::stage_since>("stage_since_moment"),
       member<&S::settled_at>("settled_at_moment"), member<&S::production_percent>("production_percent"),
       member<&S::test_percent>("test_percent"), member<&S::going_back>("going_back"), member<&S::frozen>("frozen"),
       member<&S::hooks_begun>("hooks_begun"), member<&S::hooks>("hooks")});
  return kShape;
}

const Shape& describe(const RunRequest*) {
  static const Shape kShape = structure<RunRequest>(
      "RunRequest", {member<&RunRequest::scope>("scope"), member<&RunRequest::cluster>("cluster"),
                     member<&RunRequest::token>("token"), member<&RunRequest::request>("request"),
                     member<&RunRequest::tasks>("tasks"), member<&RunRequest::failures>("failures"),
                     member<&RunRequest::created_at>("created_at")});
  return kShape;
}

const Shape& describe(const AccountSetting*) {
  static const Shape kShape = structure<AccountSetting>(
      "AccountSetting", {member<&AccountSetting::scope>("scope"), member<&AccountSetting::principal>("principal"),
                         member<&AccountSetting::name>("name"), member<&AccountSetting::value>("value")});
  return kShape;
}

std::string ServiceRevision::key() const { return scope.prefix() + cluster + "/" + service + "/" + id; }
std::string ServiceDeployment::key() const { return scope.prefix() + cluster + "/" + service + "/" + id; }
std::string RunRequest::key() const { return scope.prefix() + cluster + "/" + token; }
std::string AccountSetting::key() const { return scope.prefix() + principal + " " + name; }

std::int32_t computed_desired_count(const Service& service, const TaskSet& set) {
  if (service.status != "ACTIVE" || set.status == "DRAINING") return 0;
  // 7 % of 100 is 7, whatever a double makes of it.
  constexpr double kNoise = 1e-9;
  return static_cast<std::int32_t>(std::ceil(service.desired_count * set.percent / 100 - kNoise));
}

const TaskSet* primary_task_set(const Service& service) {
  const auto found = std::find_if(service.task_sets.begin(), service.task_sets.end(),
                                  [](const auto& s) { return s.status == "PRIMARY"; });
  return found == service.task_sets.end() ? nullptr : &*found;
}

Service service_with(const Service& service, const TaskSet& set) {
  Service with = service;
  with.task_definition = set.task_definition;
  with.launch_type = set.launch_type;
  with.capacity_provider_strategy = set.capacity_provider_strategy;
  with.platform_version = set.platform_version;
  with.network_configuration = set.network_configuration;
  with.load_balancers = set.load_balancers;
  with.service_registries = set.service_registries;
  return with;
}

ServiceRevision revision_of(const Service& service) {
  return {
      .scope = service.scope,
      .cluster = service.cluster,
      .service = service.name,
      .id = service.revision_id,
      .created_at = service.deployment_created_at,
      .deployment_id = service.deployment_id,
      .task_definition = service.task_definition,
      .launch_type = service.launch_type,
      .load_balancers = service.load_balancers,
      .service_registries = service.service_registries,
      .network_configuration = service.network_configuration,
      .platform_version = service.platform_version,
      .capacity_provider_strategy = service.capacity_provider_strategy,
      .propagate_tags = service.propagate_tags,
      .enable_ecs_managed_tags = service.enable_ecs_managed_tags,
  };
}

void restore(Service& service, const ServiceRevision& revision) {
  service.revision_id = revision.id;
  service.deployment_id = revision.deployment_id;
  service.deployment_created_at = revision.created_at;
  service.task_definition = revision.task_definition;
  service.launch_type = revision.launch_type;
  service.load_balancers = revision.load_balancers;
  service.service_registries = revision.service_registries;
  service.network_configuration = revision.network_configuration;
  service.platform_version = revision.platform_version;
  service.capacity_provider_strategy = revision.capacity_provider_strategy;
  service.propagate_tags = revision.propagate_tags;
  service.enable_ecs_managed_tags = revision.enable_ecs_managed_tags;
}

bool has_ended(const ServiceDeployment& deployment) {
  return deployment.status == "SUCCESSFUL" || deployment.status == "STOPPED" ||
         deployment.status == "ROLLBACK_SUCCESSFUL" || deployment.status == "ROLLBACK_FAILED";
}

}  // namespace weir::model
