#include "sim/witness.h"

#include <fmt/format.h>

#include <algorithm>

#include "control/mesh_claims.h"

namespace weir::sim {

using route::Backend;
using route::BackendState;

namespace {

template <class See>
void for_each_backend(const route::RouteTable& table, See see) {
  for (const auto& pool : table.pools)
    for (const auto& backend : pool.backends) see(pool, backend);
}

bool serves(const route::RouteTable& table, std::uint16_t port) {
  bool found = false;
  for_each_backend(table, [&](const route::Pool&, const Backend& backend) {
    found = found || (backend.port == port && backend.state == BackendState::serving);
  });
  return found;
}

std::int32_t count_serving(const route::RouteTable& table, const std::string& pool) {
  std::int32_t count = 0;
  for_each_backend(table, [&](const route::Pool& its, const Backend& backend) {
    if (its.id == pool && backend.state == BackendState::serving) ++count;
  });
  return count;
}

// Rounded up, as ECS has it.
std::int32_t fewest(const model::Service& service) {
  return (service.desired_count * std::min(service.minimum_healthy_percent, 100) + 99) / 100;
}

// Whether any request may come to the pool.
bool leads_to(const route::RouteTable& table, const std::string& pool) {
  for (const auto& listener : table.listeners) {
    for (const auto& rule : listener.rules) {
      const auto* forward = std::get_if<route::Forward>(&rule.action);
      if (forward == nullptr) continue;
      for (const auto& each : forward->pools)
        if (each.pool == pool && each.weight > 0) return true;
    }
  }
  return false;
}

bool deploys_in_stages(const model::Service& service) {
  const auto& given = service.deployment_configuration;
  return given && given->strategy.value_or("ROLLING") != "ROLLING";
}

}  // namespace

void Witness::breach(const char* invariant, std::string what) {
  if (!breach_) breach_ = Breach{invariant, std::move(what)};
}

std::string Witness::name_of(const SimTask& task) const {
  return fmt::format("task {} ({}, port {})", task.spec.id.substr(0, 8), task.spec.containers.front().image, task.port);
}

std::string Witness::service_of(const SimTask& task) {
  const auto found = services_.find(task.spec.id);
  return found == services_.end() ? std::string() : found->second;
}

bool Witness::serves_everywhere(std::uint16_t port) const {
  if (proxy_->process() == nullptr) return proxy_->kept() && serves(*proxy_->kept(), port);
  return std::ranges::all_of(proxy_->process()->workers(),
                             [&](const auto& worker) { return worker->table() && serves(*worker->table(), port); });
}

// --- control's deeds -------------------------------------------------------------------------------------------------

void Witness::on_start(const runtime::TaskSpec& spec) {
  const SimTask* before = runtime_.find_task(spec.id);
  if (before != nullptr && !before->forgotten) return;  // a repeat does nothing
  const auto document = wishes_.task(spec.id);
  if (!document)
    return breach(kLeakInvariant, fmt::format("task {} is started before the store knows it", spec.id.substr(0, 8)));
  services_[spec.id] = document->service;
}

void Witness::on_sigterm(const SimTask& task) {
  check_sigterm(task);
  const model::Task* const known = tasks_->find(task.spec.id);
  if (known != nullptr && TaskWitness::place_of(known->last_status) < TaskWitness::place_of("STOPPING"))
    breach(kSigtermInvariant, fmt::format("{} gets SIGTERM, and is {}", name_of(task), known->last_status));
}

void Witness::check_sigterm(const SimTask& task) {
  const auto places = places_.find(task.port);
  if (places == places_.end() || runtime_.at_port(task.port) != &task) return;
  if (proxy_->process() == nullptr) {
    if (proxy_->kept() && serves(*proxy_->kept(), task.port))
      breach(kSigtermInvariant, name_of(task) + " gets SIGTERM while the proxy's kept table still serves from it");
    return;
  }
  for (const auto& worker : proxy_->process()->workers()) {
    if (worker->table() && serves(*worker->table(), task.port))
      breach(kSigtermInvariant,
             fmt::format("{} gets SIGTERM while a worker serves from it (table {})", name_of(task), worker->version()));
  }
  for (auto& [pool, place] : places->second) {
    const std::uint32_t active = proxy_->active(task.port, pool);
    // Control counts in milliseconds.
    const auto& since = place.draining_since;
    place.delay_over = since && clock_.now() - *since + milliseconds(1) > place.drain_delay;
    if (active > 0 && !place.delay_over)
      breach(kSigtermInvariant, fmt::format("{} gets SIGTERM with {} requests in flight", name_of(task), active));
  }
}

void Witness::on_end_wished(const model::Task& document) {
  const SimTask* task = runtime_.find_task(document.id);
  if (task == nullptr || task->forgotten) return;
  // One in a table is judged by the tables.
  const bool in_table = places_.contains(task->port) && runtime_.at_port(task->port) == task;
  if (!in_table) check_stop_without_balancer(*task, document);
}

bool Witness::is_ill(const SimTask& task) {
  return std::ranges::any_of(task.observed.containers, [](const auto& each) {
    return each.health != runtime::ContainerHealth::unchecked && each.health != runtime::ContainerHealth::healthy;
  });
}

bool Witness::counts(const SimTask& task) const {
  if (!task.was_ready || task.told_to_stop || task.failing_told || task.exit_told || is_ill(task)) return false;
  if (!serves_everywhere(task.port)) return false;
  const auto told = told_health_.find(fmt::format("{}:{}", task.spec.id, task.port));
  return told == told_health_.end() || told->second != route::Health::unhealthy;
}

void Witness::on_publish(const route::RouteTable& table) {
  std::set<std::pair<std::uint16_t, std::string>> present;
  for_each_backend(table, [&](const route::Pool& pool, const Backend& backend) {
    present.emplace(backend.port, pool.id);
    Place& place = places_[backend.port][pool.id];
    if (place.removed || (place.draining_since && backend.state != BackendState::draining)) place = Place{};  // again
    place.drain_delay = pool.drain_delay;
    if (backend.state == BackendState::draining && !place.draining_since) place.draining_since = clock_.now();
    if (backend.state == BackendState::serving && place.serving_version == 0) place.serving_version = table.version;
  });
  for (auto& [port, places] : places_)
    for (auto& [pool, place] : places)
      if (!present.contains({port, pool})) place.removed = true;
  for_each_backend(published_, [&](const route::Pool& pool, const Backend& backend) {
    if (backend.state != BackendState::serving || serves(table, backend.port)) return;
    if (const SimTask* task = runtime_.at_port(backend.port)) check_removal(*task, pool.id, table);
  });
  check_shift(table);
  check_emptied(table);
  published_ = table;
}

// Requests are not led from a pool that serves to one where nobody does.
void Witness::check_shift(const route::RouteTable& table) {
  for (const auto& [to, from] : staged_groups_) {
    if (!leads_to(table, to) || leads_to(published_, to) || !leads_to(published_, from)) continue;
    if (count_serving(table, to) == 0 && count_serving(table, from) > 0)
      breach(kCountInvariant, fmt::format("table {} leads requests to {}, where nobody serves", table.version, to));
  }
}

// Nor does a pool lose the last that serves of its own accord, as long as requests are led to it and not all to others.
void Witness::check_emptied(const route::RouteTable& table) {
  for (const auto& [to, from] : staged_groups_) {
    if (!leads_to(table, to) || count_serving(table, to) > 0 || count_serving(table, from) == 0) continue;
    for_each_backend(published_, [&](const route::Pool& pool, const Backend& backend) {
      if (pool.id != to || backend.state != BackendState::serving) return;
      const SimTask* task = runtime_.at_port(backend.port);
      if (task != nullptr && is_let_go(*task, pool.id))
        breach(kCountInvariant, fmt::format("table {} lets {} go, the last to which {} leads requests", table.version,
                                            name_of(*task), to));
    });
  }
}

// Control lets it go although it serves and nobody asked for its end.
bool Witness::is_let_go(const SimTask& task, const std::string& pool) {
  if (!places_[task.port][pool].known || !counts(task)) return false;
  const auto document = wishes_.task(task.spec.id);
  if (!document || document->stop_code == "UserInitiated") return false;
  const auto is_sick = [](const auto& target) { return target.health == "unhealthy"; };
  if (std::ranges::any_of(document->targets, is_sick)) return false;
  const auto service = wishes_.service(document->service);
  return service && service->status == "ACTIVE" && service->desired_count > 0;
}

void Witness::check_removal(const SimTask& task, const std::string& group, const route::RouteTable& table) {
  // One of which control has not heard yet that it serves does not count for it.
  if (!is_let_go(task, group)) return;
  const auto document = wishes_.task(task.spec.id);
  // A mesh that is another moves tasks from node to node, whatever their service needs.
  const bool moves = document->desired_status != "STOPPED" || !mesh_->belongs(group, document->service);
  if (control::is_mesh_pool(group) && moves) return;
  if (!document->task_set.empty()) return check_set(task, *document);
  const auto service = wishes_.service(service_of(task));
  // Of two groups between which a service shifts its requests only those count to which any come; after a switch to
  // another strategy too.
  const bool shifts = std::ranges::any_of(staged_groups_, [&](const auto& each) { return each.first == group; });
  if (shifts && !leads_to(table, group)) return;
  const bool staged = deploys_in_stages(*service);
  std::int32_t left = 0;
  for_each_backend(table, [&](const route::Pool& pool, const Backend& backend) {
    if (backend.state != BackendState::serving || (staged && !leads_to(table, pool.id))) return;
    const SimTask* other = runtime_.at_port(backend.port);
    if (other != nullptr && service_of(*other) == service->name && counts(*other)) ++left;
  });
  if (left < fewest(*service))
    breach(kCountInvariant,
           fmt::format("table {} lets {} go and leaves {} of service {}, which must have {} of {}", table.version,
                       name_of(task), left, service->name, fewest(*service), service->desired_count));
}

bool Witness::runs(const SimTask& task) {
  const auto passed = [](const auto& each) {
    return each.health == runtime::ContainerHealth::unchecked || each.health == runtime::ContainerHealth::healthy;
  };
  return !task.told_to_stop && !task.failing_told && !task.exit_told &&
         task.observed.phase == runtime::TaskPhase::running && std::ranges::all_of(task.observed.containers, passed);
}

void Witness::check_stop_without_balancer(const SimTask& task, const model::Task& document) {
  if (document.stop_code == "UserInitiated" || !runs(task)) return;
  if (!document.task_set.empty()) {
    if (document.targets.empty()) check_set(task, document);
    return;
  }
  const auto service = wishes_.service(document.service);
  if (!service || service->status != "ACTIVE" || !service->load_balancers.empty()) return;
  std::int32_t left = 0;
  for (const auto& [id, other] : runtime_.tasks()) {
    if (service_of(other) != service->name || !runs(other)) continue;
    const model::Task* its = tasks_->find(id);
    if (its != nullptr && its->desired_status == "RUNNING") ++left;
  }
  if (left < fewest(*service))
    breach(kCountInvariant, fmt::format("{} is to stop, which leaves {} of service {}, which must have {}",
                                        name_of(task), left, service->name, fewest(*service)));
}

void Witness::on_feedback(const route::Feedback& feedback) {
  for (const auto& status : feedback.backends) told_health_[status.backend] = status.health;
  for (auto& [port, places] : places_)
    for (auto& [pool, place] : places)
      if (place.serving_version != 0 && place.serving_version <= feedback.acknowledged) place.known = true;
}

// It knows what its predecessor had stored.
void Witness::on_control_started() {
  told_health_.clear();
  for (auto& [port, places] : places_)
    for (auto& [pool, place] : places) place.known = false;
  for (const auto& task : wishes_.tasks())
    for (const auto& target : task.targets)
      if (target.acknowledged) places_[static_cast<std::uint16_t>(target.port)][target.target_group].known = true;
}

// --- the proxy's -----------------------------------------------------------------------------------------------------

void Witness::on_applied(const route::RouteTable& table) {
  for_each_backend(table, [&](const route::Pool&, const Backend& backend) {
    if (backend.state != BackendState::serving) return;
    const SimTask* task = runtime_.at_port(backend.port);
    if (task != nullptr && task->told_to_stop)
      breach(kSigtermInvariant, fmt::format("a worker takes up table {}, in which {} serves, after its SIGTERM",
                                            table.version, name_of(*task)));
  });
}

void Witness::on_acknowledged(const route::RouteTable& table) {
  for (const auto& listener : table.listeners) heard_.insert(listener.port);
  for_each_backend(table, [&](const route::Pool& pool, const Backend& backend) {
    if (backend.state == BackendState::serving) places_[backend.port][pool.id].served_everywhere = true;
  });
}

}  // namespace weir::sim
