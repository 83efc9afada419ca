// Secrets as requests name them, and how their versions and staging labels move. Control thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/action.h"
#include "base/secret_box.h"
#include "model/secret_documents.h"
#include "store/store.h"

namespace weir::api::secretsmanager {

inline constexpr const char* kCurrent = "AWSCURRENT";
inline constexpr const char* kPrevious = "AWSPREVIOUS";

// Whether its recovery window is over: it is there no more.
bool is_gone(const model::Secret& secret, Timestamp now);

// By name or ARN, also one without its last six characters. Errors: ResourceNotFoundException.
Result<store::Versioned<model::Secret>> find_secret(Context& context, const std::string& id);
// The same where it must not be marked for deletion. Errors: InvalidRequestException too.
Result<store::Versioned<model::Secret>> find_live_secret(Context& context, const std::string& id);

// By id, by stage, by both, or the current one. Errors: ResourceNotFoundException.
Result<const model::SecretVersion*> find_version(const model::Secret& secret, const std::optional<std::string>& id,
                                                 const std::optional<std::string>& stage);

// What a request gives as a value.
struct NewValue {
  std::optional<std::string> token;   // ClientRequestToken
  std::optional<std::string> text;    // SecretString
  std::optional<std::string> binary;  // SecretBinary, base64
  bool given() const { return text || binary; }
};
// Errors: InvalidParameterException.
Result<> check_value(const NewValue& value);

// Adds a version with the stages, which leave the versions that had them; AWSPREVIOUS follows AWSCURRENT. The version's
// id; one whose token was used for the same value is not added again. Errors: ResourceExistsException.
Result<std::string> add_version(Context& context, const SecretBox& box, model::Secret& secret, const NewValue& value,
                                const std::vector<std::string>& stages);
// Moves a stage to a version of the secret.
void move_stage(model::Secret& secret, const std::string& stage, const std::string& version);

}  // namespace weir::api::secretsmanager
