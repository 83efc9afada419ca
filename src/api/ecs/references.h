// What a request may call a cluster, a service, a task or a task definition: a name, a short form or an ARN; and the
// documents behind them. Control thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/action.h"
#include "api/paging.h"
#include "model/documents.h"
#include "store/store.h"

namespace weir::api::ecs {

namespace shapes = model::ecs;

inline constexpr const char* kPlatformVersion = "1.4.0";  // what LATEST is

// Up to 255 letters, digits, hyphens and underscores: what AWS takes for the names of ecs.
bool is_name(std::string_view text);
std::string cluster_arn(const Context& context, std::string_view cluster);
std::string service_arn(const Context& context, std::string_view cluster, std::string_view service);
std::string task_arn(const Context& context, std::string_view cluster, std::string_view id);

// The name within a cluster's name or ARN; "default" where there is none. Errors: InvalidParameterException,
// ClusterNotFoundException for another account's or region's.
Result<std::string> cluster_name(const Context& context, const std::optional<std::string>& reference);
// Errors: as above, ClusterNotFoundException also for one that is not ACTIVE.
Result<store::Versioned<model::Cluster>> find_cluster(Context& context, const std::optional<std::string>& reference);

// The last part of a service's or task's name or ARN. None where an ARN names another cluster, account or region.
std::optional<std::string> name_in_cluster(const Context& context, std::string_view kind, std::string_view cluster,
                                           std::string_view reference);
// Errors: ServiceNotFoundException, also for one that is INACTIVE.
Result<store::Versioned<model::Service>> find_service(Context& context, std::string_view cluster,
                                                      std::string_view reference);

struct DefinitionReference {
  std::string family;
  std::optional<std::int32_t> revision;  // none: the newest that is ACTIVE
};
// "family", "family:revision" or an ARN. Errors: ClientException.
Result<DefinitionReference> parse_definition(const Context& context, std::string_view reference);
// Errors: as parse_definition.
Result<std::optional<store::Versioned<model::TaskDefinition>>> find_definition(Context& context,
                                                                               std::string_view reference);

// The documents of a cluster, or of the whole scope for an empty cluster, to read.
template <class D>
Result<std::vector<store::Snapshot<D>>> all_of(Context& context, std::string_view cluster = {}) {
  std::string prefix = model::Scope{context.account, context.region}.prefix();
  if (!cluster.empty()) prefix += std::string(cluster) + "/";
  return store::peek_all<D>(context.store, prefix);
}

// maxResults of a list. Errors: InvalidParameterException outside of 1 to 100.
Result<std::size_t> page_size(const std::optional<std::int32_t>& max_results, std::size_t otherwise);

// Tags as a request gives them. Errors: InvalidParameterException for too many, a key twice or a reserved key.
Result<> check_tags(const std::optional<std::vector<shapes::Tag>>& tags);

// Whether `include` names `word`.
bool includes(const std::optional<std::vector<std::string>>& include, std::string_view word);

// One page of ARNs.
struct ArnPage {
  std::vector<std::string> arns;
  std::optional<std::string> next;
};
Result<ArnPage> arn_page(std::vector<Positioned<std::string>> all, const std::optional<std::string>& token,
                         const std::optional<std::int32_t>& max_results, std::size_t otherwise,
                         Order order = Order::ascending);

}  // namespace weir::api::ecs
