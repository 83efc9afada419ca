// The operations on namespaces.
#include <algorithm>

#include "api/arn.h"
#include "api/limits.h"
#include "api/paging.h"
#include "api/servicediscovery/actions.h"
#include "api/servicediscovery/errors.h"
#include "api/servicediscovery/filters.h"
#include "api/servicediscovery/operations.h"
#include "api/servicediscovery/references.h"
#include "api/writing.h"

namespace weir::api::servicediscovery {

namespace {

constexpr std::int32_t kNamespacesPerPage = 100;

using model::DiscoveryNamespace;

// What the three ways to create one have in common.
struct NewNamespace {
  const char* type;
  std::string name;
  const std::optional<std::string>& creator_request;
  const std::optional<std::string>& description;
  const std::optional<std::vector<shapes::Tag>>& tags;
  std::string vpc = {};
  std::optional<std::int64_t> negative_ttl = {};
};

// Labels of 1 to 63 characters with dots between them. Underscores and more are taken, as Route 53 takes them.
bool is_dns_name(std::string_view name) {
  while (true) {
    const auto dot = name.find('.');
    const auto label = name.substr(0, dot);
    if (label.empty() || label.size() > 63) return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

// tools/shapes leaves the model's patterns out: they look ahead.
Result<> check_name(std::string_view name, bool dns) {
  const bool visible = std::ranges::all_of(name, [](char c) { return c >= '!' && c <= '~'; });
  if (visible && !name.empty() && !name.starts_with("arn:") && (!dns || is_dns_name(name))) return {};
  return invalid_input("The name '" + std::string(name) + (dns ? "' is no DNS name." : "' is no name of a namespace."));
}

std::unexpected<Error> already_exists(Context& context, const DiscoveryNamespace& other) {
  context.error_texts = {{"NamespaceId", other.id}, {"CreatorRequestId", other.creator_request}};
  return fail_client("NamespaceAlreadyExists", "The namespace " + other.name + " already exists: " + other.id);
}

// What an earlier call with the same CreatorRequestId, or for the same name, means for this one: the id of the
// operation that did it already, an error, or nothing.
Result<std::optional<std::string>> earlier(Context& context, const NewNamespace& wish) {
  const auto all = TRY(store::peek_all<DiscoveryNamespace>(context.store, scope_of(context).prefix()));
  for (const auto& one : all) {
    const bool repeated = wish.creator_request && *wish.creator_request == one->creator_request;
    const bool same = same_name(one->name, wish.name);
    if (repeated && same && one->type == wish.type) return one->creator_operation;
    if (repeated) {
      context.error_texts = {{"DuplicateOperationId", one->creator_operation}};
      return fail_client("DuplicateRequest", "Another request has the CreatorRequestId " + *wish.creator_request + ".");
    }
    if (same) return already_exists(context, *one);
  }
  if (all.size() >= kMaxNamespaces) return limit_exceeded("There are as many namespaces as there may be.");
  return std::nullopt;
}

Result<std::string> create(Context& context, NewNamespace wish) {
  const bool dns = wish.type != std::string_view("HTTP");
  if (dns && wish.name.ends_with('.')) wish.name.pop_back();
  TRY(check_name(wish.name, dns));
  return writing(kServerError, [&]() -> Result<std::string> {
    if (const auto done = TRY(earlier(context, wish))) return *done;
    auto tags = TRY(tags_of(wish.tags));
    DiscoveryNamespace made{.scope = scope_of(context),
                            .id = new_id(context, "ns-"),
                            .name = wish.name,
                            .type = wish.type,
                            .description = wish.description.value_or(""),
                            .vpc = wish.vpc,
                            .creator_request = wish.creator_request.value_or(""),
                            .created_at = context.now,
                            .tags = std::move(tags)};
    made.arn = make_arn(context, "servicediscovery", "namespace/" + made.id);
    if (dns) {
      made.hosted_zone = "Z" + stable_hex(made.id, 20);
      std::ranges::transform(made.hosted_zone, made.hosted_zone.begin(),
                             [](char c) { return c >= 'a' ? static_cast<char>(c - 32) : c; });
    }
    if (wish.negative_ttl) made.negative_ttl = *wish.negative_ttl;
    const auto operation = succeeded(context, "CREATE_NAMESPACE", {{"NAMESPACE", made.id}});
    made.creator_operation = operation.id;
    std::vector<store::Write> writes{store::put(made, store::Expect::kAbsent)};
    TRY(keep(context, operation, writes));
    TRY(commit(context, writes));
    return operation.id;
  });
}

shapes::NamespaceProperties properties_of(const DiscoveryNamespace& one) {
  shapes::NamespaceProperties properties{.HttpProperties = shapes::HttpProperties{one.name}};
  if (one.type != "HTTP") properties.DnsProperties = {one.hosted_zone, shapes::SOA{one.negative_ttl}};
  return properties;
}

// What GetNamespace and ListNamespaces both say.
template <class View>
View shown(const DiscoveryNamespace& one, std::int32_t services) {
  View view{.Id = one.id,
            .Arn = one.arn,
            .ResourceOwner = one.scope.account,
            .Name = one.name,
            .Type = one.type,
            .ServiceCount = services,
            .Properties = properties_of(one),
            .CreateDate = one.created_at};
  if (!one.description.empty()) view.Description = one.description;
  return view;
}

Traits namespace_traits(const DiscoveryNamespace& one) {
  return {{"TYPE", one.type}, {"NAME", one.name}, {"HTTP_NAME", one.name}, {"RESOURCE_OWNER", "SELF"}};
}

struct NamespaceChange {
  const char* type;
  const std::string& reference;
  std::optional<std::string> description;
  std::optional<std::int64_t> negative_ttl = {};
};

Result<std::string> update(Context& context, const NamespaceChange& change) {
  return writing(kServerError, [&]() -> Result<std::string> {
    auto found = TRY(find_namespace(context, change.reference));
    if (found.document.type != change.type) {
      return invalid_input("The namespace " + found.document.id + " is of type " + found.document.type + ".");
    }
    if (change.description) found.document.description = *change.description;
    if (change.negative_ttl) found.document.negative_ttl = *change.negative_ttl;
    const auto operation = succeeded(context, "UPDATE_NAMESPACE", {{"NAMESPACE", found.document.id}});
    std::vector<store::Write> writes{store::put(found)};
    TRY(keep(context, operation, writes));
    TRY(commit(context, writes));
    return operation.id;
  });
}

// SOA.TTL, where the request has one.
template <class Properties>
std::optional<std::int64_t> ttl_of(const std::optional<Properties>& properties) {
  if (!properties) return std::nullopt;
  return properties->DnsProperties.SOA.TTL;
}

}  // namespace

Result<shapes::CreateHttpNamespaceResponse> create_http_namespace(Context& context,
                                                                  const shapes::CreateHttpNamespaceRequest& request) {
  return shapes::CreateHttpNamespaceResponse{
      TRY(create(context, {"HTTP", request.Name, request.CreatorRequestId, request.Description, request.Tags}))};
}

Result<shapes::CreatePrivateDnsNamespaceResponse> create_private_dns_namespace(
    Context& context, const shapes::CreatePrivateDnsNamespaceRequest& request) {
  return shapes::CreatePrivateDnsNamespaceResponse{
      TRY(create(context, {"DNS_PRIVATE", request.Name, request.CreatorRequestId, request.Description, request.Tags,
                           request.Vpc, ttl_of(request.Properties)}))};
}

Result<shapes::CreatePublicDnsNamespaceResponse> create_public_dns_namespace(
    Context& context, const shapes::CreatePublicDnsNamespaceRequest& request) {
  return shapes::CreatePublicDnsNamespaceResponse{
      TRY(create(context, {"DNS_PUBLIC", request.Name, request.CreatorRequestId, request.Description, request.Tags, "",
                           ttl_of(request.Properties)}))};
}

Result<shapes::GetNamespaceResponse> get_namespace(Context& context, const shapes::GetNamespaceRequest& request) {
  const auto found = TRY(find_namespace(context, request.Id)).document;
  auto view = shown<shapes::Namespace>(found, TRY(count_services(context))[found.id]);
  if (!found.creator_request.empty()) view.CreatorRequestId = found.creator_request;
  return shapes::GetNamespaceResponse{std::move(view)};
}

Result<shapes::ListNamespacesResponse> list_namespaces(Context& context, const shapes::ListNamespacesRequest& request) {
  const auto filters = TRY(filters_of(request.Filters));
  auto services = TRY(count_services(context));
  std::vector<Positioned<shapes::NamespaceSummary>> all;
  for (const auto& one : TRY(store::peek_all<DiscoveryNamespace>(context.store, scope_of(context).prefix()))) {
    if (!fits(filters, namespace_traits(*one))) continue;
    all.push_back(
        {position_number(one->created_at.millis) + one->id, shown<shapes::NamespaceSummary>(*one, services[one->id])});
  }
  auto page = page_of(std::move(all), request.NextToken.value_or(""),
                      static_cast<std::size_t>(request.MaxResults.value_or(kNamespacesPerPage)));
  if (!page) return bad_token();
  return shapes::ListNamespacesResponse{std::move(page->items), std::move(page->next)};
}

Result<shapes::UpdateHttpNamespaceResponse> update_http_namespace(Context& context,
                                                                  const shapes::UpdateHttpNamespaceRequest& request) {
  return shapes::UpdateHttpNamespaceResponse{TRY(update(context, {"HTTP", request.Id, request.Namespace.Description}))};
}

Result<shapes::UpdatePrivateDnsNamespaceResponse> update_private_dns_namespace(
    Context& context, const shapes::UpdatePrivateDnsNamespaceRequest& request) {
  return shapes::UpdatePrivateDnsNamespaceResponse{TRY(update(
      context, {"DNS_PRIVATE", request.Id, request.Namespace.Description, ttl_of(request.Namespace.Properties)}))};
}

Result<shapes::UpdatePublicDnsNamespaceResponse> update_public_dns_namespace(
    Context& context, const shapes::UpdatePublicDnsNamespaceRequest& request) {
  return shapes::UpdatePublicDnsNamespaceResponse{TRY(update(
      context, {"DNS_PUBLIC", request.Id, request.Namespace.Description, ttl_of(request.Namespace.Properties)}))};
}

Result<shapes::DeleteNamespaceResponse> delete_namespace(Context& context,
                                                         const shapes::DeleteNamespaceRequest& request) {
  return writing(kServerError, [&]() -> Result<shapes::DeleteNamespaceResponse> {
    const auto found = TRY(find_namespace(context, request.Id));
    if (TRY(count_services(context)).contains(found.document.id)) {
      return in_use("Namespace contains services; delete the services before deleting the namespace");
    }
    const auto operation = succeeded(context, "DELETE_NAMESPACE", {{"NAMESPACE", found.document.id}});
    std::vector<store::Write> writes{store::erase(found)};
    TRY(keep(context, operation, writes));
    TRY(commit(context, writes));
    return shapes::DeleteNamespaceResponse{operation.id};
  });
}

}  // namespace weir::api::servicediscovery
