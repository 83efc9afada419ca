#include "sim/wishes.h"

#include <fmt/format.h>

#include "model/discovery_documents.h"

namespace weir::sim {

namespace ecs = model::ecs;

std::string Wishes::ecs_arn(const std::string& resource) {
  return fmt::format("arn:aws:ecs:{}:{}:{}", kScope.region, kScope.account, resource);
}

void Wishes::write(const store::Write& write) { MUST(store_.commit(std::span(&write, 1))); }

std::string Wishes::digits(unsigned count) {
  std::string digits;
  while (digits.size() < count) digits += static_cast<char>('0' + random_.below(10));
  return digits;
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

std::vector<model::Service> Wishes::services() {
  std::vector<model::Service> all;
  for (auto& each : MUST(store::load_all<model::Service>(store_, in_cluster("")))) all.push_back(each.document);
  return all;
}

}  // namespace weir::sim
