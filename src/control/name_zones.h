// What is answered by DNS: Cloud Map's namespaces, balancers and virtual services as zones. Pure; any thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dns/zone.h"
#include "model/discovery_documents.h"
#include "model/documents.h"

namespace weir::control {

struct RegisteredService {
  const model::DiscoveryService* service = nullptr;
  std::vector<const model::DiscoveryInstance*> instances;
};

// A namespace with its services, as Route 53 would have its hosted zone: a name for each service that has an instance
// with the attributes of its records. Of two namespaces with one name the older is asked first.
dns::Zone zone_of(const model::DiscoveryNamespace& space, const std::vector<RegisteredService>& services);

// Every balancer's DNSName, at `address`, where their listeners are.
dns::Zone zone_of_balancers(const std::vector<const model::LoadBalancer*>& balancers, const std::string& address);

// Where a virtual service of a mesh is reached: from the host, and from tasks with networks of their own.
struct VirtualAddress {
  dns::Ipv4 host{};
  std::optional<dns::Ipv4> tasks;
  bool operator==(const VirtualAddress&) const = default;
};
using VirtualServices = std::map<std::string, VirtualAddress>;  // by name

// Their names win over those of Cloud Map, in whatever namespace they lie, and need none.
dns::Zone zone_of_virtual_services(const VirtualServices& services);

}  // namespace weir::control
