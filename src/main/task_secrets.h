// The secrets that a task definition names, as parameters or as secrets: looked up when the task starts. Control
// thread.
#pragma once

#include <string>

#include "api/action.h"
#include "base/secret_box.h"

namespace weir {

// The value that `from` names: a parameter's name or ARN, or "SECRET-ARN[:json-key:version-stage:version-id]". Errors:
// of ErrorSource::client, in the words of a stoppedReason, where there is none.
Result<std::string> secret_value(api::Context& context, const SecretBox& box, const std::string& from);

}  // namespace weir
