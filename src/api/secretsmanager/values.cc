// The operations on secrets' values.
#include <fmt/format.h>

#include <algorithm>

#include "api/arn.h"
#include "api/limits.h"
#include "api/paging.h"
#include "api/secretsmanager/actions.h"
#include "api/secretsmanager/errors.h"
#include "api/secretsmanager/refusals.h"
#include "api/secretsmanager/secrets.h"
#include "api/writing.h"

namespace weir::api::secretsmanager {

namespace {

constexpr std::int32_t kVersionsPerPage = 100;

bool is_name(const std::string& name) {
  return std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("/_+=.@-").find(c) != std::string_view::npos;
  });
}

std::string drawn_suffix(Random& random) {
  static constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::string suffix = "-";
  for (int i = 0; i < 6; ++i) suffix += kLetters[random.below(kLetters.size())];
  return suffix;
}

// Those of this account and region whose recovery window is over.
Result<> forget_gone(Context& context, const std::string& but, std::vector<store::Write>& writes) {
  for (const auto& one : TRY(store::peek_all<model::Secret>(context.store, scope_of(context).prefix()))) {
    if (!is_gone(*one, context.now) || one->key() == but) continue;
    writes.push_back({{model::Secret::kKind, one->key()}, std::nullopt, one.revision});
  }
  return {};
}

Result<shapes::CreateSecretResponse> try_create(Context& context, const SecretBox& box,
                                                const shapes::CreateSecretRequest& request) {
  TRY(refuse(request, refused_of_create_secret(), kInvalidParameter));
  if (!is_name(request.Name)) {
    return invalid_parameter(
        "Invalid name. Must be a valid name containing alphanumeric characters, or any of the "
        "following: -/_+=.@!");
  }
  const NewValue value{request.ClientRequestToken, request.SecretString, request.SecretBinary};
  TRY(check_value(value));
  model::Secret secret{.scope = scope_of(context), .name = request.Name};
  const auto before = TRY(store::load<model::Secret>(context.store, secret.key()));
  if (before && !is_gone(before->document, context.now)) {
    if (before->document.gone_at) {
      return invalid_request(
          "You can't create this secret because a secret with this name is already scheduled for deletion.");
    }
    // The repeat of the very request that made it.
    model::Secret same = before->document;
    const bool repeat = request.ClientRequestToken && same.versions.size() == 1 &&
                        same.versions.front().id == *request.ClientRequestToken;
    if (!repeat) {
      return already_exists(fmt::format("The operation failed because the secret {} already exists.", request.Name));
    }
    const std::string id = TRY(add_version(context, box, same, value, {kCurrent}));
    return shapes::CreateSecretResponse{.ARN = same.arn, .Name = same.name, .VersionId = id};
  }
  secret.arn = make_arn(context, "secretsmanager", "secret:" + request.Name + drawn_suffix(context.random));
  secret.description = request.Description.value_or("");
  secret.kms_key_id = request.KmsKeyId.value_or("");
  secret.created_at = secret.changed_at = context.now;
  for (const auto& tag : request.Tags.value_or(std::vector<shapes::Tag>{})) {
    secret.tags[tag.Key.value_or("")] = tag.Value.value_or("");
  }
  if (secret.tags.size() > kMaxTags) return invalid_parameter("A secret can have up to 50 tags.");
  shapes::CreateSecretResponse response{.ARN = secret.arn, .Name = secret.name};
  if (value.given()) response.VersionId = TRY(add_version(context, box, secret, value, {kCurrent}));
  std::vector<store::Write> writes{store::put(secret, before ? before->revision : store::Expect::kAbsent)};
  TRY(forget_gone(context, secret.key(), writes));
  TRY(commit(context, writes));
  return response;
}

