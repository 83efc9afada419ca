// The operations by which programs find instances.
#include <algorithm>

#include "api/arn.h"
#include "api/servicediscovery/actions.h"
#include "api/servicediscovery/errors.h"
#include "api/servicediscovery/references.h"
#include "api/servicediscovery/service_rules.h"

namespace weir::api::servicediscovery {

namespace {

constexpr std::int32_t kDiscoveredAtMost = 100;  // where the request does not say

using model::DiscoveryInstance;
using model::DiscoveryNamespace;
using model::DiscoveryService;
using Instances = std::vector<store::Snapshot<DiscoveryInstance>>;
using Attributes = std::map<std::string, std::string>;

struct Found {
  std::string name_space;  // its name
  store::Snapshot<DiscoveryService> service;
  Instances instances;
};

// By names, as programs have them; the namespace's may be its ARN.
template <class Request>
Result<Found> found_by(Context& context, const Request& request) {
  if (const auto good = check_service_name(request.ServiceName); !good) {
    return invalid_input("ServiceName: " + good.error().message);
  }
  if (request.OwnerAccount && *request.OwnerAccount != context.account) return namespace_not_found();
  const std::string prefix = scope_of(context).prefix();
  const auto spaces = TRY(store::peek_all<DiscoveryNamespace>(context.store, prefix));
  const auto space = std::ranges::find_if(spaces, [&](const auto& one) {
    return same_name(one->name, request.NamespaceName) || one->arn == request.NamespaceName;
  });
  if (space == spaces.end()) return namespace_not_found();
  const bool dns = (*space)->type != "HTTP";
  auto services = TRY(store::peek_all<DiscoveryService>(context.store, prefix));
  const auto service = std::ranges::find_if(services, [&](const auto& one) {
    const bool named = dns ? same_name(one->name, request.ServiceName) : one->name == request.ServiceName;
    return one->name_space == (*space)->id && named;
  });
  if (service == services.end()) return service_not_found();
  const std::string below = model::instances_of_service(scope_of(context), (*service)->id);
  return Found{(*space)->name, *service, TRY(store::peek_all<DiscoveryInstance>(context.store, below))};
}

// Grows with every change of the service and its instances.
std::int64_t revision_of(const Found& found) {
  std::int64_t revision = found.service.revision;
  for (const auto& one : found.instances) revision = std::max(revision, one.revision);
  return revision;
}

bool has_all(const DiscoveryInstance& instance, const Attributes& wished) {
  return std::ranges::all_of(wished, [&](const auto& one) {
    const auto found = instance.attributes.find(one.first);
    return found != instance.attributes.end() && found->second == one.second;
  });
}

// Those that have the attributes; all where none has.
void prefer(Instances& instances, const Attributes& wished) {
  const auto has = [&](const auto& one) { return has_all(*one, wished); };
  if (std::ranges::any_of(instances, has)) std::erase_if(instances, [&](const auto& one) { return !has(one); });
}

void keep_health(Instances& instances, const std::string& filter) {
  const auto healthy = [](const auto& one) { return one->health == "HEALTHY"; };
  if (filter == "ALL") return;
  if (filter == "HEALTHY_OR_ELSE_ALL" && std::ranges::none_of(instances, healthy)) return;
  std::erase_if(instances, [&](const auto& one) { return healthy(one) == (filter == "UNHEALTHY"); });
}

void shuffle(Instances& instances, Random& random) {
  for (std::size_t i = instances.size(); i > 1; --i) std::swap(instances[i - 1], instances[random.below(i)]);
}

shapes::HttpInstanceSummary summary_of(const Found& found, const DiscoveryInstance& instance) {
  Attributes attributes = instance.attributes;
  attributes.erase("AWS_INIT_HEALTH_STATUS");
  return {.InstanceId = instance.id,
          .NamespaceName = found.name_space,
          .ServiceName = found.service->name,
          .HealthStatus = instance.health.empty() ? "UNKNOWN" : instance.health,
          .Attributes = std::move(attributes)};
}

}  // namespace

Result<shapes::DiscoverInstancesResponse> discover_instances(Context& context,
                                                             const shapes::DiscoverInstancesRequest& request) {
  if (request.QueryParameters) TRY(check_keys(*request.QueryParameters, "QueryParameters"));
  if (request.OptionalParameters) TRY(check_keys(*request.OptionalParameters, "OptionalParameters"));
  Found found = TRY(found_by(context, request));
  shapes::DiscoverInstancesResponse response{.Instances = std::vector<shapes::HttpInstanceSummary>{},
                                             .InstancesRevision = revision_of(found)};
  Instances& instances = found.instances;
  if (request.QueryParameters) {
    std::erase_if(instances, [&](const auto& one) { return !has_all(*one, *request.QueryParameters); });
  }
  // Where no health is known there is none to ask for.
  if (found.service->custom_health) keep_health(instances, request.HealthStatus.value_or("HEALTHY"));
  if (request.OptionalParameters) prefer(instances, *request.OptionalParameters);
  shuffle(instances, context.random);
  const auto most = static_cast<std::size_t>(request.MaxResults.value_or(kDiscoveredAtMost));
  if (instances.size() > most) instances.resize(most);
  for (const auto& one : instances) response.Instances->push_back(summary_of(found, *one));
  return response;
}

Result<shapes::DiscoverInstancesRevisionResponse> discover_instances_revision(
    Context& context, const shapes::DiscoverInstancesRevisionRequest& request) {
  return shapes::DiscoverInstancesRevisionResponse{revision_of(TRY(found_by(context, request)))};
}

}  // namespace weir::api::servicediscovery
