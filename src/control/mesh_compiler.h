// Compiles App Mesh's documents into the route table: a listener for each virtual service at an address of its own, its
// rules from the virtual router's routes, and a pool for each listener of a virtual node (decision 0020). Pure; any
// thread.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "control/mesh_claims.h"
#include "control/mesh_documents.h"
#include "control/mesh_tls.h"
#include "route/route_table.h"

namespace weir::control {

// Where this instance's virtual services are.
struct MeshPlan {
  std::uint32_t range = 0;   // the first address of a range of 1024 in 127.0.0.0/8; 0: there is none, and no mesh
  unsigned port_offset = 0;  // added to ports below 1024
  std::string balancers_at;  // the address of balancers' listeners
};

struct CompiledMesh {
  std::vector<route::Listener> listeners;
  std::vector<route::Listener> at_host;  // of virtual gateways, each where nothing else has its address and port
  std::vector<route::Pool> pools;        // without the tasks among their backends, which are those tasks' targets
  std::vector<route::TrafficLog> traffic_logs;
};

// `balancers`: names of load balancers, in lower case.
CompiledMesh compile_mesh(const MeshDocuments& documents, const MeshClaims& claims, const MeshCallers& callers,
                          const std::set<std::string>& balancers, const MeshPlan& plan, const MeshTls& tls = {});

// "127.72.0.3" of a range and a number.
std::string mesh_address(std::uint32_t range, std::int32_t number);

// Numbers for the virtual services and gateways that have none, and those who are gone: what to write and to erase.
struct MeshNumbers {
  std::vector<model::MeshAddress> given;
  std::vector<model::MeshAddress> free;
  std::vector<std::string> without;  // for which no number is left
};
MeshNumbers number_services(const MeshDocuments& documents);

// Name to address, for those who resolve names: the first virtual service of a name in the order of meshes.
std::map<std::string, std::int32_t> numbers_by_name(const MeshDocuments& documents);

}  // namespace weir::control
