// The documents of the store: what was wished and what is so. A wish is written by the façade (api), a fact by
// control; the comment at each struct says whose it is. AWS's own nouns inside are the shapes that the wire uses too.
// Names in the store begin with "<account>/<region>/", so that each account and region is a world of its own.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/moment.h"
#include "base/shape.h"
#include "model/ecs/shapes.h"
#include "model/elbv2/shapes.h"

namespace weir::model {

struct Scope {
  std::string account;
  std::string region;
  std::string prefix() const { return account + "/" + region + "/"; }
  auto operator<=>(const Scope&) const = default;
};

// Wish. Key: scope + name.
struct Cluster {
  static constexpr const char* kKind = "cluster";
  Scope scope;
  std::string name;
  std::string arn;
  std::string status = "ACTIVE";  // ACTIVE, INACTIVE
  Timestamp created_at;
  std::optional<std::vector<ecs::Tag>> tags;
  std::optional<std::vector<ecs::ClusterSetting>> settings;
  std::optional<std::vector<std::string>> capacity_providers;  // as given: FARGATE, FARGATE_SPOT
  std::optional<std::vector<ecs::CapacityProviderStrategyItem>> default_capacity_provider_strategy;
  std::vector<ecs::Attribute> instance_attributes;  // of its container instance: names and values
  std::string key() const;
};

// Wish; never changes but for its status. Key: scope + family + ":" + revision in ten digits.
struct TaskDefinition {
  static constexpr const char* kKind = "task-definition";
  Scope scope;
  ecs::TaskDefinition definition;
  std::optional<std::vector<ecs::Tag>> tags;
  std::string key() const;
};
std::string task_definition_key(const Scope& scope, std::string_view family, std::int64_t revision);

// Wish: the last revision given out, so that numbers are never reused. Key: scope + family.
struct TaskDefinitionFamily {
  static constexpr const char* kKind = "task-definition-family";
  Scope scope;
  std::string family;
  std::int64_t last_revision = 0;
  std::string key() const;
};

// What somebody said of a hook that pauses a deployment.
struct HookAnswer {
  std::string hook;    // HookRun.id
  std::string action;  // CONTINUE, ROLLBACK
};

// Wish: some of the tasks of a service that ECS itself does not deploy, with a definition and a place of their own.
// Part of its Service, which it leaves once its last task has ended.
struct TaskSet {
  std::string id;  // "ecs-svc/<19 digits>"
  std::string arn;
  std::string external_id;        // as CreateTaskSet had it; Cloud Map shows it at its tasks' instances
  std::string started_by;         // CODE_DEPLOY; empty for anybody else's
  std::string status = "ACTIVE";  // PRIMARY, ACTIVE, DRAINING (deleted, tasks being stopped)
  Timestamp created_at;
  Timestamp updated_at;
  std::string task_definition;  // ARN
  double percent = 0;           // of the service's desired count
  std::string launch_type = "EC2";
  std::optional<std::vector<ecs::CapacityProviderStrategyItem>> capacity_provider_strategy;  // as given
  std::optional<std::string> platform_version;
  std::optional<ecs::NetworkConfiguration> network_configuration;
  std::vector<ecs::LoadBalancer> load_balancers;
  std::vector<ecs::ServiceRegistry> service_registries;
  std::optional<std::vector<ecs::Tag>> tags;
  std::string client_token;
  std::string request;  // a digest of the call that made it, where there is a token
};

// Wish. Key: scope + cluster + "/" + name. An INACTIVE service stays for an hour so that waiters see it.
struct Service {
  static constexpr const char* kKind = "service";
  Scope scope;
  std::string cluster;
  std::string name;
  std::string arn;
  std::string status = "ACTIVE";  // ACTIVE, DRAINING (deleted, tasks being stopped), INACTIVE (control sets this)
  Timestamp created_at;
  std::string task_definition;  // ARN
  std::int32_t desired_count = 0;
  std::string launch_type = "FARGATE";
  std::string scheduling_strategy = "REPLICA";
  std::int32_t minimum_healthy_percent = 100;  // of desired_count, rounded up
  std::int32_t maximum_percent = 200;          // of desired_count, rounded down
  std::int32_t health_check_grace_period_seconds = 0;
  std::vector<ecs::LoadBalancer> load_balancers;
  std::vector<ecs::ServiceRegistry> service_registries;
  std::optional<ecs::NetworkConfiguration> network_configuration;
  std::optional<ecs::DeploymentConfiguration> deployment_configuration;  // as given, for DescribeServices
  std::optional<std::vector<ecs::Tag>> tags;
  std::string propagate_tags = "NONE";
  std::optional<std::string> platform_version;
  std::optional<std::string> role_arn;
  std::optional<std::vector<ecs::CapacityProviderStrategyItem>> capacity_provider_strategy;  // as given
  std::string availability_zone_rebalancing = "DISABLED";                                    // as given
  bool enable_ecs_managed_tags = false;
  std::vector<ecs::PlacementConstraint> placement_constraints;  // as given
  std::vector<ecs::PlacementStrategy> placement_strategy;       // as given
  bool enable_execute_command = false;                          // as given
  // The deployment that is wished: a new id for each new task definition and each forceNewDeployment.
  std::string deployment_id;  // "ecs-svc/<19 digits>"
  Timestamp deployment_created_at;
  std::string revision_id;               // of the ServiceRevision that this is
  std::string service_deployment_id;     // of the ServiceDeployment that brings it about
  std::string stop_requested;            // of that ServiceDeployment: ABORT, ROLLBACK; empty for neither
  std::vector<HookAnswer> hook_answers;  // what people said of hooks that pause it, until control has heard it
  std::string client_token;
  // Who deploys: ECS, CODE_DEPLOY, EXTERNAL. The others do so by task sets, in the order of their creation; what a
  // deployment is made of, above, is then empty (EXTERNAL), or as CreateService had it.
  std::string controller = "ECS";
  std::vector<TaskSet> task_sets;
  std::string key() const;
};

// Wish; never changes. What of a service only a new deployment can change, as it was when `deployment_id` began: what a
// rollback goes back to. Key: its service's + "/" + id.
struct ServiceRevision {
  static constexpr const char* kKind = "service-revision";
  Scope scope;
  std::string cluster;
  std::string service;  // name
  std::string id;       // 19 digits
  std::string arn;
  Timestamp created_at;
  std::string deployment_id;
  std::string task_definition;  // ARN
  std::string launch_type;
  std::vector<ecs::LoadBalancer> load_balancers;
  std::vector<ecs::ServiceRegistry> service_registries;
  std::optional<ecs::NetworkConfiguration> network_configuration;
  std::optional<std::string> platform_version;
  std::optional<std::vector<ecs::CapacityProviderStrategyItem>> capacity_provider_strategy;
  std::string propagate_tags = "NONE";
  bool enable_ecs_managed_tags = false;
  std::string key() const;
};
// How many tasks the set keeps: its percentage of the service's desired count, rounded up; none once either leaves.
std::int32_t computed_desired_count(const Service& service, const TaskSet& set);
// Null where there is none.
const TaskSet* primary_task_set(const Service& service);
// The service as a task set has it: with its definition, launch type, network, balancers and registries.
Service service_with(const Service& service, const TaskSet& set);

ServiceRevision revision_of(const Service& service);
// Makes the service what the revision says, in a deployment that goes on where the revision's ended.
void restore(Service& service, const ServiceRevision& revision);

// One lifecycle hook at one stage of a deployment.
struct HookRun {
  std::string id;           // "ecs-pause-…", "ecs-lambda-…"
  std::string target_type;  // PAUSE, AWS_LAMBDA
  std::string target_arn;   // empty for PAUSE
  std::string status;       // AWAITING_ACTION, IN_PROGRESS, SUCCEEDED, FAILED, TIMED_OUT
  Timestamp expires_at;
  Moment expires;                           // the same, which counts
  std::string timeout_action = "ROLLBACK";  // CONTINUE, ROLLBACK
  std::string execution;                    // a UUID
  Json details;                             // of the service's wish, and what the hook's answers added
  std::int32_t calls = 0;                   // that were answered
  Moment next_call;
};

// Wish at first, then fact: one try at bringing a service from one revision to another, its rollback included.
// Key: its service's + "/" + id.
struct ServiceDeployment {
  static constexpr const char* kKind = "service-deployment";
  Scope scope;
  std::string cluster;
  std::string service;  // name
  std::string id;       // 21 characters
  std::string arn;
  // PENDING, IN_PROGRESS, STOP_REQUESTED, ROLLBACK_REQUESTED, ROLLBACK_IN_PROGRESS; at the end SUCCESSFUL, STOPPED,
  // ROLLBACK_SUCCESSFUL, ROLLBACK_FAILED
  std::string status = "PENDING";
  std::string status_reason;
  Timestamp created_at;
  Timestamp updated_at;
  std::optional<Timestamp> started_at;
  std::optional<Timestamp> finished_at;
  std::optional<Timestamp> stopped_at;
  std::string source_revision;  // id; empty for a service's first deployment
  std::string target_revision;  // id
  std::string deployment_id;    // of the target
  std::optional<ecs::DeploymentConfiguration> configuration;
  std::string breaker = "DISABLED";  // DISABLED, MONITORING, TRIGGERED, MONITORING_COMPLETE
  std::int32_t breaker_failures = 0;
  std::int32_t breaker_threshold = 0;
  std::string rollback_revision;  // id; empty where nothing is rolled back
  std::string rollback_reason;
  std::optional<Timestamp> rollback_started_at;
  // Where the strategy is not ROLLING.
  std::string lifecycle_stage;
  std::optional<double> production_percent;  // of the target; what is left is the source's. None without balancers
  std::optional<double> test_percent;
  std::vector<HookRun> hooks;  // of the stage
  std::string key() const;
};
bool has_ended(const ServiceDeployment& deployment);

// One try at running a service's tasks at one task definition.
struct Deployment {
  std::string id;
  std::string strategy = "ROLLING";        // as it was when the deployment began
  std::vector<std::string> target_groups;  // where its tasks are reached, by the service's balancers; ARNs
  std::string task_definition;
  std::string status = "PRIMARY";  // PRIMARY (the wished one), ACTIVE (being replaced), INACTIVE
  Timestamp created_at;
  Timestamp updated_at;
  std::int32_t desired_count = 0;
  std::int32_t pending_count = 0;
  std::int32_t running_count = 0;
  std::int32_t failed_tasks = 0;              // ended by themselves, or failed their checks, while it was IN_PROGRESS
  std::string rollout_state = "IN_PROGRESS";  // IN_PROGRESS, COMPLETED, FAILED
  std::string rollout_state_reason;
  std::string revision;  // ServiceRevision.id
  Moment begun;          // when control took it up
  // The service's alarms that were in ALARM by then, and since when: what is deployed may be what mends them.
  std::map<std::string, Timestamp> alarms_before;
};

struct ServiceEvent {
  std::string id;  // a UUID
  Timestamp created_at;
  Moment moment;
  std::string message;  // in AWS's words: "(service NAME) has reached a steady state."
};

// How one balancer's traffic is parted between a staged deployment and what it replaces.
struct StagedRoute {
  std::string production_rule;  // ARN of a rule, or of a listener of a network balancer
  std::string test_rule;        // the same; empty for none
  std::string green_group;      // ARN: the deployment's
  std::string blue_group;       // ARN: the other one
};

// A deployment in stages, BLUE_GREEN, LINEAR or CANARY, from its begin until the old tasks have gone, or until its own
// have after a rollback.
struct StagedDeployment {
  std::string deployment;                      // Deployment.id of green, the new one
  std::string blue;                            // of the completed one that it replaces; empty where it is the first
  std::string target_revision;                 // id, of green
  std::string source_revision;                 // id, of blue
  ecs::DeploymentConfiguration configuration;  // as it was when the deployment began
  std::vector<StagedRoute> routes;             // by the service's balancers
  std::string stage = "RECONCILE_SERVICE";
  Moment stage_since;
  std::optional<Moment> settled_at;  // since when every worker runs this stage's weights and its hooks are through
  double production_percent = 0;     // green's share; the rest is blue's
  double test_percent = 0;
  bool going_back = false;  // it failed or was stopped: traffic is blue's again, then green ends
  bool frozen = false;      // it failed and there is no way back, or nobody wants one: weights stay, nothing is started
  bool hooks_begun = false;
  std::vector<HookRun> hooks;  // of the stage
};

// What became of a TaskSet.
struct TaskSetState {
  std::string id;
  std::int32_t computed_desired_count = 0;
  std::int32_t pending_count = 0;
  std::int32_t running_count = 0;
  std::string stability = "STABILIZING";  // STABILIZING, STEADY_STATE
  Timestamp stability_at;
  Timestamp updated_at;
  // Back-off, as the service's own.
  std::int32_t failures_in_a_row = 0;
  Moment start_not_before;
};

// Fact. Key: as its Service.
struct ServiceState {
  static constexpr const char* kKind = "service-state";
  Scope scope;
  std::string cluster;
  std::string name;
  std::vector<Deployment> deployments;  // PRIMARY first
  std::vector<ServiceEvent> events;     // newest first, at most 100
  std::int32_t running_count = 0;
  std::int32_t pending_count = 0;
  bool steady = false;
  // Back-off after tasks that ended before they served: how many in a row, and when the next may start.
  std::int32_t failures_in_a_row = 0;
  Moment start_not_before;
  Moment ended;  // when it became INACTIVE
  // Of the deployment that was COMPLETED last: what a failed one is rolled back to. Empty before the first.
  std::string completed_deployment;
  std::string completed_revision;
  std::vector<std::string> completed_groups;  // its target groups
  std::optional<StagedDeployment> staged;     // while one goes on
  std::vector<TaskSetState> task_sets;        // in the order of the service's
  std::string key() const;
};

// A task's place in one target group, or that of a target registered by hand.
struct TaskTarget {
  std::string target_group;  // ARN
  std::string container;
  std::int32_t container_port = 0;
  std::string address;    // known once the task runs
  std::int32_t port = 0;  // the true port on that address
  // waiting (not in the table yet), checking, serving, draining, gone: as route::BackendState, before and after
  std::string state = "waiting";
  std::string health = "unknown";  // unknown, healthy, unhealthy: the proxy's last word
  std::string reason;              // a word where unhealthy
  std::string description;
  std::optional<Moment> draining_since;
  // serving in a table that all workers acknowledged: only now does it count
  bool acknowledged = false;
};

// A task's place among the instances of a service of Cloud Map.
struct TaskRegistry {
  std::string service;               // DiscoveryService.id
  std::string container;             // whose port the instance tells; empty for any that maps it
  std::int32_t container_port = 0;   // 0: the instance tells no port
  std::string external_id;           // of the task's task set; empty for none
  std::int32_t port = 0;             // the true port, once it has entered
  std::string state = "waiting";     // waiting, entered, gone
  std::string health = "UNHEALTHY";  // HEALTHY while the task runs and its containers' checks pass
};

struct TaskContainer {
  std::string name;
  std::string image;
  std::string image_digest;
  std::string last_status = "PENDING";  // PENDING, RUNNING, STOPPED
  std::int64_t pid = 0;
  std::optional<std::int32_t> exit_code;
  std::string reason;
  bool essential = true;
  std::string health;        // UNKNOWN, HEALTHY, UNHEALTHY: of its health check; empty where it has none
  bool was_healthy = false;  // at some time
  std::vector<ecs::NetworkBinding> network_bindings;
};

// Fact, by control; the façade may set desired_status to STOPPED with a reason. Key: scope + cluster + "/" + id.
// A STOPPED task stays for an hour.
struct Task {
  static constexpr const char* kKind = "task";
  Scope scope;
  std::string cluster;
  std::string id;  // 32 hexadecimal digits
  std::string arn;
  std::string service;          // name; empty for one run by hand
  std::string deployment;       // Deployment.id or TaskSet.id; DescribeTasks shows it as startedBy
  std::string task_set;         // TaskSet.id; empty where it belongs to none
  std::string group;            // "family:web", or as RunTask had it; empty for a service's
  std::string started_by;       // as RunTask had it
  std::string reference_id;     // as RunTask had it
  std::string task_definition;  // ARN
  std::string launch_type = "FARGATE";
  std::string capacity_provider;  // empty where it has a launch type only
  std::optional<std::string> platform_version;
  std::optional<ecs::TaskOverride> overrides;                      // of one run by hand
  bool enable_execute_command = false;                             // recorded
  std::optional<ecs::NetworkConfiguration> network_configuration;  // none: its service's
  std::vector<ecs::Tag> tags;                                      // its own and those passed on to it
  std::string desired_status = "RUNNING";                          // RUNNING, STOPPED
  // PROVISIONING PENDING ACTIVATING RUNNING DEACTIVATING STOPPING DEPROVISIONING STOPPED
  std::string last_status = "PROVISIONING";
  std::string stop_code;  // EssentialContainerExited, TaskFailedToStart, UserInitiated, ServiceSchedulerInitiated
  std::string stopped_reason;
  Timestamp created_at;
  std::optional<Timestamp> pull_started_at;
  std::optional<Timestamp> pull_stopped_at;
  std::optional<Timestamp> started_at;
  std::optional<Timestamp> stopping_at;  // SIGTERM was sent, or it ended by itself
  std::optional<Timestamp> execution_stopped_at;
  std::optional<Timestamp> stopped_at;
  Moment made;   // by control; none where it was run by hand
  Moment since;  // when last_status became what it is
  std::string address;
  std::vector<TaskContainer> containers;
  std::vector<TaskTarget> targets;
  std::vector<TaskRegistry> registries;
  std::int64_t version = 1;  // DescribeTasks' version: grows with each change
  std::string key() const;
};

// Wish: what a RunTask with this client token began, so that its repeat begins nothing. Kept for a day. Key: scope +
// cluster + "/" + token.
struct RunRequest {
  static constexpr const char* kKind = "run-request";
  Scope scope;
  std::string cluster;
  std::string token;
  std::string request;             // a digest of the other parameters
  std::vector<std::string> tasks;  // ids
  std::vector<ecs::Failure> failures;
  Timestamp created_at;
  std::string key() const;
};

// Wish: one account setting. Key: scope + principal's ARN + " " + name; the account's default has no principal.
struct AccountSetting {
  static constexpr const char* kKind = "account-setting";
  Scope scope;
  std::string principal;  // ARN; empty: of everybody who has none of their own
  std::string name;
  std::string value;
  std::string key() const;
};

// HEALTHY once every essential container with a health check is, UNHEALTHY where one is that; otherwise UNKNOWN.
std::string health_of(const Task& task);

// Wish. Key: scope + name.
struct LoadBalancer {
  static constexpr const char* kKind = "load-balancer";
  Scope scope;
  elbv2::LoadBalancer balancer;
  std::vector<elbv2::Tag> tags;
  std::map<std::string, std::string> attributes;
  std::string key() const;
};

// Wish. Key: scope + name. LoadBalancerArns of the shape is computed when asked, from the listeners.
struct TargetGroup {
  static constexpr const char* kKind = "target-group";
  Scope scope;
  elbv2::TargetGroup group;
  std::vector<elbv2::Tag> tags;
  std::map<std::string, std::string> attributes;  // "deregistration_delay.timeout_seconds", …
  std::string key() const;
};

// Wish: a target registered by hand. Key: scope + target group's ARN + "/" + place, so that those of a group are listed
// together.
struct Target {
  static constexpr const char* kKind = "target";
  Scope scope;
  std::string target_group;  // ARN
  std::string address;       // an IP literal in its shortest form
  std::int32_t port = 0;
  std::string zone;  // as given; empty for none
  std::string key() const;
};

// Fact, by control: what became of a Target. It outlives its wish until it has drained. Key: as its Target.
struct TargetState {
  static constexpr const char* kKind = "target-state";
  Scope scope;
  TaskTarget target;  // without a container
  std::string key() const;
};
// What the keys of a target group's targets begin with.
std::string targets_of_group(const Scope& scope, std::string_view target_group);

// Wish. Key: scope + listener ARN.
struct Listener {
  static constexpr const char* kKind = "listener";
  Scope scope;
  elbv2::Listener listener;
  std::vector<elbv2::Tag> tags;
  std::map<std::string, std::string> attributes;  // those that were set
  std::vector<std::string> more_certificates;     // ARNs, besides the default one: chosen by the name asked for
  std::string key() const;
};

// Wish: one rule of a listener, besides its default. Key: scope + rule ARN, which begins as the listener's does, so
// that the rules of a listener are listed together.
struct Rule {
  static constexpr const char* kKind = "rule";
  Scope scope;
  std::string balancer;       // ARN
  std::string listener;       // ARN
  std::int32_t priority = 0;  // 1 to 50000; unique within the listener; the lowest is asked first
  elbv2::Rule rule;           // its Priority is `priority` as text
  std::vector<elbv2::Tag> tags;
  std::string key() const;
};
// What the keys of a listener's rules begin with.
std::string rules_of_listener(const Scope& scope, std::string_view listener);
// The ARN of a listener's default rule, which is no document of its own.
std::string default_rule_arn(const Listener& listener);
// The ARN of the listener that the rule `arn` belongs to; empty where `arn` is none of a rule.
std::string listener_of_rule(std::string_view arn);

// Fact, by control: what the proxy says of a listener. Key: as its Listener.
struct ListenerState {
  static constexpr const char* kKind = "listener-state";
  Scope scope;
  std::string arn;
  bool listening = false;
  std::string error;
  std::string key() const;
};

// Their members as tables, for the store.
const Shape& describe(const Scope*);
const Shape& describe(const Cluster*);
const Shape& describe(const TaskDefinition*);
const Shape& describe(const TaskDefinitionFamily*);
const Shape& describe(const Service*);
const Shape& describe(const TaskSet*);
const Shape& describe(const TaskSetState*);
const Shape& describe(const HookAnswer*);
const Shape& describe(const ServiceRevision*);
const Shape& describe(const HookRun*);
const Shape& describe(const StagedRoute*);
const Shape& describe(const StagedDeployment*);
const Shape& describe(const ServiceDeployment*);
const Shape& describe(const Deployment*);
const Shape& describe(const ServiceEvent*);
const Shape& describe(const ServiceState*);
const Shape& describe(const TaskTarget*);
const Shape& describe(const TaskRegistry*);
const Shape& describe(const TaskContainer*);
const Shape& describe(const Task*);
const Shape& describe(const RunRequest*);
const Shape& describe(const AccountSetting*);
const Shape& describe(const LoadBalancer*);
const Shape& describe(const TargetGroup*);
const Shape& describe(const Target*);
const Shape& describe(const TargetState*);
const Shape& describe(const Listener*);
const Shape& describe(const Rule*);
const Shape& describe(const ListenerState*);

}  // namespace weir::model
