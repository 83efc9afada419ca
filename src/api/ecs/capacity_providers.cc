// The operations on capacity providers: the two that every account has, as a cluster's record.
#include <fmt/format.h>

#include <algorithm>

#include "api/arn.h"
#include "api/ecs/actions.h"
#include "api/ecs/errors.h"
#include "api/ecs/references.h"
#include "api/ecs/refusals.h"

namespace weir::api::ecs {

namespace {

constexpr const char* kProviders[] = {"FARGATE", "FARGATE_SPOT"};
constexpr std::size_t kProvidersPerPage = 10;

std::string arn_of(const Context& context, const std::string& name) {
  return make_arn(context, "ecs", "capacity-provider/" + name);
}

// A name, or the last part of an ARN.
std::string name_of(const std::string& reference) {
  const auto slash = reference.rfind('/');
  return slash == std::string::npos ? reference : reference.substr(slash + 1);
}

shapes::CapacityProvider shown_provider(const Context& context, const std::string& name) {
  return {.capacityProviderArn = arn_of(context, name),
          .name = name,
          .status = "ACTIVE",
          .tags = std::vector<shapes::Tag>{},
          .type = name};
}

}  // namespace

Result<shapes::DescribeCapacityProvidersResponse> describe_capacity_providers(
    Context& context, const shapes::DescribeCapacityProvidersRequest& request) {
  const auto wanted = request.capacityProviders.value_or(std::vector<std::string>{});
  std::optional<std::vector<std::string>> of_cluster;
  if (request.cluster) {
    of_cluster =
        TRY(find_cluster(context, request.cluster)).document.capacity_providers.value_or(std::vector<std::string>{});
  }
  shapes::DescribeCapacityProvidersResponse response;
  response.failures.emplace();
  std::vector<Positioned<shapes::CapacityProvider>> all;
  for (const std::string name : kProviders) {
    if (of_cluster && std::ranges::find(*of_cluster, name) == of_cluster->end()) continue;
    const bool named = std::ranges::any_of(wanted, [&](const auto& one) { return name_of(one) == name; });
    if (named || wanted.empty()) all.push_back({name, shown_provider(context, name)});
  }
  for (const auto& one : wanted) {
    if (std::ranges::any_of(all, [&](const auto& found) { return *found.item.name == name_of(one); })) continue;
    response.failures->push_back({.arn = one.starts_with("arn:") ? one : arn_of(context, one), .reason = "MISSING"});
  }
  const std::size_t size = TRY(page_size(request.maxResults, kProvidersPerPage));
  auto page = page_of(std::move(all), request.nextToken.value_or(""), size);
  if (!page) return invalid_token();
  response.capacityProviders = std::move(page->items);
  response.nextToken = std::move(page->next);
  return response;
}

// No namespace is a service's: Service Connect is refused.
Result<shapes::ListServicesByNamespaceResponse> list_services_by_namespace(
    Context&, const shapes::ListServicesByNamespaceRequest& request) {
  return client_error("NamespaceNotFoundException",
                      fmt::format("The specified namespace wasn't found: {}", request.namespace_));
}

}  // namespace weir::api::ecs
