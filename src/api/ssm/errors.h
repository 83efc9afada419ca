// The errors of ssm, in AWS's words. Pure functions; any thread.
#pragma once

#include <string>

#include "base/result.h"

namespace weir::api::ssm {

inline constexpr const char* kServerError = "InternalServerError";
inline constexpr const char* kValidation = "ValidationException";

inline std::unexpected<Error> fail_client(const char* code, std::string message) {
  return fail(code, std::move(message), ErrorSource::client);
}
inline std::unexpected<Error> invalid(std::string message) { return fail_client(kValidation, std::move(message)); }
// AWS says the code alone.
inline std::unexpected<Error> parameter_not_found(const std::string& name) {
  return fail_client("ParameterNotFound", "There is no parameter " + name + ".");
}

}  // namespace weir::api::ssm
