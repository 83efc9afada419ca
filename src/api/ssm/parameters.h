// Parameters as requests name them and as replies show them. Control thread.
#pragma once

#include <optional>
#include <string>

#include "api/action.h"
#include "base/secret_box.h"
#include "model/secret_documents.h"
#include "model/ssm/shapes.h"
#include "store/store.h"

namespace weir::api::ssm {

// "arn:aws:ssm:eu-central-1:000000000000:parameter/NAME"
std::string parameter_arn(const Context& context, const std::string& name);

// "NAME", "NAME:3", the same behind an ARN.
struct Reference {
  std::string name;
  std::string selector;  // ":3"; empty for none
};
// Errors: ValidationException where it cannot be one, ParameterNotFound for another account's or region's ARN.
Result<Reference> parse_reference(Context& context, const std::string& text);

// Errors: ParameterNotFound.
Result<store::Versioned<model::Parameter>> find_parameter(Context& context, const std::string& name);
// The newest, or the one that the selector names. Errors: ParameterVersionNotFound, with a label too.
Result<const model::ParameterVersion*> find_version(const model::Parameter& parameter, const Reference& reference);

// A SecureString that is not to be decrypted is shown sealed.
Result<model::ssm::Parameter> shown(const Context& context, const SecretBox& box, const model::Parameter& parameter,
                                    const model::ParameterVersion& version, bool decrypt);
Result<std::string> value_of(const SecretBox& box, const model::Parameter& parameter,
                             const model::ParameterVersion& version, bool decrypt);

}  // namespace weir::api::ssm
