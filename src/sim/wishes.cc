#include "sim/wishes.h"

#include <fmt/format.h>

#include "model/alarm_documents.h"
#include "model/discovery_documents.h"

namespace weir::sim {

namespace {

namespace ecs = model::ecs;

std::string ecs_arn(const std::string& resource) {
  return fmt::format("arn:aws:ecs:{}:{}:{}", kScope.region, kScope.account, resource);
}

}  // namespace

void Wishes::write(const store::Write& write) { MUST(store_.commit(std::span(&write, 1))); }

std::string Wishes::digits(unsigned count) {
  std::string digits;
  while (digits.size() < count) digits += static_cast<char>('0' + random_.below(10));
  return digits;
}

std::vector<store::Write> Wishes::begin(model::Service& service) {
  std::vector<store::Write> writes;
  if (auto before = record(service); before && !has_ended(*before)) {
    before->status = "STOPPED";
    writes.push_back(store::put(*before, store::Expect::kAny));
  }
  model::ServiceDeployment started{.scope = kScope, .cluster = kCluster, .service = service.name};
  started.source_revision = service.revision_id;
  service.deployment_id = "ecs-svc/" + digits(19);
  service.deployment_created_at = clock_.wall();
  service.revision_id = digits(19);
  service.service_deployment_id = started.id = digits(21);
  service.stop_requested.clear();
  started.created_at = clock_.wall();
  started.target_revision = service.revision_id;
  started.deployment_id = service.deployment_id;
  writes.push_back(store::put(revision_of(service), store::Expect::kAbsent));
  writes.push_back(store::put(started, store::Expect::kAbsent));
  return writes;
}

void Wishes::create_cluster() {
  model::Cluster cluster;
  cluster.scope = kScope;
  cluster.name = kCluster;
  cluster.arn = ecs_arn(fmt::format("cluster/{}", kCluster));
  cluster.created_at = clock_.wall();
  write(store::put(cluster, store::Expect::kAbsent));
  const model::DiscoveryNamespace space{
      .scope = kScope, .id = kNamespaceId, .name = kNamespace, .type = "DNS_PRIVATE", .created_at = clock_.wall()};
  write(store::put(space, store::Expect::kAbsent));
}

std::string Wishes::register_definition(const std::string& family, std::int32_t revision, const std::string& image,
                                        std::int32_t stop_timeout, const std::vector<HelperWish>& helpers) {
  ecs::ContainerDefinition container;
  container.name = "app";
  container.image = image;
  container.essential = true;
  container.stopTimeout = stop_timeout;
  container.portMappings = {ecs::PortMapping{.containerPort = 8080, .protocol = "tcp"}};
  model::TaskDefinition document;
  document.scope = kScope;
  document.definition.taskDefinitionArn = ecs_arn(fmt::format("task-definition/{}:{}", family, revision));
  document.definition.family = family;
  document.definition.revision = revision;
  document.definition.status = "ACTIVE";
  document.definition.networkMode = "awsvpc";
  std::vector<ecs::ContainerDefinition> containers{std::move(container)};
  for (const auto& helper : helpers) {
    containers.front()
        .dependsOn.emplace(containers.front().dependsOn.value_or(std::vector<ecs::ContainerDependency>()))
        .push_back({.containerName = helper.name, .condition = helper.condition});
    ecs::ContainerDefinition beside;
    beside.name = helper.name;
    beside.image = helper.image;
    beside.essential = helper.essential;
    beside.stopTimeout = stop_timeout;
    if (helper.restarts) beside.restartPolicy = ecs::ContainerRestartPolicy{.enabled = true, .restartAttemptPeriod = 1};
    if (helper.condition == "HEALTHY") beside.healthCheck.emplace().command = {"CMD", "true"};
    containers.push_back(std::move(beside));
  }
  document.definition.containerDefinitions = std::move(containers);
  write(store::put(document, store::Expect::kAbsent));
  return *document.definition.taskDefinitionArn;
}

void Wishes::run_task(const std::string& family, std::int32_t revision) {
  const auto wished =
      MUST(store::load<model::TaskDefinition>(store_, model::task_definition_key(kScope, family, revision)));
  model::Task task{.scope = kScope, .cluster = kCluster, .id = random_.hex(32)};
  task.arn = ecs_arn(fmt::format("task/{}/{}", kCluster, task.id));
  task.group = "family:" + family;
  task.task_definition = *wished->document.definition.taskDefinitionArn;
  task.created_at = clock_.wall();
  for (const auto& container : *wished->document.definition.containerDefinitions) {
    task.containers.push_back(
        {.name = *container.name, .image = *container.image, .essential = *container.essential, .health = ""});
  }
  write(store::put(task, store::Expect::kAbsent));
}

void Wishes::set_strategy(model::Service& service, const std::string& strategy, std::int32_t bake) {
  auto& configuration = *service.deployment_configuration;
  configuration.strategy = strategy;
  configuration.bakeTimeInMinutes = bake;
  configuration.canaryConfiguration.reset();
  configuration.linearConfiguration.reset();
  if (strategy == "CANARY") configuration.canaryConfiguration = ecs::CanaryConfiguration{10, bake};
  if (strategy == "LINEAR") configuration.linearConfiguration = ecs::LinearConfiguration{40, bake};
}

void Wishes::stage(model::Service& service, const ServiceWish& wish) {
  set_strategy(service, wish.strategy, wish.bake);
  const auto rule_of = [this](const std::string& arn) {
    const auto listener = MUST(store::load<model::Listener>(store_, kScope.prefix() + arn));
    return model::default_rule_arn(listener->document);
  };
  auto& advanced = service.load_balancers[0].advancedConfiguration.emplace();
  advanced.alternateTargetGroupArn = wish.alternate;
  advanced.productionListenerRule = rule_of(wish.listener);
  if (!wish.test_listener.empty()) advanced.testListenerRule = rule_of(wish.test_listener);
  for (const HookWish& wished : wish.hooks) {
    ecs::DeploymentLifecycleHook hook{.lifecycleStages = std::vector{wished.stage}};
    hook.targetType = wished.pauses ? "PAUSE" : "AWS_LAMBDA";
    if (!wished.pauses) hook.hookTargetArn = "arn:aws:lambda:eu-west-1:000000000000:function:hook";
    hook.timeoutConfiguration = {wished.timeout, wished.action};
    auto& hooks = service.deployment_configuration->lifecycleHooks;
    if (!hooks) hooks.emplace();
    hooks->push_back(std::move(hook));
  }
}

void Wishes::create_service(const ServiceWish& wish) {
  model::Service service;
  service.scope = kScope;
  service.cluster = kCluster;
  service.name = wish.name;
  service.arn = ecs_arn(fmt::format("service/{}/{}", kCluster, wish.name));
  service.created_at = clock_.wall();
  service.task_definition = wish.definition;
  service.desired_count = wish.desired;
  service.minimum_healthy_percent = wish.minimum_percent;
  service.maximum_percent = wish.maximum_percent;
  service.health_check_grace_period_seconds = wish.grace;
  if (!wish.group.empty()) {
    service.load_balancers = {
        ecs::LoadBalancer{.targetGroupArn = wish.group, .containerName = "app", .containerPort = 8080}};
  }
  enter_by(service, wish.registry);
  if (wish.daemon) service.scheduling_strategy = "DAEMON";
  auto& breaker = service.deployment_configuration.emplace().deploymentCircuitBreaker.emplace();
  breaker.enable = wish.breaker;
  breaker.rollback = wish.rolls_back;
  if (!wish.alternate.empty()) stage(service, wish);
  if (!wish.alarm.empty()) {
    service.deployment_configuration->alarms =
        ecs::DeploymentAlarms{.alarmNames = {wish.alarm}, .rollback = wish.rolls_back, .enable = true};
  }
  const auto before = MUST(store::load<model::Service>(store_, service.key()));
  std::vector<store::Write> writes = begin(service);
  writes.push_back(store::put(service, before ? before->revision : store::Expect::kAbsent));
  if (const auto state = MUST(store::load<model::ServiceState>(store_, service.key())))
    writes.push_back(store::erase(*state));
  MUST(store_.commit(writes));
}

template <class Change>
bool Wishes::change_service(const std::string& name, Change change) {
  auto found = MUST(store::load<model::Service>(store_, in_cluster(name)));
  if (!found || found->document.status != "ACTIVE") return false;
  change(found->document);
  write(store::put(*found));
  return true;
}

bool Wishes::redeploy(const std::string& name, const std::function<void(model::Service&)>& change) {
  auto found = MUST(store::load<model::Service>(store_, in_cluster(name)));
  if (!found || found->document.status != "ACTIVE") return false;
  change(found->document);
  std::vector<store::Write> writes = begin(found->document);
  writes.push_back(store::put(*found));
  MUST(store_.commit(writes));
  return true;
}

bool Wishes::deploy(const std::string& service, const std::string& definition) {
  return redeploy(service, [&](model::Service& wished) { wished.task_definition = definition; });
}

bool Wishes::rehome(const std::string& service, const std::string& group) {
  return redeploy(service, [&](model::Service& wished) { wished.load_balancers[0].targetGroupArn = group; });
}

bool Wishes::stop_deployment(const std::string& service, bool back) {
  auto found = MUST(store::load<model::Service>(store_, in_cluster(service)));
  if (!found || found->document.status != "ACTIVE") return false;
  auto stopped = record(found->document);
  if (!stopped || (stopped->status != "PENDING" && stopped->status != "IN_PROGRESS")) return false;
  const auto state = service_state(service);
  if (back && (!state || state->completed_revision.empty())) return false;
  stopped->status = back ? "ROLLBACK_REQUESTED" : "STOP_REQUESTED";
  found->document.stop_requested = back ? "ROLLBACK" : "ABORT";
  MUST(store_.commit(std::vector{store::put(*stopped, store::Expect::kAny), store::put(*found)}));
  return true;
}

bool Wishes::switch_strategy(const std::string& service, const std::string& strategy, std::int32_t bake) {
  return redeploy(service, [&](model::Service& wished) { set_strategy(wished, strategy, bake); });
}

std::optional<std::string> Wishes::answer_hook(const std::string& service, const std::string& action) {
  auto found = MUST(store::load<model::Service>(store_, in_cluster(service)));
  if (!found || found->document.status != "ACTIVE") return std::nullopt;
  const auto held = record(found->document);
  if (!held || has_ended(*held)) return std::nullopt;
  for (const auto& hook : held->hooks) {
    if (hook.target_type != "PAUSE" || hook.status != "AWAITING_ACTION") continue;
    found->document.hook_answers.push_back({hook.id, action});
    write(store::put(*found));
    return hook.id;
  }
  return std::nullopt;
}

void Wishes::create_alarm(const std::string& name) {
  model::MetricAlarm document{.scope = kScope};
  document.alarm.AlarmName = name;
  document.alarm.Period = 1;
  document.alarm.EvaluationPeriods = 1;
  write(store::put(document, store::Expect::kAny));
  set_alarm(name, "OK");
}

void Wishes::set_alarm(const std::string& name, const std::string& state) {
  model::AlarmState document{.scope = kScope, .name = name, .value = state};
  document.updated = document.transitioned = clock_.wall();
  write(store::put(document, store::Expect::kAny));
}

bool Wishes::scale(const std::string& service, std::int32_t desired) {
  return change_service(service, [&](model::Service& wished) { wished.desired_count = desired; });
}

bool Wishes::set_percents(const std::string& service, std::int32_t minimum, std::int32_t maximum) {
  return change_service(service, [&](model::Service& wished) {
    wished.minimum_healthy_percent = minimum;
    wished.maximum_percent = maximum;
  });
}

bool Wishes::delete_service(const std::string& service) {
  return change_service(service, [&](model::Service& wished) {
    wished.desired_count = 0;
    wished.status = "DRAINING";
    for (auto& set : wished.task_sets) set.status = "DRAINING";
  });
}

bool Wishes::stop_task(const std::string& id) {
  auto found = MUST(store::load<model::Task>(store_, in_cluster(id)));
  if (!found || found->document.desired_status == "STOPPED") return false;
  found->document.desired_status = "STOPPED";
  found->document.stop_code = "UserInitiated";
  found->document.stopped_reason = "Task stopped by user";
  ++found->document.version;
  write(store::put(*found));
  return true;
}

std::optional<model::Service> Wishes::service(const std::string& name) {
  auto found = MUST(store::load<model::Service>(store_, in_cluster(name)));
  if (!found) return std::nullopt;
  return std::move(found->document);
}

std::optional<model::ServiceState> Wishes::service_state(const std::string& name) {
  auto found = MUST(store::load<model::ServiceState>(store_, in_cluster(name)));
  if (!found) return std::nullopt;
  return std::move(found->document);
}

std::optional<model::ServiceDeployment> Wishes::record(const model::Service& service) {
  auto found = MUST(store::load<model::ServiceDeployment>(store_, service.key() + "/" + service.service_deployment_id));
  if (!found) return std::nullopt;
  return std::move(found->document);
}

std::optional<model::Task> Wishes::task(const std::string& id) {
  auto found = MUST(store::load<model::Task>(store_, in_cluster(id)));
  if (!found) return std::nullopt;
  return std::move(found->document);
}

std::vector<model::Service> Wishes::services() {
  std::vector<model::Service> all;
  for (auto& each : MUST(store::load_all<model::Service>(store_, in_cluster("")))) all.push_back(each.document);
  return all;
}

std::vector<model::Task> Wishes::tasks() {
  std::vector<model::Task> all;
  for (auto& each : MUST(store::load_all<model::Task>(store_, in_cluster("")))) all.push_back(each.document);
  return all;
}

}  // namespace weir::sim
