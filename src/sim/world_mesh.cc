// World: virtual services whose requests are parted among virtual nodes, and nodes that come and go.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/limits.h"
#include "sim/world.h"

namespace weir::sim {

// Its services are known by one name of Cloud Map; most have a node of their own, and one takes the rest.
void World::add_mesh() {
  if (meshes_.empty()) wishes_.create_mesh();
  MeshPlan mesh{.name = fmt::format("mesh-{}", meshes_.size() + 1)};
  mesh.registry = mesh.name + "-tasks";
  const std::string id = add_registry(mesh.registry);
  const std::int64_t members = random_.between(1, 3);
  for (std::int64_t i = 0; i < members; ++i) {
    ServicePlan service{.name = fmt::format("{}-{}", mesh.name, i + 1)};
    service.registry = id;
    service.meshed = true;
    wish_service(service);
    mesh.members.push_back(service.name);
    services_.push_back(std::move(service));
  }
  const std::int32_t port = kFirstMeshPort + static_cast<std::int32_t>(meshes_.size());
  wishes_.create_virtual_service(mesh.name, port);
  mesh_witness_.add_service(fmt::format("{}.{}", mesh.name, kNamespace), static_cast<std::uint16_t>(port));
  mesh.listener = listeners_.size();
  listeners_.push_back({.arn = mesh.name, .port = port, .pause = milliseconds(random_.between(15, 120))});
  listeners_.back().meshed = true;
  meshes_.push_back(std::move(mesh));
  MeshPlan& added = meshes_.back();
  for (std::size_t i = 0; i <= added.members.size(); ++i)
    if (i == 0 || random_.chance(65)) add_node(added);
  route_mesh(added);
}

// One of the nodes that are not there; false where all are.
bool World::add_node(MeshPlan& mesh) {
  std::vector<std::string> open;
  const auto has = [&](const std::string& service) {
    return std::ranges::find(mesh.nodes, service, &NodeWish::service) != mesh.nodes.end();
  };
  for (const auto& member : mesh.members)
    if (!has(member)) open.push_back(member);
  if (!has("")) open.push_back("");
  if (open.empty()) return false;
  NodeWish node{.name = fmt::format("{}-node-{}", mesh.name, ++mesh.made), .registry = mesh.registry};
  node.service = open[random_.below(open.size())];
  node.members = mesh.members;
  if (trace_.on())
    trace_.line(fmt::format("wish     node {} for {}", node.name, node.service.empty() ? "the rest" : node.service));
  wishes_.put_node(node);
  mesh.nodes.push_back(std::move(node));
  tell_nodes();
  return true;
}

void World::tell_nodes() {
  std::vector<NodeWish> all;
  for (const MeshPlan& mesh : meshes_) all.insert(all.end(), mesh.nodes.begin(), mesh.nodes.end());
  mesh_witness_.on_nodes(all);
}

// Its route leads to all its nodes, by other weights.
void World::route_mesh(const MeshPlan& mesh) {
  ListenerPlan& listener = listeners_[mesh.listener];
  std::vector<NodeWeight> route;
  listener.weights.clear();
  std::string text;
  for (const NodeWish& node : mesh.nodes) {
    route.push_back({node.name, static_cast<std::int32_t>(random_.between(0, 10))});
    listener.weights.push_back({Wishes::pool_of_node(node.name), route.back().weight});
    text += fmt::format(" {}", route.back().weight);
  }
  if (trace_.on()) trace_.line(fmt::format("wish     the route of {} weighs{}", mesh.name, text));
  wishes_.set_route(mesh.name, route);
}

bool World::change_mesh() {
  if (meshes_.empty()) return false;
  MeshPlan& mesh = meshes_[random_.below(meshes_.size())];
  const std::uint64_t drawn = random_.below(100);
  if (drawn < 25 && add_node(mesh)) {
    route_mesh(mesh);
  } else if (drawn < 45 && mesh.nodes.size() > 1) {
    const auto at = mesh.nodes.begin() + static_cast<long>(random_.below(mesh.nodes.size()));
    const std::string gone = at->name;
    mesh.nodes.erase(at);
    route_mesh(mesh);
    if (trace_.on()) trace_.line(fmt::format("wish     node {} is deleted", gone));
    wishes_.delete_node(gone);
    tell_nodes();
  } else if (drawn < 60) {
    change_sibling(mesh);
  } else {
    route_mesh(mesh);
  }
  return true;
}

// A virtual service that leads nowhere yet comes, or goes.
void World::change_sibling(MeshPlan& mesh) {
  if (!mesh.sibling.empty()) {
    if (trace_.on()) trace_.line(fmt::format("wish     virtual service {} is deleted", mesh.sibling));
    wishes_.delete_virtual_service(std::exchange(mesh.sibling, ""));
    return;
  }
  mesh.sibling = fmt::format("{}-sibling-{}", mesh.name, ++mesh.siblings);
  if (trace_.on()) trace_.line(fmt::format("wish     virtual service {}", mesh.sibling));
  wishes_.create_virtual_service(mesh.sibling, kSiblingPort);
}

std::optional<std::string> World::difference_of_meshes() {
  if (meshes_.empty()) return std::nullopt;
  if (!proxy_->kept()) return "the proxy has no table";
  std::vector<model::Task> able;
  for (const auto& task : stored_tasks_) {
    const auto service = std::ranges::find(stored_services_, task.service, &model::Service::name);
    if (service == stored_services_.end() || service->status != "ACTIVE" || task.last_status != "RUNNING") continue;
    if (task.desired_status == "RUNNING" && !bad_.contains(task.task_definition)) able.push_back(task);
  }
  if (auto found = mesh_witness_.difference(*proxy_->kept(), able)) return found;
  for (const auto& [name, address] : mesh_witness_.addresses(*proxy_->kept())) name_witness_.add_fixed(name, address);
  return std::nullopt;
}

}  // namespace weir::sim
