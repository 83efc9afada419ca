#include "api/ecs/registry_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/ecs/errors.h"
#include "api/servicediscovery/references.h"
#include "api/servicediscovery/service_rules.h"

namespace weir::api::ecs {

namespace {

Result<> check_mapping(const shapes::ServiceRegistry& registry, const shapes::TaskDefinition& definition) {
  const std::string& name = *registry.containerName;
  const auto& containers = *definition.containerDefinitions;
  const auto container = std::ranges::find_if(containers, [&](const auto& one) { return one.name == name; });
  if (container == containers.end()) {
    return invalid_parameter(fmt::format("The container {} does not exist in the task definition.", name));
  }
  if (!registry.containerPort) return {};
  const auto mappings = container->portMappings.value_or(std::vector<shapes::PortMapping>{});
  const bool mapped =
      std::ranges::any_of(mappings, [&](const auto& one) { return one.containerPort == *registry.containerPort; });
  if (mapped) return {};
  return invalid_parameter(
      fmt::format("The container {} did not have a container port {} defined.", name, *registry.containerPort));
}

// Whether the registry tells the port that the records need.
Result<> check_port_known(const shapes::ServiceRegistry& registry, const model::DiscoveryService& service,
                          bool own_address) {
  const bool by_container = registry.containerName && registry.containerPort;
  if (!own_address && !by_container) {
    return invalid_parameter(
        "When the task definition uses the bridge or host network mode, a service registry needs a containerName and "
        "a containerPort.");
  }
  if (!own_address && servicediscovery::has_record(service, "A")) {
    return invalid_parameter(
        "When the task definition uses the bridge or host network mode, the service registry has to have SRV records.");
  }
  if (servicediscovery::has_record(service, "SRV") && !by_container && !registry.port) {
    return invalid_parameter("A service registry with SRV records needs a containerName and containerPort, or a port.");
  }
  return {};
}

Result<> check_registry(Context& context, const shapes::ServiceRegistry& registry,
                        const shapes::TaskDefinition& definition) {
  const std::string arn = registry.registryArn.value_or("");
  if (!arn.starts_with("arn:")) return invalid_parameter("registryArn has to be the ARN of a service of Cloud Map.");
  const auto service = servicediscovery::find_service(context, arn);
  if (!service && service.error().source != ErrorSource::client) return std::unexpected(service.error());
  if (!service) return invalid_parameter(fmt::format("The specified service registry {} does not exist.", arn));
  if (registry.port && (registry.containerName || registry.containerPort)) {
    return invalid_parameter(
        "A service registry takes either a containerName and containerPort combination or a port value, but not both.");
  }
  if (registry.containerPort && !registry.containerName) {
    return invalid_parameter("A service registry with a containerPort needs its containerName.");
  }
  for (const auto port : {registry.port, registry.containerPort}) {
    if (port && (*port < 1 || *port > 65535)) return invalid_parameter("A service registry's port is 1 to 65535.");
  }
  if (registry.containerName) TRY(check_mapping(registry, definition));
  const auto& records = service->document;
  if (servicediscovery::has_record(records, "AAAA") && !servicediscovery::has_record(records, "A")) {
    return invalid_parameter("Tasks have IPv4 addresses: a service registry with AAAA records alone finds none.");
  }
  if (servicediscovery::has_record(records, "CNAME")) {
    return invalid_parameter("A service registry cannot have CNAME records.");
  }
  return check_port_known(registry, records, definition.networkMode.value_or("bridge") == "awsvpc");
}

}  // namespace

Result<> check_registries(Context& context, const std::vector<shapes::ServiceRegistry>& registries,
                          const shapes::TaskDefinition& definition) {
  if (registries.size() > 1) return invalid_parameter("serviceRegistries can have at most 1 items.");
  for (const auto& registry : registries) TRY(check_registry(context, registry, definition));
  return {};
}

}  // namespace weir::api::ecs
