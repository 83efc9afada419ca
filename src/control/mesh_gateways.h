// Virtual gateways of App Mesh in the route table: listeners for traffic from outside whose rules, the gateway routes,
// enter the listeners of virtual services (decision 0022); and what stands for a gateway in a task. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/mesh_documents.h"
#include "control/mesh_tls.h"
#include "route/route_table.h"
#include "runtime/runtime.h"

namespace weir::control {

struct MeshPlan;

struct CompiledGateways {
  std::vector<route::Listener> own;      // each gateway's at its own address among those of virtual services
  std::vector<route::Listener> at_host;  // the same at the address of balancers' listeners, the oldest gateway's first:
                                         // each is there where nothing else has its port
};

// `services`: the listeners of virtual services, which the rules enter.
CompiledGateways compile_gateways(const MeshDocuments& documents, const std::vector<route::Listener>& services,
                                  const MeshPlan& plan, const MeshTls& tls);

// The address that stands for what comes by the gateway, where its own policy says something of TLS. None: it has no
// such policy, or has no number (yet).
std::optional<std::string> gateway_source(const MeshDocuments& documents, const model::VirtualGateway& gateway,
                                          const MeshPlan& plan);

// What a MeshAddress of a gateway has in the place of a virtual service's name: no name of one has a slash.
std::string gateway_place(const std::string& gateway);

// The gateway, "mesh/M/virtualGateway/G", whose Envoy the container would be; empty for none.
std::string gateway_of(const runtime::ContainerSpec& container);

// Has the containers that stand for gateways relay their mapped ports to those gateways' listeners, by the address for
// the host's network and the one for networks of tasks. Errors: "NotFound", of a gateway that is not there (yet).
Result<> lead_to_gateways(const MeshDocuments& documents, const MeshPlan& plan, const model::Scope& scope,
                          runtime::TaskSpec& spec);

}  // namespace weir::control
