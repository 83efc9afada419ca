#include "api/ecs/proxy_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "api/ecs/errors.h"

namespace weir::api::ecs {

namespace {

using Properties = std::map<std::string, std::string>;

// As the Amazon ECS documentation lists them.
constexpr std::string_view kProperties[] = {"IgnoredUID",       "IgnoredGID",      "AppPorts",
                                            "ProxyIngressPort", "ProxyEgressPort", "EgressIgnoredPorts",
                                            "EgressIgnoredIPs"};

Result<> check_properties(const Properties& properties) {
  for (const auto& [name, value] : properties) {
    if (std::ranges::find(kProperties, name) == std::end(kProperties)) {
      return client_exception(fmt::format("Unknown property '{}' in proxyConfiguration.", name));
    }
  }
  const auto given = [&](const char* name) {
    const auto found = properties.find(name);
    return found != properties.end() && !found->second.empty();
  };
  if (!given("IgnoredUID") && !given("IgnoredGID")) {
    return client_exception("Either 'IgnoredUID' or 'IgnoredGID' must be specified in proxyConfiguration.");
  }
  for (const char* name : {"AppPorts", "ProxyIngressPort", "ProxyEgressPort"}) {
    if (!given(name)) return client_exception(fmt::format("'{}' must be specified in proxyConfiguration.", name));
  }
  return {};
}

}  // namespace

Result<> check_proxy(const model::ecs::RegisterTaskDefinitionRequest& request) {
  const auto& proxy = *request.proxyConfiguration;
  if (request.networkMode != "awsvpc") {
    return client_exception("A proxyConfiguration requires network mode 'awsvpc'.");
  }
  const auto is_proxy = [&](const model::ecs::ContainerDefinition& container) {
    return container.name == proxy.containerName;
  };
  if (std::ranges::none_of(request.containerDefinitions, is_proxy)) {
    return client_exception(
        fmt::format("The container '{}' of proxyConfiguration is not in the task definition.", proxy.containerName));
  }
  Properties properties;
  for (const auto& each : proxy.properties.value_or(std::vector<model::ecs::KeyValuePair>{})) {
    properties[each.name.value_or("")] = each.value.value_or("");
  }
  return check_properties(properties);
}

}  // namespace weir::api::ecs
