// Wishes: services whose task sets somebody's own script deploys by, and registries of Cloud Map.
#include <fmt/format.h>

#include <algorithm>

#include "model/discovery_documents.h"
#include "sim/wishes.h"

namespace weir::sim {

namespace {

constexpr std::size_t kMostTaskSets = 5;  // of a service, as ECS has it

model::ecs::ServiceRegistry registry_of(const std::string& id) {
  return {.registryArn = fmt::format("arn:aws:servicediscovery:{}:{}:service/{}", kScope.region, kScope.account, id),
          .containerName = "app",
          .containerPort = 8080};
}

}  // namespace

std::string Wishes::create_registry(const std::string& name, bool weighted) {
  const model::DiscoveryService document{.scope = kScope,
                                         .id = "srv-" + random_.hex(16),
                                         .name = name,
                                         .name_space = kNamespaceId,
                                         .type = "DNS_HTTP",
                                         .records = {{.Type = "A", .TTL = 10}},
                                         .routing_policy = weighted ? "WEIGHTED" : "MULTIVALUE",
                                         .custom_health = true,
                                         .created_at = clock_.wall()};
  write(store::put(document, store::Expect::kAbsent));
  return document.id;
}

void Wishes::enter_by(model::Service& service, const std::string& registry) {
  if (!registry.empty()) service.service_registries = {registry_of(registry)};
}

void Wishes::create_external_service(const std::string& name, std::int32_t desired) {
  model::Service service;
  service.scope = kScope;
  service.cluster = kCluster;
  service.name = name;
  service.arn = fmt::format("arn:aws:ecs:{}:{}:service/{}/{}", kScope.region, kScope.account, kCluster, name);
  service.created_at = clock_.wall();
  service.controller = "EXTERNAL";
  service.desired_count = desired;
  write(store::put(service, store::Expect::kAbsent));
}

bool Wishes::change_task_sets(const std::string& service, const std::function<bool(model::Service&)>& change) {
  auto found = MUST(store::load<model::Service>(store_, in_cluster(service)));
  if (!found || found->document.status != "ACTIVE" || !change(found->document)) return false;
  write(store::put(*found));
  return true;
}

bool Wishes::create_task_set(const TaskSetWish& wish) {
  return change_task_sets(wish.service, [&](model::Service& service) {
    if (service.task_sets.size() >= kMostTaskSets) return false;
    model::TaskSet set{.id = "ecs-svc/" + digits(19), .created_at = clock_.wall(), .updated_at = clock_.wall()};
    set.arn = service.arn + "/" + set.id;
    set.task_definition = wish.definition;
    set.percent = wish.percent;
    if (!wish.group.empty()) {
      set.load_balancers = {{.targetGroupArn = wish.group, .containerName = "app", .containerPort = 8080}};
    }
    if (!wish.registry.empty()) set.service_registries = {registry_of(wish.registry)};
    service.task_sets.push_back(std::move(set));
    return true;
  });
}

bool Wishes::change_task_set(const std::string& service, std::uint64_t drawn,
                             const std::function<void(model::Service&, model::TaskSet&)>& change) {
  return change_task_sets(service, [&](model::Service& wished) {
    if (wished.task_sets.empty()) return false;
    model::TaskSet& set = wished.task_sets[drawn % wished.task_sets.size()];
    if (set.status == "DRAINING") return false;
    change(wished, set);
    set.updated_at = clock_.wall();
    return true;
  });
}

bool Wishes::scale_task_set(const std::string& service, std::uint64_t drawn, double percent) {
  return change_task_set(service, drawn, [&](model::Service&, model::TaskSet& set) { set.percent = percent; });
}

bool Wishes::make_primary(const std::string& service, std::uint64_t drawn) {
  return change_task_set(service, drawn, [&](model::Service& wished, model::TaskSet& set) {
    for (auto& other : wished.task_sets)
      if (other.status == "PRIMARY") other.status = "ACTIVE";
    set.status = "PRIMARY";
  });
}

bool Wishes::delete_task_set(const std::string& service, std::uint64_t drawn) {
  return change_task_set(service, drawn, [](model::Service&, model::TaskSet& set) { set.status = "DRAINING"; });
}

}  // namespace weir::sim
