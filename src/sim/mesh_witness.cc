#include "sim/mesh_witness.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/limits.h"

namespace weir::sim {

void MeshWitness::on_nodes(const std::vector<NodeWish>& nodes) {
  nodes_ = nodes;
  changed_ = clock_.now();
}

bool MeshWitness::stands_behind(const NodeWish& node, const std::string& service) const {
  if (std::ranges::find(node.members, service) == node.members.end()) return false;
  if (!node.service.empty()) return node.service == service;
  return std::ranges::none_of(
      nodes_, [&](const NodeWish& other) { return other.registry == node.registry && other.service == service; });
}

bool MeshWitness::belongs(const std::string& pool, const std::string& service) const {
  return std::ranges::any_of(nodes_, [&](const NodeWish& node) {
    return Wishes::pool_of_node(node.name) == pool && stands_behind(node, service);
  });
}

bool MeshWitness::is_member(const std::string& service) const {
  return std::ranges::any_of(nodes_, [&](const NodeWish& node) { return stands_behind(node, service); });
}

void MeshWitness::on_picked(const std::string& pool, const std::string& service, Instant calm_since) {
  if (belongs(pool, service)) return;
  // The nodes were others a moment ago.
  if (clock_.now() - std::max(changed_, calm_since) <= kExitKnownWithin) return;
  breach_(fmt::format("a request for {} goes to a task of {}", pool, service));
}

std::optional<std::string> MeshWitness::difference(const route::RouteTable& table,
                                                   const std::vector<model::Task>& tasks) const {
  for (const NodeWish& node : nodes_) {
    const route::Pool* pool = table.find_pool(Wishes::pool_of_node(node.name));
    if (pool == nullptr) return fmt::format("node {} has no pool", node.name);
    if (auto found = difference_of(node, *pool, tasks)) return found;
  }
  return difference_of_addresses(table);
}

std::optional<std::string> MeshWitness::difference_of(const NodeWish& node, const route::Pool& pool,
                                                      const std::vector<model::Task>& tasks) const {
  std::set<std::string> wished, found;
  for (const model::Task& task : tasks)
    if (stands_behind(node, task.service)) wished.insert(fmt::format("{}", task.id));
  for (const auto& backend : pool.backends)
    if (backend.state == route::BackendState::serving) found.insert(backend.id.substr(0, backend.id.find(':')));
  for (const auto& id : wished)
    if (!found.contains(id)) return fmt::format("node {} has no task {}", node.name, id.substr(0, 8));
  return std::nullopt;
}

std::optional<std::string> MeshWitness::difference_of_addresses(const route::RouteTable& table) const {
  const auto all = addresses(table);
  std::set<std::string> different;
  for (const auto& [name, port] : services_) {
    if (!all.contains(name)) return fmt::format("the virtual service {} has no listener", name);
    if (!different.insert(all.at(name)).second) return fmt::format("two virtual services are at {}", all.at(name));
  }
  return std::nullopt;
}

std::map<std::string, std::string> MeshWitness::addresses(const route::RouteTable& table) const {
  std::map<std::string, std::string> all;
  for (const auto& [name, port] : services_)
    for (const auto& listener : table.listeners)
      if (listener.port == port) all[name] = listener.address;
  return all;
}

}  // namespace weir::sim
