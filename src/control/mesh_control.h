// MeshControl: what Control does for App Mesh, whose proxy is Weir's own: it knows which tasks belong to which virtual
// nodes, gives virtual services their numbers, and adds the mesh to what the route table is made from (decision 0020).
// One thread (the control thread); owned by Control.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/log.h"
#include "control/definition_keep.h"
#include "control/mesh_claims.h"
#include "control/mesh_gateways.h"
#include "control/mesh_handshakes.h"
#include "control/mesh_logs.h"
#include "control/mirror.h"
#include "control/table_compiler.h"

namespace weir::control {

class MeshControl {
 public:
  // `certificates`: the folder of Certificate Manager's. `access_logs`: that of access logs.
  MeshControl(Mirror& mirror, DefinitionKeep& definitions, const Clock& clock, Log& log, MeshPlan plan,
              std::string certificates, std::string access_logs)
      : mirror_(mirror),
        definitions_(definitions),
        clock_(clock),
        log_(log),
        plan_(std::move(plan)),
        certificates_(std::move(certificates)),
        access_logs_(std::move(access_logs)),
        handshakes_(clock) {}

  // After the mirror has followed: the groups of tasks for which the mesh is another, and the numbers of virtual
  // services that are to be written down.
  struct News {
    std::set<Group> groups;
    std::vector<store::Write> writes;
  };
  News take_news();

  // Name to number, as numbers_by_name().
  const std::map<std::string, std::int32_t>& services() const { return services_; }
  std::vector<MeshWish> wishes_of(const model::Task& task) const;
  void add_to(TableSources& sources);
  // As lead_to_gateways().
  Result<> lead_to_gateways(const model::Task& task, runtime::TaskSpec& spec) const;

  // When the files of TLS between nodes are to be looked at again; none where there are none. take_news() does it.
  std::optional<Instant> next_look() const;

 private:
  // What a task's definition says of the mesh.
  struct Member {
    std::string node;  // mesh_member()
    FilePlaces folders;
  };
  const MeshDocuments& documents() const { return mirror_.mesh().documents(); }
  void look_again(News& news);
  const Member& member_of(const model::Task& task);
  const model::VirtualNode* node_of(const model::Task& task, const std::string& member) const;
  void look_at_files();
  using GatewayTasks = std::map<std::string, std::vector<GatewayTask>>;  // by caller_name()
  void add_gateway_logs(GatewayTasks tasks, CompiledMesh& mesh) const;
  void tell_refusals(const CompiledMesh& mesh);

  Mirror& mirror_;
  DefinitionKeep& definitions_;
  const Clock& clock_;
  Log& log_;
  const MeshPlan plan_;
  const std::string certificates_, access_logs_;
  MeshHandshakes handshakes_;
  Instant next_look_;
  std::map<std::string, std::string> refusals_;  // told last, by pool
  MeshClaims claims_;
  std::map<std::string, std::int32_t> services_;
  bool was_active_ = false;
  bool told_full_ = false;
  std::map<std::string, Member> members_;  // by task definition
};

}  // namespace weir::control
