#include "api/servicediscovery/operations.h"

#include "api/arn.h"
#include "api/limits.h"
#include "api/paging.h"
#include "api/servicediscovery/actions.h"
#include "api/servicediscovery/errors.h"
#include "api/servicediscovery/filters.h"

namespace weir::api::servicediscovery {

namespace {

constexpr std::int32_t kPerPage = 100;

// In the order of their characters, so that ids are in the order of time.
constexpr std::string_view kDigits = "234567abcdefghijklmnopqrstuvwxyz";
constexpr unsigned kTimeDigits = 10;  // of 5 bits: enough for the milliseconds of some thirty thousand years
constexpr unsigned kDrawnDigits = 22;
constexpr unsigned kLastDigits = 8;

std::string operation_id(Context& context) {
  std::string id;
  for (unsigned i = kTimeDigits; i > 0; --i) {
    id += kDigits[static_cast<std::uint64_t>(context.now.millis) >> (5 * (i - 1)) & 31];
  }
  for (unsigned i = 0; i < kDrawnDigits; ++i) id += kDigits[context.random.below(kDigits.size())];
  id += '-';
  for (unsigned i = 0; i < kLastDigits; ++i) id += kDigits[context.random.below(kDigits.size())];
  return id;
}

Traits traits_of(const model::DiscoveryOperation& operation) {
  const auto target = [&](const char* kind) {
    const auto found = operation.targets.find(kind);
    return found == operation.targets.end() ? std::string() : found->second;
  };
  return {{"NAMESPACE_ID", target("NAMESPACE")},
          {"SERVICE_ID", target("SERVICE")},
          {"STATUS", operation.status},
          {"TYPE", operation.type},
          {"UPDATE_DATE", std::to_string(operation.created_at.millis / 1000)}};
}

}  // namespace

model::DiscoveryOperation succeeded(Context& context, const char* type, std::map<std::string, std::string> targets) {
  return {.scope = scope_of(context),
          .id = operation_id(context),
          .type = type,
          .status = "SUCCESS",
          .created_at = context.now,
          .targets = std::move(targets)};
}

Result<> keep(Context& context, const model::DiscoveryOperation& operation, std::vector<store::Write>& writes) {
  writes.push_back(store::put(operation, store::Expect::kAbsent));
  const auto kept = TRY(context.store.list(model::DiscoveryOperation::kKind, operation.scope.prefix()));
  for (std::size_t i = 0; i + kMaxDiscoveryOperations <= kept.size(); ++i) {
    writes.push_back({kept[i].key, std::nullopt, kept[i].revision});
  }
  return {};
}

Result<shapes::GetOperationResponse> get_operation(Context& context, const shapes::GetOperationRequest& request) {
  const model::DiscoveryOperation named{.scope = scope_of(context), .id = request.OperationId};
  const auto found = TRY(store::peek<model::DiscoveryOperation>(context.store, named.key()));
  const bool mine = !request.OwnerAccount || *request.OwnerAccount == context.account;
  if (!found || !mine) return fail_client("OperationNotFound", "Operation not found");
  const auto& operation = **found;
  return shapes::GetOperationResponse{shapes::Operation{.Id = operation.id,
                                                        .OwnerAccount = context.account,
                                                        .Type = operation.type,
                                                        .Status = operation.status,
                                                        .CreateDate = operation.created_at,
                                                        .UpdateDate = operation.created_at,
                                                        .Targets = operation.targets}};
}

Result<shapes::ListOperationsResponse> list_operations(Context& context, const shapes::ListOperationsRequest& request) {
  const auto filters = TRY(filters_of(request.Filters));
  std::vector<Positioned<shapes::OperationSummary>> all;
  for (const auto& one : TRY(store::peek_all<model::DiscoveryOperation>(context.store, scope_of(context).prefix()))) {
    if (fits(filters, traits_of(*one))) all.push_back({one->id, {.Id = one->id, .Status = one->status}});
  }
  auto page = page_of(std::move(all), request.NextToken.value_or(""),
                      static_cast<std::size_t>(request.MaxResults.value_or(kPerPage)));
  if (!page) return bad_token();
  return shapes::ListOperationsResponse{std::move(page->items), std::move(page->next)};
}

}  // namespace weir::api::servicediscovery
