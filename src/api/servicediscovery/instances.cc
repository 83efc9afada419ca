// The operations on instances and their health.
#include <algorithm>

#include "api/arn.h"
#include "api/limits.h"
#include "api/paging.h"
#include "api/servicediscovery/actions.h"
#include "api/servicediscovery/errors.h"
#include "api/servicediscovery/operations.h"
#include "api/servicediscovery/references.h"
#include "api/servicediscovery/service_rules.h"
#include "api/writing.h"

namespace weir::api::servicediscovery {

namespace {

constexpr std::int32_t kInstancesPerPage = 100;

using model::DiscoveryInstance;
using model::DiscoveryService;
using Instances = std::vector<store::Snapshot<DiscoveryInstance>>;

Result<Instances> instances_of(Context& context, const std::string& service) {
  return store::peek_all<DiscoveryInstance>(context.store, model::instances_of_service(scope_of(context), service));
}

// The operation of an earlier call with the same CreatorRequestId that asked for the same.
Result<std::optional<std::string>> registered_earlier(Context& context, const Instances& all,
                                                      const shapes::RegisterInstanceRequest& request) {
  if (!request.CreatorRequestId || request.CreatorRequestId->empty()) return std::nullopt;
  for (const auto& one : all) {
    if (one->creator_request != *request.CreatorRequestId) continue;
    if (one->id == request.InstanceId && one->attributes == request.Attributes) return one->creator_operation;
    context.error_texts = {{"DuplicateOperationId", one->creator_operation}};
    return fail_client("DuplicateRequest",
                       "Another request has the CreatorRequestId " + *request.CreatorRequestId + ".");
  }
  return std::nullopt;
}

std::string first_health(const DiscoveryService& service, const std::map<std::string, std::string>& attributes) {
  if (!service.custom_health) return "";
  const auto given = attributes.find("AWS_INIT_HEALTH_STATUS");
  return given == attributes.end() ? "HEALTHY" : given->second;
}

// One that is registered again becomes what the call says.
Result<shapes::RegisterInstanceResponse> try_register(Context& context,
                                                      const shapes::RegisterInstanceRequest& request) {
  TRY(check_keys(request.Attributes, "Attributes"));
  const auto service = TRY(find_service(context, request.ServiceId)).document;
  TRY(check_attributes(service, request.Attributes));
  const auto all = TRY(instances_of(context, service.id));
  if (const auto done = TRY(registered_earlier(context, all, request))) return shapes::RegisterInstanceResponse{*done};
  const auto before = std::ranges::find_if(all, [&](const auto& one) { return one->id == request.InstanceId; });
  if (before == all.end() && all.size() >= kMaxInstances)
    return limit_exceeded("A service has at most 1000 instances.");
  if (before != all.end() && !(*before)->task.empty()) return in_use("The instance is a task of an ECS service.");
  const auto operation =
      succeeded(context, "REGISTER_INSTANCE", {{"INSTANCE", request.InstanceId}, {"SERVICE", service.id}});
  const DiscoveryInstance instance{.scope = scope_of(context),
                                   .service = service.id,
                                   .id = request.InstanceId,
                                   .attributes = request.Attributes,
                                   .health = first_health(service, request.Attributes),
                                   .creator_request = request.CreatorRequestId.value_or(""),
                                   .creator_operation = operation.id,
                                   .created_at = context.now};
  const std::int64_t expected = before == all.end() ? store::Expect::kAbsent : before->revision;
  std::vector<store::Write> writes{store::put(instance, expected)};
  TRY(keep(context, operation, writes));
  TRY(commit(context, writes));
  return shapes::RegisterInstanceResponse{operation.id};
}

std::string shown_health(const DiscoveryInstance& instance) {
  return instance.health.empty() ? "UNKNOWN" : instance.health;
}

// Those that are asked for, all where none is. Errors: InstanceNotFound.
Result<Instances> chosen(Context& context, const std::string& service,
                         const std::optional<std::vector<std::string>>& ids) {
  auto all = TRY(instances_of(context, service));
  if (!ids) return all;
  for (const auto& id : *ids) {
    if (std::ranges::none_of(all, [&](const auto& one) { return one->id == id; })) return instance_not_found();
  }
  std::erase_if(all, [&](const auto& one) { return std::ranges::find(*ids, one->id) == ids->end(); });
  return all;
}

}  // namespace

Result<shapes::RegisterInstanceResponse> register_instance(Context& context,
                                                           const shapes::RegisterInstanceRequest& request) {
  return writing(kServerError, [&] { return try_register(context, request); });
}

Result<shapes::DeregisterInstanceResponse> deregister_instance(Context& context,
                                                               const shapes::DeregisterInstanceRequest& request) {
  return writing(kServerError, [&]() -> Result<shapes::DeregisterInstanceResponse> {
    const auto service = TRY(find_service(context, request.ServiceId));
    const auto instance = TRY(find_instance(context, service.document.id, request.InstanceId));
    const auto operation =
        succeeded(context, "DEREGISTER_INSTANCE", {{"INSTANCE", request.InstanceId}, {"SERVICE", service.document.id}});
    // The service is written so that the revision of its instances grows.
    std::vector<store::Write> writes{store::erase(instance), store::put(service)};
    TRY(keep(context, operation, writes));
    TRY(commit(context, writes));
    return shapes::DeregisterInstanceResponse{operation.id};
  });
}

Result<shapes::GetInstanceResponse> get_instance(Context& context, const shapes::GetInstanceRequest& request) {
  const auto service = TRY(find_service(context, request.ServiceId)).document;
  const auto found = TRY(find_instance(context, service.id, request.InstanceId)).document;
  shapes::Instance shown{.Id = found.id, .Attributes = found.attributes, .CreatedByAccount = found.scope.account};
  if (!found.creator_request.empty()) shown.CreatorRequestId = found.creator_request;
  return shapes::GetInstanceResponse{found.scope.account, std::move(shown)};
}

Result<shapes::ListInstancesResponse> list_instances(Context& context, const shapes::ListInstancesRequest& request) {
  const auto service = TRY(find_service(context, request.ServiceId)).document;
  std::vector<Positioned<shapes::InstanceSummary>> all;
  for (const auto& one : TRY(instances_of(context, service.id))) {
    all.push_back({one->id, {.Id = one->id, .Attributes = one->attributes, .CreatedByAccount = one->scope.account}});
  }
  auto page = page_of(std::move(all), request.NextToken.value_or(""),
                      static_cast<std::size_t>(request.MaxResults.value_or(kInstancesPerPage)));
  if (!page) return bad_token();
  return shapes::ListInstancesResponse{service.scope.account, std::move(page->items), std::move(page->next)};
}

Result<shapes::GetInstancesHealthStatusResponse> get_instances_health_status(
    Context& context, const shapes::GetInstancesHealthStatusRequest& request) {
  const auto service = TRY(find_service(context, request.ServiceId)).document;
  std::vector<Positioned<std::pair<std::string, std::string>>> all;
  for (const auto& one : TRY(chosen(context, service.id, request.Instances))) {
    all.push_back({one->id, {one->id, shown_health(*one)}});
  }
  auto page = page_of(std::move(all), request.NextToken.value_or(""),
                      static_cast<std::size_t>(request.MaxResults.value_or(kInstancesPerPage)));
  if (!page) return bad_token();
  shapes::GetInstancesHealthStatusResponse response{.Status = std::map<std::string, std::string>{},
                                                    .NextToken = std::move(page->next)};
  response.Status->insert(page->items.begin(), page->items.end());
  return response;
}

Result<shapes::UpdateInstanceCustomHealthStatusResponse> update_instance_custom_health_status(
    Context& context, const shapes::UpdateInstanceCustomHealthStatusRequest& request) {
  return writing(kServerError, [&]() -> Result<shapes::UpdateInstanceCustomHealthStatusResponse> {
    const auto service = TRY(find_service(context, request.ServiceId)).document;
    auto instance = TRY(find_instance(context, service.id, request.InstanceId));
    if (!service.custom_health) {
      return fail_client("CustomHealthNotFound", "The service " + service.id + " has no HealthCheckCustomConfig.");
    }
    if (instance.document.health == request.Status) return shapes::UpdateInstanceCustomHealthStatusResponse{};
    instance.document.health = request.Status;
    TRY(commit(context, {store::put(instance)}));
    return shapes::UpdateInstanceCustomHealthStatusResponse{};
  });
}

}  // namespace weir::api::servicediscovery