Result<shapes::DeleteSecretResponse> try_delete(Context& context, const shapes::DeleteSecretRequest& request) {
  constexpr std::int64_t kLeastDays = 7, kMostDays = 30;
  const bool force = request.ForceDeleteWithoutRecovery.value_or(false);
  if (force && request.RecoveryWindowInDays) {
    return invalid_parameter("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.");
  }
  const std::int64_t days = request.RecoveryWindowInDays.value_or(kMostDays);
  if (days < kLeastDays || days > kMostDays) {
    return invalid_parameter(fmt::format("The RecoveryWindowInDays value must be between {} and {} days (inclusive).",
                                         kLeastDays, kMostDays));
  }
  auto secret = TRY(force ? find_secret(context, request.SecretId) : find_live_secret(context, request.SecretId));
  auto& document = secret.document;
  std::vector<store::Write> writes;
  if (force) {
    document.gone_at = context.now;
    writes.push_back(store::erase(secret));
  } else {
    document.deleted_at = context.now;
    document.gone_at = context.now + std::chrono::days(days);
    writes.push_back(store::put(secret));
  }
  TRY(forget_gone(context, document.key(), writes));
  TRY(commit(context, writes));
  return shapes::DeleteSecretResponse{.ARN = document.arn, .Name = document.name, .DeletionDate = *document.gone_at};
}

}  // namespace

Result<shapes::CreateSecretResponse> create_secret(Context& context, const SecretBox& box,
                                                   const shapes::CreateSecretRequest& request) {
  return writing(kServerError, [&] { return try_create(context, box, request); });
}

Result<shapes::GetSecretValueResponse> get_secret_value(Context& context, const SecretBox& box,
                                                        const shapes::GetSecretValueRequest& request) {
  const auto secret = TRY(find_live_secret(context, request.SecretId)).document;
  const auto* version = TRY(find_version(secret, request.VersionId, request.VersionStage));
  const auto opened = box.open(version->value, secret.key());
  if (!opened) return fail(kServerError, opened.error().message);
  shapes::GetSecretValueResponse response{
      .ARN = secret.arn,
      .Name = secret.name,
      .VersionId = version->id,
      .VersionStages = version->stages,
      .CreatedDate = version->created_at,
  };
  (version->binary ? response.SecretBinary : response.SecretString) = *opened;
  return response;
}

Result<shapes::PutSecretValueResponse> put_secret_value(Context& context, const SecretBox& box,
                                                        const shapes::PutSecretValueRequest& request) {
  return writing(kServerError, [&]() -> Result<shapes::PutSecretValueResponse> {
    TRY(refuse(request, refused_of_put_secret_value(), kInvalidParameter));
    const NewValue value{request.ClientRequestToken, request.SecretString, request.SecretBinary};
    TRY(check_value(value));
    if (!value.given()) return invalid_request("You must provide either SecretString or SecretBinary.");
    auto secret = TRY(find_live_secret(context, request.SecretId));
    std::vector<std::string> stages = request.VersionStages.value_or(std::vector<std::string>{kCurrent});
    // A secret always has a current version.
    if (secret.document.versions.empty() && std::ranges::find(stages, kCurrent) == stages.end()) {
      stages.push_back(kCurrent);
    }
    const std::string id = TRY(add_version(context, box, secret.document, value, stages));
    TRY(commit(context, {store::put(secret)}));
    const auto* version = TRY(find_version(secret.document, id, std::nullopt));
    return shapes::PutSecretValueResponse{
        .ARN = secret.document.arn, .Name = secret.document.name, .VersionId = id, .VersionStages = version->stages};
  });
}

Result<shapes::UpdateSecretResponse> update_secret(Context& context, const SecretBox& box,
                                                   const shapes::UpdateSecretRequest& request) {
  return writing(kServerError, [&]() -> Result<shapes::UpdateSecretResponse> {
    TRY(refuse(request, refused_of_update_secret(), kInvalidParameter));
    const NewValue value{request.ClientRequestToken, request.SecretString, request.SecretBinary};
    TRY(check_value(value));
    auto secret = TRY(find_live_secret(context, request.SecretId));
    auto& document = secret.document;
    shapes::UpdateSecretResponse response{.ARN = document.arn, .Name = document.name};
    if (value.given()) response.VersionId = TRY(add_version(context, box, document, value, {kCurrent}));
    document.description = request.Description.value_or(document.description);
    document.kms_key_id = request.KmsKeyId.value_or(document.kms_key_id);
    document.changed_at = context.now;
    TRY(commit(context, {store::put(secret)}));
    return response;
  });
}

