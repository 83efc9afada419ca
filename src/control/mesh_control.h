// MeshControl: what Control does for App Mesh, whose proxy is Weir's own: it knows which tasks belong to which virtual
// nodes, gives virtual services their numbers, and adds the mesh to what the route table is made from (decision 0020).
// One thread (the control thread); owned by Control.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/log.h"
#include "control/definition_keep.h"
#include "control/mesh_claims.h"
#include "control/mesh_gateways.h"
#include "control/mirror.h"
#include "control/table_compiler.h"

namespace weir::control {

class MeshControl {
 public:
  MeshControl(Mirror& mirror, DefinitionKeep& definitions, Log& log, MeshPlan plan)
      : mirror_(mirror), definitions_(definitions), log_(log), plan_(std::move(plan)) {}

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

 private:
  const MeshDocuments& documents() const { return mirror_.mesh().documents(); }
  void look_again(News& news);
  const std::string& member_of(const model::Task& task);

  Mirror& mirror_;
  DefinitionKeep& definitions_;
  Log& log_;
  const MeshPlan plan_;
  MeshClaims claims_;
  std::map<std::string, std::int32_t> services_;
  bool was_active_ = false;
  bool told_full_ = false;
  std::map<std::string, std::string> members_;  // by task definition: mesh_member()
};

}  // namespace weir::control
