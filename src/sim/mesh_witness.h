// MeshWitness: knows by itself which tasks stand behind which virtual nodes, and holds what the proxy does against it.
// One thread; owned by the world.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "model/documents.h"
#include "route/route_table.h"
#include "sim/wishes.h"

namespace weir::sim {

// Who asks for a virtual node gets a task of its own.
inline constexpr const char* kMeshInvariant = "mesh";

class MeshWitness {
 public:
  using Breach = std::function<void(std::string what)>;
  MeshWitness(const Clock& clock, Breach breach) : clock_(clock), breach_(std::move(breach)) {}

  // The nodes, as they are wished for from now on.
  void on_nodes(const std::vector<NodeWish>& nodes);
  // A virtual service, at a port that no other listener has.
  void add_service(const std::string& name, std::uint16_t port) { services_[name] = port; }

  // A request for that pool went to a task of `service`. `calm_since`: nothing was broken since.
  void on_picked(const std::string& pool, const std::string& service, Instant calm_since);
  // Whether tasks of the service stand behind the node of the pool; behind any node.
  bool belongs(const std::string& pool, const std::string& service) const;
  bool is_member(const std::string& service) const;

  // Where the table is not what is wished, after a while of quiet. `tasks`: those that run, of versions that can.
  std::optional<std::string> difference(const route::RouteTable& table, const std::vector<model::Task>& tasks) const;
  // The addresses of the virtual services, by name.
  std::map<std::string, std::string> addresses(const route::RouteTable& table) const;

 private:
  using Pair = std::pair<std::string, std::string>;  // pool, service
  std::optional<std::string> difference_of(const NodeWish& node, const route::Pool& pool,
                                           const std::vector<model::Task>& tasks) const;
  std::optional<std::string> difference_of_addresses(const route::RouteTable& table) const;
  // Of two nodes for one service of Cloud Map that which names its attributes.
  bool stands_behind(const NodeWish& node, const std::string& service) const;

  const Clock& clock_;
  const Breach breach_;
  std::vector<NodeWish> nodes_;
  std::map<std::string, std::uint16_t> services_;  // by name: the port
  Instant changed_;                                // when nodes were others last
};

}  // namespace weir::sim
