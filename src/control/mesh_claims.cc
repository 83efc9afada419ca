#include "control/mesh_claims.h"

#include <algorithm>
#include <set>

#include "base/ascii.h"
#include "control/discovery_writes.h"

namespace weir::control {

namespace {

namespace appmesh = model::appmesh;
using Ids = std::map<std::string, std::string>;  // "NAMESPACE SERVICE" in lower case after the scope: scope + id

std::string name_key(const model::Scope& scope, const std::string& name_space, const std::string& service) {
  return scope.prefix() + lower_case(service + "." + name_space);
}

Ids ids_of(const MeshDocuments& documents) {
  Ids ids;
  for (const auto& [key, service] : documents.discovery_services) {
    model::DiscoveryNamespace named;
    named.scope = service->scope;
    named.id = service->name_space;
    const auto found = documents.namespaces.find(named.key());
    if (found == documents.namespaces.end()) continue;
    ids[name_key(service->scope, found->second->name, service->name)] = service->scope.prefix() + service->id;
  }
  return ids;
}

std::vector<MeshPlace> places_of(const model::VirtualNode& node) {
  std::vector<MeshPlace> places;
  for (const auto& listener : node.spec.listeners.value_or(std::vector<appmesh::Listener>{})) {
    places.push_back({mesh_pool(node, listener.portMapping.port), listener.portMapping.port});
  }
  return places;
}

bool has_all(const InstanceAttributes& attributes, const InstanceAttributes& wanted) {
  return std::ranges::all_of(wanted, [&](const auto& each) {
    const auto found = attributes.find(each.first);
    return found != attributes.end() && found->second == each.second;
  });
}

bool is_ours(const model::TaskTarget& target) { return is_mesh_pool(target.target_group); }

}  // namespace

std::string mesh_pool(const model::VirtualNode& node, std::int32_t port) {
  return node.about.metadata.arn + ":" + std::to_string(port);
}

bool is_mesh_pool(std::string_view pool) { return pool.starts_with("arn:aws:appmesh:"); }

MeshClaims::MeshClaims(const MeshDocuments& documents) {
  const Ids ids = ids_of(documents);
  for (const auto& [key, node] : documents.nodes) {
    if (!node->spec.serviceDiscovery) continue;
    const auto& by = *node->spec.serviceDiscovery;
    Claim claim{.mesh = node->about.mesh, .attributes = {}, .places = places_of(*node)};
    std::string name;
    if (by.awsCloudMap) {
      name = name_key(node->about.scope, by.awsCloudMap->namespaceName, by.awsCloudMap->serviceName);
      for (const auto& each :
           by.awsCloudMap->attributes.value_or(std::vector<appmesh::AwsCloudMapInstanceAttribute>{})) {
        claim.attributes[each.key] = each.value;
      }
    } else if (by.dns) {
      name = node->about.scope.prefix() + lower_case(by.dns->hostname);
    }
    const auto service = ids.find(name);
    if (service != ids.end()) by_service_[service->second].push_back(std::move(claim));
  }
}

std::vector<MeshPlace> MeshClaims::of(const model::Scope& scope, const std::string& service,
                                      const InstanceAttributes& attributes) const {
  std::vector<MeshPlace> places;
  const auto claims = by_service_.find(scope.prefix() + service);
  if (claims == by_service_.end()) return places;
  std::set<std::string> claimed;  // the meshes with a node that wants this very instance
  for (const auto& claim : claims->second) {
    if (claim.attributes.empty() || !has_all(attributes, claim.attributes)) continue;
    claimed.insert(claim.mesh);
    places.insert(places.end(), claim.places.begin(), claim.places.end());
  }
  for (const auto& claim : claims->second) {
    if (!claim.attributes.empty() || claimed.contains(claim.mesh)) continue;
    places.insert(places.end(), claim.places.begin(), claim.places.end());
  }
  return places;
}

std::vector<MeshWish> mesh_wishes(const MeshDocuments& documents, const MeshClaims& claims, const model::Task& task) {
  std::vector<MeshWish> wishes;
  for (const auto& registry : task.registries) {
    const auto places = claims.of(task.scope, registry.service, instance_attributes(task, registry));
    if (places.empty()) continue;
    const auto instance = documents.instances.find(model::instances_of_service(task.scope, registry.service) + task.id);
    const bool ready = instance != documents.instances.end() && instance->second->health != "UNHEALTHY";
    for (const auto& place : places) wishes.push_back({place, ready});
  }
  return wishes;
}

bool is_wished(const std::vector<MeshWish>& wishes, std::string_view pool) {
  return std::ranges::any_of(wishes, [&](const MeshWish& wish) { return wish.ready && wish.place.pool == pool; });
}

std::optional<model::Task> with_mesh_targets(const model::Task& task, const std::vector<MeshWish>& wishes) {
  if (task.desired_status == "STOPPED") return std::nullopt;
  if (wishes.empty() && std::ranges::none_of(task.targets, is_ours)) return std::nullopt;
  model::Task made = task;
  const auto wanted = [&](const model::TaskTarget& target) {
    return std::ranges::any_of(wishes, [&](const MeshWish& wish) { return wish.place.pool == target.target_group; });
  };
  bool changed = std::erase_if(made.targets, [&](const model::TaskTarget& each) {
                   return is_ours(each) && !wanted(each) && (each.state == "waiting" || each.state == "gone");
                 }) > 0;
  for (const auto& [place, ready] : wishes) {
    const model::TaskTarget fresh{.target_group = place.pool, .container = "", .container_port = place.port};
    const auto found = std::ranges::find(made.targets, place.pool, &model::TaskTarget::target_group);
    if (found != made.targets.end() && !(found->state == "gone" && ready)) continue;
    if (found == made.targets.end()) {
      made.targets.push_back(fresh);
    } else {
      *found = fresh;
    }
    changed = true;
  }
  if (!changed) return std::nullopt;
  return made;
}

}  // namespace weir::control
