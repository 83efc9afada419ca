#include "main/task_secrets.h"

#include <fmt/format.h>

#include <optional>
#include <vector>

#include "api/arn.h"
#include "api/secretsmanager/actions.h"
#include "api/ssm/actions.h"
#include "base/json.h"

namespace weir {

namespace {

std::unexpected<Error> cannot_pull(const std::string& why) {
  return fail("ResourceInitializationError",
              "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval "
              "failed: unable to retrieve " +
                  why,
              ErrorSource::client);
}

Result<std::string> parameter_value(api::Context& context, const SecretBox& box, const std::string& from) {
  auto found = api::ssm::get_parameter(context, box, {.Name = from, .WithDecryption = true});
  if (found) return found->Parameter->Value.value_or("");
  if (found.error().source != ErrorSource::client) return std::unexpected(found.error());
  return cannot_pull("secrets from ssm: service call has been retried 1 time(s): invalid ssm parameters: " + from);
}

// "arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME[:json-key:version-stage:version-id]"
struct SecretReference {
  std::string arn;
  std::string json_key;
  std::optional<std::string> stage;
  std::optional<std::string> version;
};

SecretReference parse_secret(const std::string& from) {
  constexpr std::size_t kPartsOfArn = 7;
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= from.size();) {
    const std::size_t end = std::min(from.find(':', at), from.size());
    parts.push_back(from.substr(at, end - at));
    at = end + 1;
  }
  SecretReference reference;
  for (std::size_t i = 0; i < parts.size() && i < kPartsOfArn; ++i) reference.arn += (i == 0 ? "" : ":") + parts[i];
  const auto part = [&](std::size_t i) { return i < parts.size() ? parts[i] : ""; };
  reference.json_key = part(kPartsOfArn);
  if (!part(kPartsOfArn + 1).empty()) reference.stage = part(kPartsOfArn + 1);
  if (!part(kPartsOfArn + 2).empty()) reference.version = part(kPartsOfArn + 2);
  return reference;
}

Result<std::string> json_member(const std::string& text, const std::string& key) {
  const auto json = Json::parse(text);
  const Json* member = json && json->is_object() ? json->find(key) : nullptr;
  if (!member) {
    return cannot_pull(
        "secret from asm: service call has been retried 1 time(s): retrieved secret from Secrets "
        "Manager did not contain json key " +
        key);
  }
  return member->is_string() ? member->as_string() : member->dump();
}

Result<std::string> secret_of_manager(api::Context& context, const SecretBox& box, const std::string& from) {
  const auto reference = parse_secret(from);
  auto found = api::secretsmanager::get_secret_value(
      context, box, {.SecretId = reference.arn, .VersionId = reference.version, .VersionStage = reference.stage});
  if (!found && found.error().source != ErrorSource::client) return std::unexpected(found.error());
  if (!found) {
    return cannot_pull(
        fmt::format("secret from asm: service call has been retried 1 time(s): failed to fetch secret "
                    "{} from secrets manager: {}: {}",
                    reference.arn, found.error().code, found.error().message));
  }
  const std::string text = found->SecretString.value_or(found->SecretBinary.value_or(""));
  return reference.json_key.empty() ? Result<std::string>(text) : json_member(text, reference.json_key);
}

}  // namespace

Result<std::string> secret_value(api::Context& context, const SecretBox& box, const std::string& from) {
  const auto arn = api::parse_arn(from);
  if (arn) context.region = arn->region;
  if (arn && arn->service == "secretsmanager") return secret_of_manager(context, box, from);
  return parameter_value(context, box, from);
}

}  // namespace weir