Result<shapes::UpdateSecretVersionStageResponse> update_version_stage(
    Context& context, const shapes::UpdateSecretVersionStageRequest& request) {
  return writing(kServerError, [&]() -> Result<shapes::UpdateSecretVersionStageResponse> {
    auto secret = TRY(find_live_secret(context, request.SecretId));
    auto& document = secret.document;
    const auto holder = find_version(document, std::nullopt, request.VersionStage);
    if (holder && request.RemoveFromVersionId.value_or("") != (*holder)->id &&
        request.MoveToVersionId.value_or("") != (*holder)->id) {
      return invalid_parameter(fmt::format(
          "The parameter RemoveFromVersionId can't be empty. Staging label {} is currently attached to version {}, so "
          "you must explicitly reference that version in RemoveFromVersionId.",
          request.VersionStage, (*holder)->id));
    }
    if (request.MoveToVersionId) {
      TRY(find_version(document, request.MoveToVersionId, std::nullopt));
      move_stage(document, request.VersionStage, *request.MoveToVersionId);
    } else if (request.VersionStage == kCurrent) {
      return invalid_parameter("You can't remove the staging label AWSCURRENT, you can only move it.");
    } else {
      for (auto& version : document.versions) std::erase(version.stages, request.VersionStage);
    }
    document.changed_at = context.now;
    TRY(commit(context, {store::put(secret)}));
    return shapes::UpdateSecretVersionStageResponse{.ARN = document.arn, .Name = document.name};
  });
}

Result<shapes::ListSecretVersionIdsResponse> list_version_ids(Context& context,
                                                              const shapes::ListSecretVersionIdsRequest& request) {
  const auto secret = TRY(find_secret(context, request.SecretId)).document;
  std::vector<Positioned<shapes::SecretVersionsListEntry>> all;
  for (std::size_t i = 0; i < secret.versions.size(); ++i) {
    const auto& version = secret.versions[i];
    if (version.stages.empty() && !request.IncludeDeprecated.value_or(false)) continue;
    shapes::SecretVersionsListEntry entry{.VersionId = version.id, .CreatedDate = version.created_at};
    if (!version.stages.empty()) entry.VersionStages = version.stages;
    all.push_back({fmt::format("{}{}", position_number(version.created_at.millis), version.id), std::move(entry)});
  }
  auto page = page_of(std::move(all), request.NextToken.value_or(""),
                      static_cast<std::size_t>(request.MaxResults.value_or(kVersionsPerPage)));
  if (!page) return fail("InvalidNextTokenException", "The NextToken value is invalid.", ErrorSource::client);
  return shapes::ListSecretVersionIdsResponse{
      .Versions = std::move(page->items), .NextToken = std::move(page->next), .ARN = secret.arn, .Name = secret.name};
}

Result<shapes::DeleteSecretResponse> delete_secret(Context& context, const shapes::DeleteSecretRequest& request) {
  return writing(kServerError, [&] { return try_delete(context, request); });
}

Result<shapes::RestoreSecretResponse> restore_secret(Context& context, const shapes::RestoreSecretRequest& request) {
  return writing(kServerError, [&]() -> Result<shapes::RestoreSecretResponse> {
    auto secret = TRY(find_secret(context, request.SecretId));
    auto& document = secret.document;
    document.deleted_at.reset();
    document.gone_at.reset();
    TRY(commit(context, {store::put(secret)}));
    return shapes::RestoreSecretResponse{.ARN = document.arn, .Name = document.name};
  });
}

}  // namespace weir::api::secretsmanager
