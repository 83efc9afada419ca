// The operations on services and their attributes.
#include <algorithm>

#include "api/arn.h"
#include "api/limits.h"
#include "api/paging.h"
#include "api/servicediscovery/actions.h"
#include "api/servicediscovery/errors.h"
#include "api/servicediscovery/filters.h"
#include "api/servicediscovery/operations.h"
#include "api/servicediscovery/references.h"
#include "api/servicediscovery/refusals.h"
#include "api/servicediscovery/service_rules.h"
#include "api/writing.h"

namespace weir::api::servicediscovery {

namespace {

constexpr std::int32_t kServicesPerPage = 100;

using model::DiscoveryNamespace;
using model::DiscoveryService;

// What GetService, CreateService and ListServices all say.
template <class View>
View view_of(const DiscoveryService& one, std::int32_t instances) {
  View view{.Id = one.id,
            .Arn = one.arn,
            .ResourceOwner = one.scope.account,
            .Name = one.name,
            .InstanceCount = instances,
            .CreateDate = one.created_at,
            .CreatedByAccount = one.scope.account};
  view.Type = one.type;
  if (!one.description.empty()) view.Description = one.description;
  if (!one.records.empty()) view.DnsConfig = shapes::DnsConfig{one.name_space, one.routing_policy, one.records};
  if (one.custom_health) view.HealthCheckCustomConfig = shapes::HealthCheckCustomConfig{1};
  return view;
}

shapes::Service whole_view(const DiscoveryService& one, std::int32_t instances) {
  auto view = view_of<shapes::Service>(one, instances);
  view.NamespaceId = one.name_space;
  if (!one.creator_request.empty()) view.CreatorRequestId = one.creator_request;
  return view;
}

// NamespaceId, at either of its two places.
Result<std::string> namespace_reference(const shapes::CreateServiceRequest& request) {
  const auto old = request.DnsConfig ? request.DnsConfig->NamespaceId : std::nullopt;
  if (request.NamespaceId && old && *request.NamespaceId != *old) {
    return invalid_input("NamespaceId and DnsConfig.NamespaceId name two namespaces.");
  }
  if (!request.NamespaceId && !old) return invalid_input("NamespaceId is required.");
  return request.NamespaceId ? *request.NamespaceId : *old;
}

// The service as the request wishes it, without what is drawn.
Result<DiscoveryService> wished(Context& context, const shapes::CreateServiceRequest& request,
                                const DiscoveryNamespace& name_space) {
  auto tags = TRY(tags_of(request.Tags));
  DiscoveryService service{.scope = scope_of(context),
                           .name = request.Name,
                           .name_space = name_space.id,
                           .type = request.DnsConfig ? "DNS_HTTP" : "HTTP",
                           .description = request.Description.value_or(""),
                           .custom_health = request.HealthCheckCustomConfig.has_value(),
                           .creator_request = request.CreatorRequestId.value_or(""),
                           .created_at = context.now,
                           .tags = std::move(tags)};
  if (!request.DnsConfig) return service;
  if (name_space.type == "HTTP") return invalid_input("DnsConfig is not for services of an HTTP namespace.");
  if (request.Type) return invalid_input("DnsConfig is not for services of type HTTP.");
  service.records = request.DnsConfig->DnsRecords;
  service.routing_policy = request.DnsConfig->RoutingPolicy.value_or("MULTIVALUE");
  TRY(check_records(service.records, service.routing_policy));
  return service;
}

bool is_repeat(const DiscoveryService& made, const DiscoveryService& wish) {
  return !wish.creator_request.empty() && made.creator_request == wish.creator_request && made.name == wish.name &&
         made.type == wish.type && made.custom_health == wish.custom_health;
}

std::unexpected<Error> service_exists(Context& context, const DiscoveryService& other) {
  context.error_texts = {
      {"ServiceId", other.id}, {"ServiceArn", other.arn}, {"CreatorRequestId", other.creator_request}};
  return fail_client("ServiceAlreadyExists", "Service already exists.");
}

// The service that an earlier call with the same CreatorRequestId made. Names that differ in case only would be one
// name to DNS.
Result<std::optional<DiscoveryService>> made_earlier(Context& context, const DiscoveryService& wish, bool dns) {
  const auto all = TRY(store::peek_all<DiscoveryService>(context.store, scope_of(context).prefix()));
  for (const auto& one : all) {
    if (one->name_space != wish.name_space) continue;
    if (dns ? !same_name(one->name, wish.name) : one->name != wish.name) continue;
    if (is_repeat(*one, wish)) return *one;
    return service_exists(context, *one);
  }
  if (all.size() >= kMaxDiscoveryServices) return limit_exceeded("There are as many services as there may be.");
  return std::nullopt;
}

Result<shapes::CreateServiceResponse> try_create(Context& context, const shapes::CreateServiceRequest& request) {
  TRY(check_service_name(request.Name));
  const std::string reference = TRY(namespace_reference(request));
  const auto name_space = TRY(find_namespace(context, reference)).document;
  auto service = TRY(wished(context, request, name_space));
  if (const auto made = TRY(made_earlier(context, service, name_space.type != "HTTP"))) {
    return shapes::CreateServiceResponse{whole_view(*made, TRY(count_instances(context, made->id)))};
  }
  service.id = new_id(context, "srv-");
  service.arn = make_arn(context, "servicediscovery", "service/" + service.id);
  TRY(commit(context, {store::put(service, store::Expect::kAbsent)}));
  return shapes::CreateServiceResponse{whole_view(service, 0)};
}

Traits service_traits(const DiscoveryService& one) {
  return {{"NAMESPACE_ID", one.name_space}, {"RESOURCE_OWNER", "SELF"}};
}

// NAMESPACE_ID may be given as an ARN.
std::string bare_id(const std::string& reference) {
  const auto arn = parse_arn(reference);
  return arn ? arn->part(1) : reference;
}

// Records that are not named any more go.
Result<> change(DiscoveryService& service, const DiscoveryNamespace& name_space, const shapes::ServiceChange& wish) {
  if (wish.Description) service.description = *wish.Description;
  if (!wish.DnsConfig) {
    service.records.clear();
    service.routing_policy.clear();
    service.type = "HTTP";
    return {};
  }
  if (name_space.type == "HTTP") return invalid_input("DnsConfig is not for services of an HTTP namespace.");
  if (service.routing_policy.empty()) service.routing_policy = "MULTIVALUE";
  service.records = wish.DnsConfig->DnsRecords;
  service.type = "DNS_HTTP";
  return check_records(service.records, service.routing_policy);
}

}  // namespace

Result<shapes::CreateServiceResponse> create_service(Context& context, const shapes::CreateServiceRequest& request) {
  TRY(refuse(request, refused_of_create_service(), kInvalidInput));
  return writing(kServerError, [&] { return try_create(context, request); });
}

Result<shapes::GetServiceResponse> get_service(Context& context, const shapes::GetServiceRequest& request) {
  const auto found = TRY(find_service(context, request.Id)).document;
  return shapes::GetServiceResponse{whole_view(found, TRY(count_instances(context, found.id)))};
}

Result<shapes::ListServicesResponse> list_services(Context& context, const shapes::ListServicesRequest& request) {
  auto filters = TRY(filters_of(request.Filters));
  for (auto& filter : filters) std::ranges::transform(filter.values, filter.values.begin(), bare_id);
  std::vector<Positioned<shapes::ServiceSummary>> all;
  for (const auto& one : TRY(store::peek_all<DiscoveryService>(context.store, scope_of(context).prefix()))) {
    if (!fits(filters, service_traits(*one))) continue;
    all.push_back({position_number(one->created_at.millis) + one->id, view_of<shapes::ServiceSummary>(*one, 0)});
  }
  auto page = page_of(std::move(all), request.NextToken.value_or(""),
                      static_cast<std::size_t>(request.MaxResults.value_or(kServicesPerPage)));
  if (!page) return bad_token();
  for (auto& one : page->items) one.InstanceCount = TRY(count_instances(context, *one.Id));
  return shapes::ListServicesResponse{std::move(page->items), std::move(page->next)};
}

Result<shapes::UpdateServiceResponse> update_service(Context& context, const shapes::UpdateServiceRequest& request) {
  TRY(refuse(request, refused_of_update_service(), kInvalidInput));
  return writing(kServerError, [&]() -> Result<shapes::UpdateServiceResponse> {
    auto found = TRY(find_service(context, request.Id));
    const auto name_space = TRY(find_namespace(context, found.document.name_space)).document;
    TRY(change(found.document, name_space, request.Service));
    const auto operation = succeeded(context, "UPDATE_SERVICE", {{"SERVICE", found.document.id}});
    std::vector<store::Write> writes{store::put(found)};
    TRY(keep(context, operation, writes));
    TRY(commit(context, writes));
    return shapes::UpdateServiceResponse{operation.id};
  });
}

Result<shapes::DeleteServiceResponse> delete_service(Context& context, const shapes::DeleteServiceRequest& request) {
  return writing(kServerError, [&]() -> Result<shapes::DeleteServiceResponse> {
    const auto found = TRY(find_service(context, request.Id));
    if (TRY(count_instances(context, found.document.id)) > 0) {
      return in_use("Service contains registered instances; delete the instances before deleting the service");
    }
    TRY(commit(context, {store::erase(found)}));
    return shapes::DeleteServiceResponse{};
  });
}

Result<shapes::GetServiceAttributesResponse> get_service_attributes(
    Context& context, const shapes::GetServiceAttributesRequest& request) {
  const auto found = TRY(find_service(context, request.ServiceId)).document;
  return shapes::GetServiceAttributesResponse{
      shapes::ServiceAttributes{found.arn, found.scope.account, found.attributes}};
}

Result<shapes::UpdateServiceAttributesResponse> update_service_attributes(
    Context& context, const shapes::UpdateServiceAttributesRequest& request) {
  return writing(kServerError, [&]() -> Result<shapes::UpdateServiceAttributesResponse> {
    const auto too_long = [](const auto& one) { return one.first.size() > kMostAttributeName; };
    if (std::ranges::any_of(request.Attributes, too_long)) {
      return invalid_input("Attributes: a name is longer than 255 characters.");
    }
    auto found = TRY(find_service(context, request.ServiceId));
    for (const auto& [key, value] : request.Attributes) found.document.attributes[key] = value;
    if (found.document.attributes.size() > kMaxServiceAttributes) {
      return fail_client("ServiceAttributesLimitExceededException", "A service has at most 30 attributes.");
    }
    TRY(commit(context, {store::put(found)}));
    return shapes::UpdateServiceAttributesResponse{};
  });
}

Result<shapes::DeleteServiceAttributesResponse> delete_service_attributes(
    Context& context, const shapes::DeleteServiceAttributesRequest& request) {
  return writing(kServerError, [&]() -> Result<shapes::DeleteServiceAttributesResponse> {
    auto found = TRY(find_service(context, request.ServiceId));
    for (const auto& key : request.Attributes) found.document.attributes.erase(key);
    TRY(commit(context, {store::put(found)}));
    return shapes::DeleteServiceAttributesResponse{};
  });
}

}  // namespace weir::api::servicediscovery
