#include "api/ecs/deployment_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/arn.h"
#include "api/ecs/service_view.h"
#include "api/limits.h"

namespace weir::api::ecs {

namespace {

constexpr unsigned kDeploymentDigits = 19;
constexpr unsigned kServiceDeploymentDigits = 21;

bool has_breaker(const model::Service& service) {
  const auto& given = service.deployment_configuration;
  return given && given->deploymentCircuitBreaker && given->deploymentCircuitBreaker->enable;
}

model::ServiceDeployment record_of(const Context& context, const model::Service& service, const std::string& source) {
  model::ServiceDeployment record{
      .scope = service.scope, .cluster = service.cluster, .service = service.name, .id = service.service_deployment_id};
  record.arn = service_deployment_arn(context, service.cluster, service.name, record.id);
  record.created_at = record.updated_at = context.now;
  record.source_revision = source;
  record.target_revision = service.revision_id;
  record.deployment_id = service.deployment_id;
  record.configuration = configuration_of(service);
  if (has_breaker(service)) record.breaker = "MONITORING";
  return record;
}

// The oldest beyond the limit, and the revisions that none of the others mentions.
Result<> prune(Context& context, const model::Service& service, std::vector<store::Write>& writes) {
  const std::string prefix = service.key() + "/";
  auto records = TRY(store::load_all<model::ServiceDeployment>(context.store, prefix));
  if (records.size() < kMaxServiceDeployments) return {};
  std::ranges::sort(records, [](const auto& a, const auto& b) {
    return b.document.created_at < a.document.created_at;  // the newest first
  });
  std::set<std::string> kept{service.revision_id};
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto& record = records[i].document;
    if (i + 1 < kMaxServiceDeployments || record.id == service.service_deployment_id) {
      kept.insert({record.source_revision, record.target_revision, record.rollback_revision});
    } else {
      writes.push_back(store::erase(records[i]));
    }
  }
  const auto state = TRY(store::load<model::ServiceState>(context.store, service.key()));
  if (state) kept.insert(state->document.completed_revision);
  for (const auto& revision : TRY(store::load_all<model::ServiceRevision>(context.store, prefix))) {
    if (!kept.contains(revision.document.id)) writes.push_back(store::erase(revision));
  }
  return {};
}

}  // namespace

std::string service_deployment_arn(const Context& context, const std::string& cluster, const std::string& service,
                                   const std::string& id) {
  return make_arn(context, "ecs", fmt::format("service-deployment/{}/{}/{}", cluster, service, id));
}

std::string service_revision_arn(const Context& context, const model::Service& service, const std::string& id) {
  return make_arn(context, "ecs", fmt::format("service-revision/{}/{}/{}", service.cluster, service.name, id));
}

Result<> stop_deployment(Context& context, const model::Service& service, const std::string& reason,
                         std::vector<store::Write>& writes) {
  if (service.service_deployment_id.empty()) return {};
  auto record = TRY(store::load<model::ServiceDeployment>(
      context.store, fmt::format("{}/{}", service.key(), service.service_deployment_id)));
  if (!record || has_ended(record->document)) return {};
  record->document.status = "STOPPED";
  record->document.status_reason = reason;
  record->document.stopped_at = record->document.updated_at = context.now;
  if (record->document.breaker == "MONITORING") record->document.breaker = "MONITORING_COMPLETE";
  writes.push_back(store::put(*record));
  return {};
}

Result<> begin_deployment(Context& context, model::Service& service, std::vector<store::Write>& writes) {
  TRY(prune(context, service, writes));
  TRY(stop_deployment(context, service, "Service deployment was replaced by a newer one.", writes));
  const std::string source = service.revision_id;
  service.deployment_id = "ecs-svc/" + random_digits(context.random, kDeploymentDigits);
  service.deployment_created_at = context.now;
  service.revision_id = random_digits(context.random, kDeploymentDigits);
  service.service_deployment_id = context.random.hex(kServiceDeploymentDigits);
  service.stop_requested.clear();
  model::ServiceRevision revision = revision_of(service);
  revision.arn = service_revision_arn(context, service, revision.id);
  writes.push_back(store::put(revision, store::Expect::kAbsent));
  writes.push_back(store::put(record_of(context, service, source), store::Expect::kAbsent));
  return {};
}

Result<> erase_history(Context& context, const model::Service& service, std::vector<store::Write>& writes) {
  for (const char* kind : {model::ServiceDeployment::kKind, model::ServiceRevision::kKind}) {
    for (const auto& raw : TRY(context.store.list(kind, service.key() + "/"))) {
      writes.push_back({raw.key, std::nullopt});
    }
  }
  return {};
}

}  // namespace weir::api::ecs
