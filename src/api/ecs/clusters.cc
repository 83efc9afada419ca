// The operations on clusters.
#include <fmt/format.h>

#include <algorithm>

#include "api/arn.h"
#include "api/ecs/actions.h"
#include "api/ecs/errors.h"
#include "api/ecs/references.h"
#include "api/ecs/refusals.h"
#include "api/writing.h"

namespace weir::api::ecs {

namespace {

constexpr std::size_t kClustersPerPage = 100;
constexpr std::size_t kMaxDescribed = 100;

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

shapes::Cluster shown(const model::Cluster& cluster, const Counts& counts, bool tags, bool settings) {
  return {
      .clusterArn = cluster.arn,
      .clusterName = cluster.name,
      .status = cluster.status,
      .registeredContainerInstancesCount = 0,
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

std::vector<shapes::ClusterSetting> settings_of(const shapes::CreateClusterRequest& request) {
  if (request.settings && !request.settings->empty()) return *request.settings;
  return {{.name = "containerInsights", .value = "disabled"}};
}

Result<shapes::CreateClusterResponse> try_create(Context& context, const shapes::CreateClusterRequest& request) {
  TRY(refuse(request, refused_of_create_cluster(), kUnsupported));
  const std::string name = request.clusterName.value_or("default");
  if (!is_name(name)) return invalid_name("Cluster");
  TRY(check_tags(request.tags));
  for (const auto& setting : settings_of(request)) {
    const std::string value = setting.value.value_or("");
    if (value != "enabled" && value != "disabled" && value != "enhanced") {
      return invalid_parameter(fmt::format("Invalid cluster setting value: {}", value));
    }
  }
  model::Cluster cluster{.scope = scope_of(context), .name = name, .arn = cluster_arn(context, name)};
  const auto found = TRY(store::load<model::Cluster>(context.store, cluster.key()));
  if (found && found->document.status == "ACTIVE") {
    return shapes::CreateClusterResponse{
        shown(found->document, TRY(counts_of(context, name)), /*tags=*/true, /*settings=*/true)};
  }
  cluster.created_at = context.now;
  cluster.tags = request.tags;
  cluster.settings = settings_of(request);
  cluster.capacity_providers = request.capacityProviders;
  cluster.default_capacity_provider_strategy = request.defaultCapacityProviderStrategy;
  TRY(commit(context, {store::put(cluster, found ? found->revision : store::Expect::kAbsent)}));
  return shapes::CreateClusterResponse{shown(cluster, {}, /*tags=*/true, /*settings=*/true)};
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
  return shapes::DeleteClusterResponse{shown(cluster.document, counts, /*tags=*/false, /*settings=*/false)};
}

}  // namespace

Result<shapes::CreateClusterResponse> create_cluster(Context& context, const shapes::CreateClusterRequest& request) {
  return writing(kServerException, [&] { return try_create(context, request); });
}

Result<shapes::DescribeClustersResponse> describe_clusters(Context& context,
                                                           const shapes::DescribeClustersRequest& request) {
  std::vector<std::string> references = request.clusters.value_or(std::vector<std::string>{});
  if (references.empty()) references.emplace_back("default");
  if (references.size() > kMaxDescribed) {
    return invalid_parameter(fmt::format("Clusters cannot have more than {} elements.", kMaxDescribed));
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
    response.clusters->push_back(shown(found->document, TRY(counts_of(context, found->document.name)),
                                       includes(request.include, "TAGS"), includes(request.include, "SETTINGS")));
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
