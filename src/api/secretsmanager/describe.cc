// The operations that show secrets without their values, and those on their tags.
#include <algorithm>

#include "api/arn.h"
#include "api/limits.h"
#include "api/paging.h"
#include "api/secretsmanager/actions.h"
#include "api/secretsmanager/errors.h"
#include "api/secretsmanager/refusals.h"
#include "api/secretsmanager/secrets.h"
#include "api/writing.h"
#include "base/ascii.h"

namespace weir::api::secretsmanager {

namespace {

constexpr std::int32_t kSecretsPerPage = 100;

using Stages = std::map<std::string, std::vector<std::string>>;

// What both views of a secret say; `stages` is the member that each calls otherwise.
template <class View>
View shown(const model::Secret& secret, std::optional<Stages> View::*stages) {
  View view{.ARN = secret.arn, .Name = secret.name};
  if (!secret.description.empty()) view.Description = secret.description;
  if (!secret.kms_key_id.empty()) view.KmsKeyId = secret.kms_key_id;
  view.CreatedDate = secret.created_at;
  view.LastChangedDate = secret.changed_at;
  view.DeletedDate = secret.deleted_at;
  if (!secret.tags.empty()) view.Tags.emplace();
  for (const auto& [key, value] : secret.tags) view.Tags->push_back({.Key = key, .Value = value});
  for (const auto& version : secret.versions) {
    if (version.stages.empty()) continue;
    if (!(view.*stages)) (view.*stages).emplace();
    (*(view.*stages))[version.id] = version.stages;
  }
  return view;
}

bool begins_with(const std::string& text, const std::string& part, bool any_case) {
  if (!any_case) return text.starts_with(part);
  return same_letters(std::string_view(text).substr(0, part.size()), part);
}

// Names and tags are compared as they are written, descriptions and `all` in any case.
bool has_value(const model::Secret& secret, const std::string& key, const std::string& value) {
  const bool all = key == "all";
  const auto of_tag = [&](const auto& tag) {
    return ((all || key == "tag-key") && begins_with(tag.first, value, all)) ||
           ((all || key == "tag-value") && begins_with(tag.second, value, all));
  };
  return ((all || key == "name") && begins_with(secret.name, value, all)) ||
         ((all || key == "description") && begins_with(secret.description, value, true)) ||
         std::ranges::any_of(secret.tags, of_tag);
}

bool fits(const model::Secret& secret, const shapes::Filter& filter) {
  return std::ranges::any_of(filter.Values.value_or(std::vector<std::string>{}), [&](const std::string& value) {
    const bool negated = value.starts_with('!');
    return has_value(secret, filter.Key.value_or("all"), negated ? value.substr(1) : value) != negated;
  });
}

std::string position_of(const model::Secret& secret, const std::string& by) {
  if (by == "name") return secret.name;
  const Timestamp time = by == "last-changed-date" ? secret.changed_at : secret.created_at;
  return position_number(time.millis) + secret.name;
}

}  // namespace

Result<shapes::DescribeSecretResponse> describe_secret(Context& context, const shapes::DescribeSecretRequest& request) {
  const auto secret = TRY(find_secret(context, request.SecretId)).document;
  return shown(secret, &shapes::DescribeSecretResponse::VersionIdsToStages);
}

Result<shapes::ListSecretsResponse> list_secrets(Context& context, const shapes::ListSecretsRequest& request) {
  TRY(refuse(request, refused_of_list_secrets(), kInvalidParameter));
  const auto filters = request.Filters.value_or(std::vector<shapes::Filter>{});
  std::vector<Positioned<shapes::SecretListEntry>> all;
  for (const auto& one : TRY(store::peek_all<model::Secret>(context.store, scope_of(context).prefix()))) {
    if (is_gone(*one, context.now) || (one->gone_at && !request.IncludePlannedDeletion.value_or(false))) continue;
    if (!std::ranges::all_of(filters, [&](const auto& filter) { return fits(*one, filter); })) continue;
    all.push_back({position_of(*one, request.SortBy.value_or("created-date")),
                   shown(*one, &shapes::SecretListEntry::SecretVersionsToStages)});
  }
  auto page = page_of(std::move(all), request.NextToken.value_or(""),
                      static_cast<std::size_t>(request.MaxResults.value_or(kSecretsPerPage)),
                      request.SortOrder == "desc" ? Order::descending : Order::ascending);
  if (!page) return fail("InvalidNextTokenException", "The NextToken value is invalid.", ErrorSource::client);
  return shapes::ListSecretsResponse{std::move(page->items), std::move(page->next)};
}

Result<shapes::TagResourceResponse> tag_resource(Context& context, const shapes::TagResourceRequest& request) {
  return writing(kServerError, [&]() -> Result<shapes::TagResourceResponse> {
    auto secret = TRY(find_live_secret(context, request.SecretId));
    for (const auto& tag : request.Tags) secret.document.tags[tag.Key.value_or("")] = tag.Value.value_or("");
    if (secret.document.tags.size() > kMaxTags) return invalid_parameter("A secret can have up to 50 tags.");
    TRY(commit(context, {store::put(secret)}));
    return shapes::TagResourceResponse{};
  });
}

Result<shapes::UntagResourceResponse> untag_resource(Context& context, const shapes::UntagResourceRequest& request) {
  return writing(kServerError, [&]() -> Result<shapes::UntagResourceResponse> {
    auto secret = TRY(find_live_secret(context, request.SecretId));
    for (const auto& key : request.TagKeys) secret.document.tags.erase(key);
    TRY(commit(context, {store::put(secret)}));
    return shapes::UntagResourceResponse{};
  });
}

}  // namespace weir::api::secretsmanager
