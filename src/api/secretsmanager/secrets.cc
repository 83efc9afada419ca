#include "api/secretsmanager/secrets.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/arn.h"
#include "api/secretsmanager/errors.h"
#include "base/base64.h"

namespace weir::api::secretsmanager {

namespace {

constexpr std::size_t kMostValueBytes = 65536;  // as AWS has it
constexpr std::size_t kVersionsKept = 100;      // likewise, of those without a stage

model::SecretVersion* version_of(model::Secret& secret, const std::string& id) {
  const auto found = std::ranges::find(secret.versions, id, &model::SecretVersion::id);
  return found == secret.versions.end() ? nullptr : &*found;
}

bool has_stage(const model::SecretVersion& version, const std::string& stage) {
  return std::ranges::find(version.stages, stage) != version.stages.end();
}

void drop_oldest(model::Secret& secret) {
  auto bare = std::ranges::count_if(secret.versions, [](const auto& one) { return one.stages.empty(); });
  std::erase_if(secret.versions, [&](const auto& one) {
    return one.stages.empty() && bare-- > static_cast<std::ptrdiff_t>(kVersionsKept);
  });
}

std::unexpected<Error> no_secret() { return not_found("Secrets Manager can't find the specified secret."); }

}  // namespace

bool is_gone(const model::Secret& secret, Timestamp now) { return secret.gone_at && *secret.gone_at <= now; }

Result<store::Versioned<model::Secret>> find_secret(Context& context, const std::string& id) {
  constexpr std::string_view kResource = "secret:";
  constexpr std::size_t kSuffix = 7;  // "-AbCdEf"
  model::Secret named{.scope = scope_of(context), .name = id};
  std::string wished_arn;
  if (id.starts_with("arn:")) {
    const auto arn = parse_arn(id);
    if (!arn || arn->service != "secretsmanager" || !arn->resource.starts_with(kResource)) {
      return invalid_parameter("Invalid ARN of a secret: " + id);
    }
    if (!arn->within(context)) return no_secret();
    named.name = arn->resource.substr(kResource.size());
    if (named.name.size() > kSuffix && named.name[named.name.size() - kSuffix] == '-') {
      model::Secret whole = named;
      whole.name.resize(whole.name.size() - kSuffix);
      auto found = TRY(store::load<model::Secret>(context.store, whole.key()));
      if (found && found->document.arn == id && !is_gone(found->document, context.now)) return std::move(*found);
    }
  }
  auto found = TRY(store::load<model::Secret>(context.store, named.key()));
  if (!found || is_gone(found->document, context.now)) return no_secret();
  return std::move(*found);
}

Result<store::Versioned<model::Secret>> find_live_secret(Context& context, const std::string& id) {
  auto found = TRY(find_secret(context, id));
  if (!found.document.gone_at) return found;
  return invalid_request("You can't perform this operation on the secret because it was marked for deletion.");
}

Result<const model::SecretVersion*> find_version(const model::Secret& secret, const std::optional<std::string>& id,
                                                 const std::optional<std::string>& stage) {
  const std::string wished = stage.value_or(id ? "" : kCurrent);
  for (const auto& version : secret.versions) {
    if ((!id || version.id == *id) && (wished.empty() || has_stage(version, wished))) return &version;
  }
  if (id && !stage) {
    return not_found("Secrets Manager can't find the specified secret value for VersionId: " + *id);
  }
  if (id) return invalid_request("You provided a VersionStage that is not associated to the provided VersionId.");
  return not_found("Secrets Manager can't find the specified secret value for staging label: " + wished);
}

Result<> check_value(const NewValue& value) {
  if (value.text && value.binary) {
    return invalid_parameter(
        "You can't specify both a binary secret value and a string secret value in the same secret.");
  }
  if (!value.binary) return {};
  const auto bytes = decode_base64(*value.binary);
  if (!bytes || bytes->empty() || bytes->size() > kMostValueBytes) {
    return invalid_parameter(fmt::format("SecretBinary must be 1 to {} bytes in base64.", kMostValueBytes));
  }
  return {};
}

void move_stage(model::Secret& secret, const std::string& stage, const std::string& version) {
  for (auto& one : secret.versions) {
    const bool had = std::erase(one.stages, stage) > 0;
    if (had && stage == kCurrent && one.id != version) move_stage(secret, kPrevious, one.id);
  }
  if (auto* target = version_of(secret, version)) {
    if (stage == kCurrent) std::erase(target->stages, kPrevious);
    target->stages.push_back(stage);
  }
}

Result<std::string> add_version(Context& context, const SecretBox& box, model::Secret& secret, const NewValue& value,
                                const std::vector<std::string>& stages) {
  const std::string id = value.token ? *value.token : stable_uuid(context.random.hex(32));
  const std::string text = value.text ? *value.text : value.binary.value_or("");
  if (const auto* before = version_of(secret, id)) {
    const auto opened = box.open(before->value, secret.key());
    if (!opened) return fail(kServerError, opened.error().message);
    if (*opened == text && before->binary == value.binary.has_value()) return id;
    return already_exists(fmt::format(
        "You can't use ClientRequestToken {} because that value is already in use for a version of secret {}.", id,
        secret.arn));
  }
  secret.versions.push_back(
      {.id = id, .value = box.seal(text, secret.key()), .binary = value.binary.has_value(), .created_at = context.now});
  for (const auto& stage : stages) move_stage(secret, stage, id);
  drop_oldest(secret);
  secret.changed_at = context.now;
  return id;
}

}  // namespace weir::api::secretsmanager
