#include "api/servicediscovery/references.h"

#include <algorithm>

#include "api/arn.h"
#include "api/limits.h"
#include "api/servicediscovery/errors.h"
#include "base/ascii.h"

namespace weir::api::servicediscovery {

namespace {

constexpr unsigned kIdCharacters = 16;

// The id that `reference` is or that its ARN ends with; none where the ARN is another account's, region's or kind's.
std::optional<std::string> id_of(const Context& context, const std::string& reference, std::string_view kind) {
  if (!reference.starts_with("arn:")) return reference;
  const auto arn = parse_arn(reference);
  if (!arn || arn->service != "servicediscovery" || !arn->within(context) || arn->part(0) != kind) return std::nullopt;
  return arn->part(1);
}

}  // namespace

std::string new_id(Context& context, const char* prefix) {
  constexpr std::string_view kCharacters = "abcdefghijklmnopqrstuvwxyz234567";
  std::string id = prefix;
  for (unsigned i = 0; i < kIdCharacters; ++i) id += kCharacters[context.random.below(kCharacters.size())];
  return id;
}

Result<store::Versioned<model::DiscoveryNamespace>> find_namespace(Context& context, const std::string& reference) {
  const auto id = id_of(context, reference, "namespace");
  if (!id) return namespace_not_found();
  const model::DiscoveryNamespace named{.scope = scope_of(context), .id = *id};
  auto found = TRY(store::load<model::DiscoveryNamespace>(context.store, named.key()));
  if (!found) return namespace_not_found();
  return std::move(*found);
}

Result<store::Versioned<model::DiscoveryService>> find_service(Context& context, const std::string& reference) {
  const auto id = id_of(context, reference, "service");
  if (!id) return service_not_found();
  const model::DiscoveryService named{.scope = scope_of(context), .id = *id};
  auto found = TRY(store::load<model::DiscoveryService>(context.store, named.key()));
  if (!found) return service_not_found();
  return std::move(*found);
}

Result<store::Versioned<model::DiscoveryInstance>> find_instance(Context& context, const std::string& service,
                                                                 const std::string& id) {
  const model::DiscoveryInstance named{.scope = scope_of(context), .service = service, .id = id};
  auto found = TRY(store::load<model::DiscoveryInstance>(context.store, named.key()));
  if (!found) return instance_not_found();
  return std::move(*found);
}

bool same_name(std::string_view a, std::string_view b) { return same_letters(a, b); }

Result<std::map<std::string, std::int32_t>> count_services(Context& context) {
  std::map<std::string, std::int32_t> counts;
  for (const auto& one : TRY(store::peek_all<model::DiscoveryService>(context.store, scope_of(context).prefix()))) {
    ++counts[one->name_space];
  }
  return counts;
}

Result<std::int32_t> count_instances(Context& context, const std::string& service) {
  const std::string prefix = model::instances_of_service(scope_of(context), service);
  return static_cast<std::int32_t>(TRY(context.store.list(model::DiscoveryInstance::kKind, prefix)).size());
}

Result<Tags> tags_of(const std::optional<std::vector<model::servicediscovery::Tag>>& given) {
  Tags tags;
  if (given) {
    for (const auto& tag : *given) tags[tag.Key] = tag.Value;
  }
  if (tags.size() > kMaxTags) {
    return fail_client("TooManyTagsException", "The list of tags on the resource is over the limit of 50 tags.");
  }
  return tags;
}

}  // namespace weir::api::servicediscovery
