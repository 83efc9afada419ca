#include "api/ecs/references.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "api/arn.h"
#include "api/ecs/errors.h"
#include "api/limits.h"

namespace weir::api::ecs {

namespace {

constexpr std::size_t kMaxName = 255;
constexpr std::size_t kMaxPage = 100;

}  // namespace

bool is_name(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !text.empty() && text.size() <= kMaxName && std::all_of(text.begin(), text.end(), allowed);
}

std::string cluster_arn(const Context& context, std::string_view cluster) {
  return make_arn(context, "ecs", fmt::format("cluster/{}", cluster));
}
std::string service_arn(const Context& context, std::string_view cluster, std::string_view service) {
  return make_arn(context, "ecs", fmt::format("service/{}/{}", cluster, service));
}
std::string task_arn(const Context& context, std::string_view cluster, std::string_view id) {
  return make_arn(context, "ecs", fmt::format("task/{}/{}", cluster, id));
}

Result<std::string> cluster_name(const Context& context, const std::optional<std::string>& reference) {
  if (!reference || reference->empty()) return "default";
  if (!reference->starts_with("arn:")) {
    if (!is_name(*reference)) return invalid_parameter("Invalid cluster name: " + *reference);
    return *reference;
  }
  const auto arn = parse_arn(*reference);
  if (!arn || arn->service != "ecs" || arn->part(0) != "cluster" || !is_name(arn->part(1))) {
    return invalid_parameter("Invalid identifier: " + *reference);
  }
  if (!arn->within(context)) return cluster_not_found();
  return arn->part(1);
}

Result<store::Versioned<model::Cluster>> find_cluster(Context& context, const std::optional<std::string>& reference) {
  const std::string name = TRY(cluster_name(context, reference));
  const model::Cluster named{.scope = scope_of(context), .name = name};
  auto found = TRY(store::load<model::Cluster>(context.store, named.key()));
  if (!found) return cluster_not_found();
  if (found->document.status != "ACTIVE") return cluster_inactive();
  return std::move(*found);
}

std::optional<std::string> name_in_cluster(const Context& context, std::string_view kind, std::string_view cluster,
                                           std::string_view reference) {
  if (!reference.starts_with("arn:")) {
    // "service/NAME" and "task/ID" are short forms, too.
    const auto slash = reference.rfind('/');
    return std::string(slash == std::string_view::npos ? reference : reference.substr(slash + 1));
  }
  const auto arn = parse_arn(reference);
  if (!arn || arn->service != "ecs" || arn->part(0) != kind || !arn->within(context)) return std::nullopt;
  if (arn->part(2).empty()) return arn->part(1);  // the ARNs of before 2018 name no cluster
  if (arn->part(1) != cluster) return std::nullopt;
  return arn->part(2);
}

Result<store::Versioned<model::Service>> find_service(Context& context, std::string_view cluster,
                                                      std::string_view reference) {
  const auto name = name_in_cluster(context, "service", cluster, reference);
  if (!name) return service_not_found();
  const model::Service named{.scope = scope_of(context), .cluster = std::string(cluster), .name = *name};
  auto found = TRY(store::load<model::Service>(context.store, named.key()));
  if (!found || found->document.status == "INACTIVE") return service_not_found();
  return std::move(*found);
}

Result<DefinitionReference> parse_definition(const Context& context, std::string_view reference) {
  std::string text(reference);
  if (reference.starts_with("arn:")) {
    const auto arn = parse_arn(reference);
    if (!arn || arn->service != "ecs" || arn->part(0) != "task-definition" || !arn->within(context)) {
      return client_exception(fmt::format("Invalid task definition identifier: {}", reference));
    }
    text = arn->part(1);
  }
  const auto colon = text.find(':');
  DefinitionReference parsed{.family = text.substr(0, colon)};
  if (!is_name(parsed.family)) return client_exception("Family contains invalid characters.");
  if (colon == std::string::npos) return parsed;
  const std::string number = text.substr(colon + 1);
  std::int32_t revision = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), revision);
  if (error != std::errc() || end != number.data() + number.size() || revision < 1) {
    return client_exception(fmt::format("Invalid revision number. Number: {}", number));
  }
  parsed.revision = revision;
  return parsed;
}

Result<std::optional<store::Versioned<model::TaskDefinition>>> find_definition(Context& context,
                                                                               std::string_view text) {
  const auto scope = scope_of(context);
  const auto reference = TRY(parse_definition(context, text));
  if (reference.revision) {
    return store::load<model::TaskDefinition>(context.store,
                                              model::task_definition_key(scope, reference.family, *reference.revision));
  }
  const model::TaskDefinitionFamily named{.scope = scope, .family = reference.family};
  const auto family = TRY(store::load<model::TaskDefinitionFamily>(context.store, named.key()));
  for (auto revision = family ? family->document.last_revision : 0; revision > 0; --revision) {
    auto found = TRY(store::load<model::TaskDefinition>(context.store,
                                                        model::task_definition_key(scope, reference.family, revision)));
    if (found && found->document.definition.status == "ACTIVE") return found;
  }
  return std::nullopt;
}

Result<std::size_t> page_size(const std::optional<std::int32_t>& max_results, std::size_t otherwise) {
  if (!max_results) return otherwise;
  if (*max_results < 1 || *max_results > static_cast<std::int32_t>(kMaxPage)) {
    return invalid_parameter(fmt::format("maxResults must be between 1 and {}.", kMaxPage));
  }
  return static_cast<std::size_t>(*max_results);
}

Result<> check_tags(const std::optional<std::vector<shapes::Tag>>& tags) {
  if (!tags) return {};
  if (tags->size() > kMaxTags) return invalid_parameter(fmt::format("A resource has at most {} tags.", kMaxTags));
  std::set<std::string> keys;
  for (const auto& tag : *tags) {
    const std::string key = tag.key.value_or("");
    if (key.empty()) return invalid_parameter("A tag key should not be null or empty.");
    if (key.starts_with("aws:")) return invalid_parameter("A tag key cannot begin with 'aws:': " + key);
    if (!keys.insert(key).second) return invalid_parameter("Duplicate tag keys found: " + key);
  }
  return {};
}

bool includes(const std::optional<std::vector<std::string>>& include, std::string_view word) {
  return include && std::find(include->begin(), include->end(), word) != include->end();
}

Result<ArnPage> arn_page(std::vector<Positioned<std::string>> all, const std::optional<std::string>& token,
                         const std::optional<std::int32_t>& max_results, std::size_t otherwise, Order order) {
  const std::size_t size = TRY(page_size(max_results, otherwise));
  auto page = page_of(std::move(all), token.value_or(""), size, order);
  if (!page) return invalid_token();
  return ArnPage{std::move(page->items), std::move(page->next)};
}

}  // namespace weir::api::ecs
