// What a task definition says of App Mesh: which container is the proxy, and what its task is in the mesh. Weir's own
// proxy carries the mesh's traffic, so that the container's image, an Envoy, is replaced by `weir sidecar`. Pure; any
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/ecs/shapes.h"
#include "runtime/runtime.h"

namespace weir::control {

// What App Mesh's Envoy listens on for its keepers.
inline constexpr std::uint16_t kEnvoyAdminPort = 9901;
// Where its environment says who it is, the newer one first.
inline constexpr const char* kMemberVariables[] = {"APPMESH_RESOURCE_ARN", "APPMESH_VIRTUAL_NODE_NAME"};

// The name of the container that stands for the task's proxy; empty for none.
std::string proxy_container(const model::ecs::TaskDefinition& definition);

// "mesh/M/virtualNode/N", by the environment of that container, or "mesh/M/virtualGateway/G", by that of whichever says
// so; empty where the task is no member of a mesh.
std::string mesh_member(const model::ecs::TaskDefinition& definition);

// "mesh/M/…" of what such a variable says: an ARN, "mesh/M@OWNER/…", or "mesh/M/…" itself; empty for anything else.
std::string mesh_resource_path(const std::string& named);
// The mesh and the name of "mesh/M/KIND/N", where the path is one of that kind.
struct MeshName {
  std::string mesh, name;
};
std::optional<MeshName> name_in_mesh(std::string_view path, std::string_view kind);
// Where folders of the container that says so are on this machine: its mounts of the host's folders, the longer ones first.
std::vector<std::pair<std::string, std::string>> proxy_folders(const model::ecs::TaskDefinition& definition);

// Makes `container` what stands in for Envoy: neither its image nor programs of it are needed. Its admin port, 9901, is
// mapped as other ports are.
void become_sidecar(runtime::ContainerSpec& container);

}  // namespace weir::control
