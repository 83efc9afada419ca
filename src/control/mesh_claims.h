// Which virtual nodes of App Mesh an instance of Cloud Map stands for, by their service discovery (decision 0020).
// Pure, made from documents; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/mesh_documents.h"
#include "model/documents.h"

namespace weir::control {

// A pool of the table, and the port of its backends. Each listener of a virtual node has a pool of its own.
struct MeshPlace {
  std::string pool;
  std::int32_t port = 0;
  bool operator==(const MeshPlace&) const = default;
};

std::string mesh_pool(const model::VirtualNode& node, std::int32_t port);
bool is_mesh_pool(std::string_view pool);

using InstanceAttributes = std::map<std::string, std::string>;

class MeshClaims {
 public:
  MeshClaims() = default;
  explicit MeshClaims(const MeshDocuments& documents);

  // The places of an instance of the Cloud Map service with that id. Of the nodes of one mesh, those whose attributes
  // it has; where there are none, those that want no attributes.
  std::vector<MeshPlace> of(const model::Scope& scope, const std::string& service,
                            const InstanceAttributes& attributes) const;

 private:
  struct Claim {
    std::string mesh;
    InstanceAttributes attributes;  // empty: any
    std::vector<MeshPlace> places;
  };
  std::map<std::string, std::vector<Claim>> by_service_;  // by scope + id
};

// A place that a task shall have in the table.
struct MeshWish {
  MeshPlace place;
  bool ready = false;  // now: its instance is there and nobody calls it unhealthy
};

// The places of a task by the services of Cloud Map that it is registered with.
std::vector<MeshWish> mesh_wishes(const MeshDocuments& documents, const MeshClaims& claims, const model::Task& task);
bool is_wished(const std::vector<MeshWish>& wishes, std::string_view pool);

// The task with its targets in the mesh as they are wished for; none where it is so already, or is to end. A target
// that is not wished for any more stays until it has drained.
std::optional<model::Task> with_mesh_targets(const model::Task& task, const std::vector<MeshWish>& wishes);

}  // namespace weir::control
