// Wishes: deployments, what stops them and what lets them go on.
#include <fmt/format.h>

#include "model/alarm_documents.h"
#include "sim/wishes.h"

namespace weir::sim {

namespace ecs = model::ecs;

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

std::optional<model::ServiceDeployment> Wishes::record(const model::Service& service) {
  auto found = MUST(store::load<model::ServiceDeployment>(store_, service.key() + "/" + service.service_deployment_id));
  if (!found) return std::nullopt;
  return std::move(found->document);
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

}  // namespace weir::sim
