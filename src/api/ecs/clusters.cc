// The operations on clusters.
#include <fmt/format.h>

#include <algorithm>

#include "api/arn.h"
#include "api/ecs/account_settings.h"
#include "api/ecs/actions.h"
#include "api/ecs/errors.h"
#include "api/ecs/references.h"
#include "api/ecs/refusals.h"
#include "api/ecs/service_rules.h"
#include "api/writing.h"

namespace weir::api::ecs {

namespace {

constexpr std::size_t kClustersPerPage = 100;
constexpr std::size_t kMaxClustersDescribed = 100;

struct Counts {
  std::int32_t running = 0;
  std::int32_t pending = 0;
  std::int32_t services = 0;
};

Result<Counts> counts_of(Context& context, const std::string& cluster) {
  Counts counts;
  for (const auto& task : TRY(all_of<model::Task>(context, cluster))) {
    const std::string& status = task->last_status;
    if (status == "RUNNING") ++counts.running;
    if (status == "PROVISIONING" || status == "PENDING" || status == "ACTIVATING") ++counts.pending;
  }
  for (const auto& service : TRY(all_of<model::Service>(context, cluster))) {
    if (service->status == "ACTIVE") ++counts.services;
  }
  return counts;
}

shapes::Cluster shown_cluster(const model::Cluster& cluster, const Counts& counts, bool tags, bool settings) {
  return {
      .clusterArn = cluster.arn,
      .clusterName = cluster.name,
      .status = cluster.status,
      .registeredContainerInstancesCount = cluster.status == "ACTIVE" ? 1 : 0,
      .runningTasksCount = counts.running,
      .pendingTasksCount = counts.pending,
      .activeServicesCount = counts.services,
      .statistics = std::vector<shapes::KeyValuePair>{},
      .tags = tags ? cluster.tags.value_or(std::vector<shapes::Tag>{}) : std::vector<shapes::Tag>{},
      .settings = settings ? cluster.settings.value_or(std::vector<shapes::ClusterSetting>{})
                           : std::vector<shapes::ClusterSetting>{},
      .capacityProviders = cluster.capacity_providers.value_or(std::vector<std::string>{}),
      .defaultCapacityProviderStrategy =
          cluster.default_capacity_provider_strategy.value_or(std::vector<shapes::CapacityProviderStrategyItem>{}),
  };
}

using Settings = std::vector<shapes::ClusterSetting>;

// What is not said is as the account has it.
Result<Settings> settings_of(Context& context, const shapes::CreateClusterRequest& request) {
  if (request.settings && !request.settings->empty()) return *request.settings;
  const std::string insights = TRY(effective_setting(context, caller_arn(context), "containerInsights"));
  return Settings{{.name = "containerInsights", .value = insights}};
}

Result<> check_settings(const Settings& settings) {
  for (const auto& setting : settings) {
    const std::string value = setting.value.value_or("");
    if (value != "enabled" && value != "disabled" && value != "enhanced") {
      return invalid_parameter(fmt::format("Invalid cluster setting value: {}", value));
    }
  }
  return {};
}

// Every provider of a strategy is one of the cluster's.
Result<> check_providers(const std::vector<std::string>& providers,
                         const std::vector<shapes::CapacityProviderStrategyItem>& strategy) {
  TRY(check_strategy(strategy));
  for (const auto& item : strategy) {
    if (std::ranges::find(providers, item.capacityProvider) != providers.end()) continue;
    return invalid_parameter(
        "The specified capacity provider strategy cannot contain a capacity provider that is not associated with the "
        "cluster. Associate the capacity provider with the cluster and try again.");
  }
  return {};
}

Result<shapes::CreateClusterResponse> try_create(Context& context, const shapes::CreateClusterRequest& request) {
  TRY(refuse(request, refused_of_create_cluster(), kUnsupported));
  const std::string name = request.clusterName.value_or("default");
  if (!is_name(name)) return invalid_name("Cluster");
  TRY(check_tags(request.tags));
  const Settings settings = TRY(settings_of(context, request));
  TRY(check_settings(settings));
  TRY(check_providers(
      request.capacityProviders.value_or(std::vector<std::string>{}),
      request.defaultCapacityProviderStrategy.value_or(std::vector<shapes::CapacityProviderStrategyItem>{})));
  model::Cluster cluster{.scope = scope_of(context), .name = name, .arn = cluster_arn(context, name)};
  const auto found = TRY(store::load<model::Cluster>(context.store, cluster.key()));
  if (found && found->document.status == "ACTIVE") {
    return shapes::CreateClusterResponse{
        shown_cluster(found->document, TRY(counts_of(context, name)), /*tags=*/true, /*settings=*/true)};
  }
  cluster.created_at = context.now;
  cluster.tags = request.tags;
  cluster.settings = settings;
  cluster.capacity_providers = request.capacityProviders;
  cluster.default_capacity_provider_strategy = request.defaultCapacityProviderStrategy;
  TRY(commit(context, {store::put(cluster, found ? found->revision : store::Expect::kAbsent)}));
  return shapes::CreateClusterResponse{shown_cluster(cluster, {}, /*tags=*/true, /*settings=*/true)};
}

Result<shapes::DeleteClusterResponse> try_delete(Context& context, const shapes::DeleteClusterRequest& request) {
  auto cluster = TRY(find_cluster(context, request.cluster));
  const auto counts = TRY(counts_of(context, cluster.document.name));
  if (counts.services > 0) {
    return client_error("ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active.");
  }
  for (const auto& task : TRY(all_of<model::Task>(context, cluster.document.name))) {
    if (task->last_status != "STOPPED") {
      return client_error("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.");
    }
  }
  cluster.document.status = "INACTIVE";
  TRY(commit(context, {store::put(cluster)}));
  return shapes::DeleteClusterResponse{shown_cluster(cluster.document, counts, /*tags=*/false, /*settings=*/false)};
}

Result<shapes::Cluster> view_of(Context& context, const model::Cluster& cluster) {
  return shown_cluster(cluster, TRY(counts_of(context, cluster.name)), /*tags=*/true, /*settings=*/true);
}

// Those of the same name are replaced.
Result<shapes::Cluster> change_settings(Context& context, const std::string& reference, const Settings& given) {
  TRY(check_settings(given));
  auto cluster = TRY(find_cluster(context, reference));
  Settings settings = cluster.document.settings.value_or(Settings{});
  for (const auto& setting : given) {
    std::erase_if(settings, [&](const auto& one) { return one.name == setting.name; });
    settings.push_back(setting);
  }
  cluster.document.settings = settings;
  TRY(commit(context, {store::put(cluster)}));
  return view_of(context, cluster.document);
}

Result<shapes::PutClusterCapacityProvidersResponse> try_put_providers(
    Context& context, const shapes::PutClusterCapacityProvidersRequest& request) {
  TRY(refuse(request, refused_of_put_cluster_capacity_providers(), kUnsupported));
  TRY(check_providers(request.capacityProviders, request.defaultCapacityProviderStrategy));
  auto cluster = TRY(find_cluster(context, request.cluster));
  for (const auto& service : TRY(all_of<model::Service>(context, cluster.document.name))) {
    if (service->status == "INACTIVE" || !service->capacity_provider_strategy) continue;
    for (const auto& item : *service->capacity_provider_strategy) {
      if (includes(request.capacityProviders, item.capacityProvider)) continue;
      if (!includes(cluster.document.capacity_providers, item.capacityProvider)) continue;
      return client_error("ResourceInUseException", "The specified capacity provider is in use and cannot be removed.");
    }
  }
  cluster.document.capacity_providers = request.capacityProviders;
  cluster.document.default_capacity_provider_strategy = request.defaultCapacityProviderStrategy;
  TRY(commit(context, {store::put(cluster)}));
  return shapes::PutClusterCapacityProvidersResponse{TRY(view_of(context, cluster.document))};
}

}  // namespace

Result<shapes::UpdateClusterResponse> update_cluster(Context& context, const shapes::UpdateClusterRequest& request) {
  return writing(kServerException, [&]() -> Result<shapes::UpdateClusterResponse> {
    TRY(refuse(request, refused_of_update_cluster(), kUnsupported));
    return shapes::UpdateClusterResponse{
        TRY(change_settings(context, request.cluster, request.settings.value_or(Settings{})))};
  });
}

Result<shapes::UpdateClusterSettingsResponse> update_cluster_settings(
    Context& context, const shapes::UpdateClusterSettingsRequest& request) {
  return writing(kServerException, [&]() -> Result<shapes::UpdateClusterSettingsResponse> {
    return shapes::UpdateClusterSettingsResponse{TRY(change_settings(context, request.cluster, request.settings))};
  });
}

Result<shapes::PutClusterCapacityProvidersResponse> put_cluster_capacity_providers(
    Context& context, const shapes::PutClusterCapacityProvidersRequest& request) {
  return writing(kServerException, [&] { return try_put_providers(context, request); });
}

Result<shapes::CreateClusterResponse> create_cluster(Context& context, const shapes::CreateClusterRequest& request) {
  return writing(kServerException, [&] { return try_create(context, request); });
}

Result<shapes::DescribeClustersResponse> describe_clusters(Context& context,
                                                           const shapes::DescribeClustersRequest& request) {
  std::vector<std::string> references = request.clusters.value_or(std::vector<std::string>{});
  if (references.empty()) references.emplace_back("default");
  if (references.size() > kMaxClustersDescribed) {
    return invalid_parameter(fmt::format("Clusters cannot have more than {} elements.", kMaxClustersDescribed));
  }
  shapes::DescribeClustersResponse response;
  response.clusters.emplace();
  response.failures.emplace();
  for (const auto& reference : references) {
    const auto name = cluster_name(context, reference);
    if (!name && name.error().code == "InvalidParameterException") return std::unexpected(name.error());
    std::optional<store::Versioned<model::Cluster>> found;
    if (name) {
      const model::Cluster named{.scope = scope_of(context), .name = *name};
      found = TRY(store::load<model::Cluster>(context.store, named.key()));
    }
    if (!found) {
      const std::string arn = reference.starts_with("arn:") ? reference : cluster_arn(context, reference);
      response.failures->push_back({.arn = arn, .reason = "MISSING"});
      continue;
    }
    response.clusters->push_back(shown_cluster(found->document, TRY(counts_of(context, found->document.name)),
                                               includes(request.include, "TAGS"),
                                               includes(request.include, "SETTINGS")));
  }
  return response;
}

Result<shapes::ListClustersResponse> list_clusters(Context& context, const shapes::ListClustersRequest& request) {
  std::vector<Positioned<std::string>> all;
  for (const auto& cluster : TRY(all_of<model::Cluster>(context))) {
    if (cluster->status == "ACTIVE") all.push_back({cluster->name, cluster->arn});
  }
  auto page = TRY(arn_page(std::move(all), request.nextToken, request.maxResults, kClustersPerPage));
  return shapes::ListClustersResponse{std::move(page.arns), std::move(page.next)};
}

Result<shapes::DeleteClusterResponse> delete_cluster(Context& context, const shapes::DeleteClusterRequest& request) {
  return writing(kServerException, [&] { return try_delete(context, request); });
}

}  // namespace weir::api::ecs
