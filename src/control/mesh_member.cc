#include "control/mesh_member.h"

#include <algorithm>
#include <vector>

namespace weir::control {

namespace {

std::string variable(const model::ecs::ContainerDefinition& container, const char* name) {
  for (const auto& pair : container.environment.value_or(std::vector<model::ecs::KeyValuePair>{})) {
    if (pair.name == name) return pair.value.value_or("");
  }
  return "";
}

std::string resource_of(const model::ecs::ContainerDefinition& container) {
  for (const char* each : kMemberVariables) {
    if (const std::string named = variable(container, each); !named.empty()) return mesh_resource_path(named);
  }
  return "";
}

// The proxy beside an application, or the one that is a virtual gateway and so needs no proxyConfiguration.
std::string envoy_container(const model::ecs::TaskDefinition& definition) {
  if (std::string name = proxy_container(definition); !name.empty()) return name;
  for (const auto& container :
       definition.containerDefinitions.value_or(std::vector<model::ecs::ContainerDefinition>{})) {
    if (name_in_mesh(resource_of(container), "virtualGateway")) return container.name.value_or("");
  }
  return "";
}

}  // namespace

std::string mesh_resource_path(const std::string& named) {
  const auto begin = named.starts_with("mesh/") ? 0 : named.find(":mesh/");
  if (begin == std::string::npos) return "";
  std::string path = named.substr(begin == 0 ? 0 : begin + 1);
  const auto owner = path.find('@');
  if (owner != std::string::npos) path.erase(owner, path.find('/', owner) - owner);
  return path;
}

std::string proxy_container(const model::ecs::TaskDefinition& definition) {
  const auto& proxy = definition.proxyConfiguration;
  return proxy && proxy->type.value_or("APPMESH") == "APPMESH" ? proxy->containerName : "";
}

std::string mesh_member(const model::ecs::TaskDefinition& definition) {
  const std::string name = envoy_container(definition);
  if (name.empty() || !definition.containerDefinitions) return "";
  for (const auto& container : *definition.containerDefinitions) {
    if (container.name == name) return resource_of(container);
  }
  return "";
}

std::vector<std::pair<std::string, std::string>> proxy_folders(const model::ecs::TaskDefinition& definition) {
  std::vector<std::pair<std::string, std::string>> folders;
  const std::string name = envoy_container(definition);
  if (name.empty() || !definition.containerDefinitions || !definition.volumes) return folders;
  for (const auto& container : *definition.containerDefinitions) {
    if (container.name != name || !container.mountPoints) continue;
    for (const auto& point : *container.mountPoints) {
      for (const auto& volume : *definition.volumes) {
        const std::string source = volume.host ? volume.host->sourcePath.value_or("") : "";
        if (volume.name != point.sourceVolume || source.empty()) continue;
        folders.emplace_back(point.containerPath.value_or("/"), source);
      }
    }
  }
  std::ranges::stable_sort(folders, [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
  return folders;
}

std::optional<MeshName> name_in_mesh(std::string_view path, std::string_view kind) {
  constexpr std::string_view kMesh = "mesh/";
  const std::string middle = "/" + std::string(kind) + "/";
  const auto cut = path.find(middle);
  if (!path.starts_with(kMesh) || cut == std::string_view::npos) return std::nullopt;
  return MeshName{std::string(path.substr(kMesh.size(), cut - kMesh.size())),
                  std::string(path.substr(cut + middle.size()))};
}

void become_sidecar(runtime::ContainerSpec& container) {
  container.own_program = true;
  container.entry_point.clear();
  container.command = {"sidecar"};
  container.working_directory.clear();
  container.user.clear();
  container.mounts.clear();
  if (container.health_check) container.health_check->command = {"sidecar", "--check"};
  const auto is_admin = [](const runtime::PortMapping& port) { return port.container_port == kEnvoyAdminPort; };
  if (std::ranges::none_of(container.ports, is_admin)) container.ports.push_back({kEnvoyAdminPort, 0});
}

}  // namespace weir::control
