#include "model/documents.h"

#include <fmt/format.h>

#include "base/describe.h"
#include "base/stable_hex.h"

namespace weir::model {

const Shape& describe(const Scope*) {
  static const Shape kShape = structure<Scope>("Scope", {
                                                            member<&Scope::account>("account"),
                                                            member<&Scope::region>("region"),
                                                        });
  return kShape;
}

const Shape& describe(const Cluster*) {
  static const Shape kShape = structure<Cluster>(
      "Cluster", {
                     member<&Cluster::scope>("scope"),
                     member<&Cluster::name>("name"),
                     member<&Cluster::arn>("arn"),
                     member<&Cluster::status>("status"),
                     member<&Cluster::created_at>("created_at"),
                     member<&Cluster::tags>("tags"),
                     member<&Cluster::settings>("settings"),
                     member<&Cluster::capacity_providers>("capacity_providers"),
                     member<&Cluster::default_capacity_provider_strategy>("default_capacity_provider_strategy"),
                     member<&Cluster::instance_attributes>("instance_attributes"),
                 });
  return kShape;
}

const Shape& describe(const TaskDefinition*) {
  static const Shape kShape =
      structure<TaskDefinition>("TaskDefinition", {
                                                      member<&TaskDefinition::scope>("scope"),
                                                      member<&TaskDefinition::definition>("definition"),
                                                      member<&TaskDefinition::tags>("tags"),
                                                  });
  return kShape;
}

const Shape& describe(const TaskDefinitionFamily*) {
  static const Shape kShape = structure<TaskDefinitionFamily>(
      "TaskDefinitionFamily", {
                                  member<&TaskDefinitionFamily::scope>("scope"),
                                  member<&TaskDefinitionFamily::family>("family"),
                                  member<&TaskDefinitionFamily::last_revision>("last_revision"),
                              });
  return kShape;
}

const Shape& describe(const Service*) {
  static const Shape kShape = structure<Service>(
      "Service", {member<&Service::scope>("scope"),
                  member<&Service::cluster>("cluster"),
                  member<&Service::name>("name"),
                  member<&Service::arn>("arn"),
                  member<&Service::status>("status"),
                  member<&Service::created_at>("created_at"),
                  member<&Service::task_definition>("task_definition"),
                  member<&Service::desired_count>("desired_count"),
                  member<&Service::launch_type>("launch_type"),
                  member<&Service::scheduling_strategy>("scheduling_strategy"),
                  member<&Service::minimum_healthy_percent>("minimum_healthy_percent"),
                  member<&Service::maximum_percent>("maximum_percent"),
                  member<&Service::health_check_grace_period_seconds>("health_check_grace_period_seconds"),
                  member<&Service::load_balancers>("load_balancers"),
                  member<&Service::service_registries>("service_registries"),
                  member<&Service::network_configuration>("network_configuration"),
                  member<&Service::deployment_configuration>("deployment_configuration"),
                  member<&Service::tags>("tags"),
                  member<&Service::propagate_tags>("propagate_tags"),
                  member<&Service::platform_version>("platform_version"),
                  member<&Service::role_arn>("role_arn"),
                  member<&Service::capacity_provider_strategy>("capacity_provider_strategy"),
                  member<&Service::availability_zone_rebalancing>("availability_zone_rebalancing"),
                  member<&Service::enable_ecs_managed_tags>("enable_ecs_managed_tags"),
                  member<&Service::placement_constraints>("placement_constraints"),
                  member<&Service::placement_strategy>("placement_strategy"),
                  member<&Service::enable_execute_command>("enable_execute_command"),
                  member<&Service::deployment_id>("deployment_id"),
                  member<&Service::deployment_created_at>("deployment_created_at"),
                  member<&Service::revision_id>("revision_id"),
                  member<&Service::service_deployment_id>("service_deployment_id"),
                  member<&Service::stop_requested>("stop_requested"),
                  member<&Service::hook_answers>("hook_answers"),
                  member<&Service::client_token>("client_token"),
                  member<&Service::controller>("controller"),
                  member<&Service::task_sets>("task_sets")});
  return kShape;
}

const Shape& describe(const Deployment*) {
  static const Shape kShape = structure<Deployment>(
      "Deployment",
      {member<&Deployment::id>("id"), member<&Deployment::strategy>("strategy"),
       member<&Deployment::target_groups>("target_groups"), member<&Deployment::task_definition>("task_definition"),
       member<&Deployment::status>("status"), member<&Deployment::created_at>("created_at"),
       member<&Deployment::updated_at>("updated_at"), member<&Deployment::desired_count>("desired_count"),
       member<&Deployment::pending_count>("pending_count"), member<&Deployment::running_count>("running_count"),
       member<&Deployment::failed_tasks>("failed_tasks"), member<&Deployment::rollout_state>("rollout_state"),
       member<&Deployment::rollout_state_reason>("rollout_state_reason"), member<&Deployment::revision>("revision"),
       member<&Deployment::begun>("begun_moment"), member<&Deployment::alarms_before>("alarms_before")});
  return kShape;
}

const Shape& describe(const ServiceEvent*) {
  static const Shape kShape =
      structure<ServiceEvent>("ServiceEvent", {
                                                  member<&ServiceEvent::id>("id"),
                                                  member<&ServiceEvent::created_at>("created_at"),
                                                  member<&ServiceEvent::moment>("moment"),
                                                  member<&ServiceEvent::message>("message"),
                                              });
  return kShape;
}

const Shape& describe(const ServiceState*) {
  static const Shape kShape = structure<ServiceState>(
      "ServiceState",
      {member<&ServiceState::scope>("scope"), member<&ServiceState::cluster>("cluster"),
       member<&ServiceState::name>("name"), member<&ServiceState::deployments>("deployments"),
       member<&ServiceState::events>("events"), member<&ServiceState::running_count>("running_count"),
       member<&ServiceState::pending_count>("pending_count"), member<&ServiceState::steady>("steady"),
       member<&ServiceState::failures_in_a_row>("failures_in_a_row"),
       member<&ServiceState::start_not_before>("start_not_before_moment"), member<&ServiceState::ended>("ended_moment"),
       member<&ServiceState::completed_deployment>("completed_deployment"),
       member<&ServiceState::completed_revision>("completed_revision"),
       member<&ServiceState::completed_groups>("completed_groups"), member<&ServiceState::staged>("staged"),
       member<&ServiceState::task_sets>("task_sets")});
  return kShape;
}

const Shape& describe(const TaskTarget*) {
  static const Shape kShape =
      structure<TaskTarget>("TaskTarget", {
                                              member<&TaskTarget::target_group>("target_group"),
                                              member<&TaskTarget::container>("container"),
                                              member<&TaskTarget::container_port>("container_port"),
                                              member<&TaskTarget::address>("address"),
                                              member<&TaskTarget::port>("port"),
                                              member<&TaskTarget::state>("state"),
                                              member<&TaskTarget::health>("health"),
                                              member<&TaskTarget::reason>("reason"),
                                              member<&TaskTarget::description>("description"),
                                              member<&TaskTarget::draining_since>("draining_since_moment"),
                                              member<&TaskTarget::acknowledged>("acknowledged"),
                                          });
  return kShape;
}

const Shape& describe(const TaskRegistry*) {
  static const Shape kShape =
      structure<TaskRegistry>("TaskRegistry", {
                                                  member<&TaskRegistry::service>("service"),
                                                  member<&TaskRegistry::container>("container"),
                                                  member<&TaskRegistry::container_port>("container_port"),
                                                  member<&TaskRegistry::external_id>("external_id"),
                                                  member<&TaskRegistry::port>("port"),
                                                  member<&TaskRegistry::state>("state"),
                                                  member<&TaskRegistry::health>("health"),
                                              });
  return kShape;
}

const Shape& describe(const TaskContainer*) {
  static const Shape kShape =
      structure<TaskContainer>("TaskContainer", {
                                                    member<&TaskContainer::name>("name"),
                                                    member<&TaskContainer::image>("image"),
                                                    member<&TaskContainer::image_digest>("image_digest"),
                                                    member<&TaskContainer::last_status>("last_status"),
                                                    member<&TaskContainer::pid>("pid"),
                                                    member<&TaskContainer::exit_code>("exit_code"),
                                                    member<&TaskContainer::reason>("reason"),
                                                    member<&TaskContainer::essential>("essential"),
                                                    member<&TaskContainer::health>("health"),
                                                    member<&TaskContainer::was_healthy>("was_healthy"),
                                                    member<&TaskContainer::network_bindings>("network_bindings"),
                                                });
  return kShape;
}

const Shape& describe(const Task*) {
  static const Shape kShape = structure<Task>("Task", {member<&Task::scope>("scope"),
                                                       member<&Task::cluster>("cluster"),
                                                       member<&Task::id>("id"),
                                                       member<&Task::arn>("arn"),
                                                       member<&Task::service>("service"),
                                                       member<&Task::deployment>("deployment"),
                                                       member<&Task::task_set>("task_set"),
                                                       member<&Task::group>("group"),
                                                       member<&Task::started_by>("started_by"),
                                                       member<&Task::reference_id>("reference_id"),
                                                       member<&Task::task_definition>("task_definition"),
                                                       member<&Task::launch_type>("launch_type"),
                                                       member<&Task::capacity_provider>("capacity_provider"),
                                                       member<&Task::platform_version>("platform_version"),
                                                       member<&Task::overrides>("overrides"),
                                                       member<&Task::enable_execute_command>("enable_execute_command"),
                                                       member<&Task::network_configuration>("network_configuration"),
                                                       member<&Task::tags>("tags"),
                                                       member<&Task::desired_status>("desired_status"),
                                                       member<&Task::last_status>("last_status"),
                                                       member<&Task::stop_code>("stop_code"),
                                                       member<&Task::stopped_reason>("stopped_reason"),
                                                       member<&Task::created_at>("created_at"),
                                                       member<&Task::pull_started_at>("pull_started_at"),
                                                       member<&Task::pull_stopped_at>("pull_stopped_at"),
                                                       member<&Task::started_at>("started_at"),
                                                       member<&Task::stopping_at>("stopping_at"),
                                                       member<&Task::execution_stopped_at>("execution_stopped_at"),
                                                       member<&Task::stopped_at>("stopped_at"),
                                                       member<&Task::made>("made_moment"),
                                                       member<&Task::since>("since_moment"),
                                                       member<&Task::address>("address"),
                                                       member<&Task::containers>("containers"),
                                                       member<&Task::targets>("targets"),
                                                       member<&Task::registries>("registries"),
                                                       member<&Task::version>("version")});
  return kShape;
}

const Shape& describe(const LoadBalancer*) {
  static const Shape kShape =
      structure<LoadBalancer>("LoadBalancer", {
                                                  member<&LoadBalancer::scope>("scope"),
                                                  member<&LoadBalancer::balancer>("balancer"),
                                                  member<&LoadBalancer::tags>("tags"),
                                                  member<&LoadBalancer::attributes>("attributes"),
                                              });
  return kShape;
}

const Shape& describe(const TargetGroup*) {
  static const Shape kShape = structure<TargetGroup>("TargetGroup", {
                                                                        member<&TargetGroup::scope>("scope"),
                                                                        member<&TargetGroup::group>("group"),
                                                                        member<&TargetGroup::tags>("tags"),
                                                                        member<&TargetGroup::attributes>("attributes"),
                                                                    });
  return kShape;
}

const Shape& describe(const Target*) {
  static const Shape kShape = structure<Target>("Target", {
                                                              member<&Target::scope>("scope"),
                                                              member<&Target::target_group>("target_group"),
                                                              member<&Target::address>("address"),
                                                              member<&Target::port>("port"),
                                                              member<&Target::zone>("zone"),
                                                          });
  return kShape;
}

const Shape& describe(const TargetState*) {
  static const Shape kShape = structure<TargetState>("TargetState", {
                                                                        member<&TargetState::scope>("scope"),
                                                                        member<&TargetState::target>("target"),
                                                                    });
  return kShape;
}

const Shape& describe(const Listener*) {
  static const Shape kShape =
      structure<Listener>("Listener", {
                                          member<&Listener::scope>("scope"),
                                          member<&Listener::listener>("listener"),
                                          member<&Listener::tags>("tags"),
                                          member<&Listener::attributes>("attributes"),
                                          member<&Listener::more_certificates>("more_certificates"),
                                      });
  return kShape;
}

const Shape& describe(const Rule*) {
  static const Shape kShape = structure<Rule>("Rule", {
                                                          member<&Rule::scope>("scope"),
                                                          member<&Rule::balancer>("balancer"),
                                                          member<&Rule::listener>("listener"),
                                                          member<&Rule::priority>("priority"),
                                                          member<&Rule::rule>("rule"),
                                                          member<&Rule::tags>("tags"),
                                                      });
  return kShape;
}

const Shape& describe(const ListenerState*) {
  static const Shape kShape =
      structure<ListenerState>("ListenerState", {
                                                    member<&ListenerState::scope>("scope"),
                                                    member<&ListenerState::arn>("arn"),
                                                    member<&ListenerState::listening>("listening"),
                                                    member<&ListenerState::error>("error"),
                                                });
  return kShape;
}

std::string task_definition_key(const Scope& scope, std::string_view family, std::int64_t revision) {
  return fmt::format("{}{}:{:010}", scope.prefix(), family, revision);
}

std::string Cluster::key() const { return scope.prefix() + name; }
std::string TaskDefinition::key() const {
  return task_definition_key(scope, definition.family.value_or(""), definition.revision.value_or(0));
}
std::string TaskDefinitionFamily::key() const { return scope.prefix() + family; }
std::string Service::key() const { return scope.prefix() + cluster + "/" + name; }
std::string ServiceState::key() const { return scope.prefix() + cluster + "/" + name; }
std::string Task::key() const { return scope.prefix() + cluster + "/" + id; }
std::string health_of(const Task& task) {
  std::string health = "UNKNOWN";
  bool all = true;
  for (const auto& container : task.containers) {
    if (!container.essential || container.health.empty()) continue;
    if (container.health == "UNHEALTHY") return "UNHEALTHY";
    all &= container.health == "HEALTHY";
    health = "HEALTHY";
  }
  return all ? health : "UNKNOWN";
}
std::string LoadBalancer::key() const { return scope.prefix() + balancer.LoadBalancerName.value_or(""); }
std::string TargetGroup::key() const { return scope.prefix() + group.TargetGroupName.value_or(""); }
std::string targets_of_group(const Scope& scope, std::string_view target_group) {
  return fmt::format("{}{}/", scope.prefix(), target_group);
}
std::string Target::key() const {
  return fmt::format("{}[{}]:{}", targets_of_group(scope, target_group), address, port);
}
std::string TargetState::key() const {
  return fmt::format("{}[{}]:{}", targets_of_group(scope, target.target_group), target.address, target.port);
}
std::string Listener::key() const { return scope.prefix() + listener.ListenerArn.value_or(""); }
std::string rules_of_listener(const Scope& scope, std::string_view listener) {
  constexpr std::string_view kListener = ":listener/";
  const auto at = listener.find(kListener);
  if (at == std::string_view::npos) return scope.prefix() + std::string(listener) + "/";
  return fmt::format("{}{}:listener-rule/{}/", scope.prefix(), listener.substr(0, at),
                     listener.substr(at + kListener.size()));
}

std::string default_rule_arn(const Listener& listener) {
  constexpr unsigned kIdDigits = 16;
  const std::string arn = listener.listener.ListenerArn.value_or("");
  return rules_of_listener(listener.scope, arn).substr(listener.scope.prefix().size()) + stable_hex(arn, kIdDigits);
}

std::string listener_of_rule(std::string_view arn) {
  constexpr std::string_view kRule = ":listener-rule/";
  const auto at = arn.find(kRule);
  const auto slash = arn.rfind('/');
  if (at == std::string_view::npos || slash < at + kRule.size()) return "";
  return fmt::format("{}:listener/{}", arn.substr(0, at), arn.substr(at + kRule.size(), slash - at - kRule.size()));
}

std::string Rule::key() const { return scope.prefix() + rule.RuleArn.value_or(""); }
std::string ListenerState::key() const { return scope.prefix() + arn; }

}  // namespace weir::model
