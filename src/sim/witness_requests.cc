// Witness: what becomes of requests.
#include <fmt/format.h>

#include <algorithm>

#include "control/mesh_claims.h"
#include "sim/witness.h"

namespace weir::sim {

using route::BackendState;

void Witness::on_picked(proxy::LivePool& pool, proxy::LiveBackend& backend, SimTask* task, std::size_t attempt) {
  if (task == nullptr) return breach(kRequestInvariant, "a request goes to " + backend.spec.id + ", where nobody is");
  if (backend.spec.state != BackendState::serving)
    breach(kRequestInvariant, "a request goes to " + name_of(*task) + ", which does not serve");
  if (task->told_to_stop) breach(kRequestInvariant, "a request goes to " + name_of(*task) + " after its SIGTERM");
  if (!task->exited && !task->failing && !task->was_ready)
    breach(kRequestInvariant, "a request goes to " + name_of(*task) + ", which was never ready");
  const model::Task* const known = tasks_->find(task->spec.id);
  if (known != nullptr && !task->crashed() &&
      TaskWitness::place_of(known->last_status) > TaskWitness::place_of("DEACTIVATING"))
    breach(kRequestInvariant, fmt::format("a request goes to {}, which is {}", name_of(*task), known->last_status));
  if (task->behaviour.never_healthy)
    breach(kRequestInvariant, "a request goes to " + name_of(*task) + ", which never passed a health check");
  if (task->crashed() && task->exit_told && clock_.now() - std::max(task->exit_told_at, calm_since_) > kExitKnownWithin)
    breach(kRequestInvariant, "a request goes to " + name_of(*task) + " long after control knew that it had ended");
  if (control::is_mesh_pool(pool.id())) mesh_->on_picked(pool.id(), service_of(*task), calm_since_);
  if (attempt > 0 || backend.health != route::Health::unhealthy) return;
  for (const auto& other : pool.backends())
    if (other->serving() && other->health != route::Health::unhealthy)
      breach(kRequestInvariant, "a request goes to " + name_of(*task) + ", which is unhealthy, while another is not");
}

void Witness::on_unheard(std::uint16_t port) {
  if (heard_.contains(port)) breach(kRequestInvariant, fmt::format("nobody listens on port {} any more", port));
}

void Witness::on_unled(std::uint16_t port) {
  if (staged_ports_.contains(port))
    breach(kRequestInvariant, fmt::format("the listener on port {} leads to no target group at all", port));
}

void Witness::on_unserved(const std::string& pool, std::size_t attempts) {
  if (attempts >= kMaxAttempts) return;
  for (const auto& [port, places] : places_) {
    const auto found = places.find(pool);
    if (found == places.end()) continue;
    const Place& place = found->second;
    if (!place.served_everywhere || place.draining_since || place.removed) continue;
    const SimTask* task = runtime_.at_port(port);
    if (task != nullptr && task->answers())
      return breach(kRequestInvariant, "a request finds nobody while " + name_of(*task) + " should serve");
  }
}

void Witness::on_lost(const SimTask& task, const std::string& pool) {
  if (task.crashed() || task.hanging) return;
  const auto places = places_.find(task.port);
  if (places != places_.end()) {
    const auto place = places->second.find(pool);
    if (place != places->second.end() && place->second.delay_over) return;
  }
  breach(kRequestInvariant, "a request is lost in the hands of " + name_of(task) + ", which did nothing wrong");
}

}  // namespace weir::sim
