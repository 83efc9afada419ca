// Compiles the RouteTable from the documents: balancers, listeners, target groups and tasks' targets. Pure: the same
// documents give the same table, whoever compiles it and when. Any thread.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "control/control.h"
#include "control/mesh_compiler.h"
#include "model/certificate_documents.h"
#include "model/documents.h"
#include "route/route_table.h"

namespace weir::control {

// What a table is made from; borrowed. Tasks without a target in flight may be left out.
struct TableSources {
  std::vector<const model::LoadBalancer*> balancers;
  std::vector<const model::Listener*> listeners;
  std::vector<const model::Rule*> rules;
  std::vector<const model::TargetGroup*> groups;
  std::vector<const model::Task*> tasks;
  std::vector<const model::TargetState*> targets;  // registered by hand
  std::vector<const model::Certificate*> certificates;
  std::vector<const model::TrustStore*> trust_stores;
  CompiledMesh mesh;
  std::set<std::string> members;  // ids of the tasks that are members of a mesh: their pools answer as its Envoys do
};

struct CompiledTable {
  route::RouteTable table;  // its version is 0: whoever publishes it gives it one
  // By the ARN of each listener that the table serves: the id of the route::Listener that does.
  std::map<std::string, std::string> served_by;
  // By the ARN of each listener that it cannot serve: why.
  std::map<std::string, std::string> refused;
};

// Balancers that share a port share a route::Listener, where they speak the same protocol, and are told apart by Host;
// those of the protocols TCP and TLS cannot share one. What names none of them goes by the
// rules of the one created first, then by the others' rules that name the host, then to the first one's default. A pool
// is in the table while a listener leads to it or a task's target is in flight in it, so that a target drains to its
// end, and is checked before traffic is sent its way.
CompiledTable compile_table(const TableSources& sources, const ControlOptions& options);

// A target's name within its pool.
std::string backend_id(const model::Task& task, const model::TaskTarget& target);
// The same of one that was registered by hand, "ip/[127.0.0.1]:80": no task's id looks so.
std::string backend_id(const model::TaskTarget& registered);
bool is_registered_backend(std::string_view id);
// The id of the task that a backend belongs to.
std::string_view task_of_backend(std::string_view id);
// Whether the target has a backend in the table: checking, serving or draining.
bool in_table(const model::TaskTarget& target);

}  // namespace weir::control
