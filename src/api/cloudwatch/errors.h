// The errors of cloudwatch, in AWS's words. Pure functions; any thread.
#pragma once

#include <string>

#include "base/result.h"

namespace weir::api::cloudwatch {

inline constexpr const char* kServerError = "InternalServiceError";
inline constexpr const char* kValidation = "ValidationError";
inline constexpr const char* kInvalidValue = "InvalidParameterValue";
inline constexpr const char* kInvalidCombination = "InvalidParameterCombination";
inline constexpr const char* kMissing = "MissingParameter";

inline std::unexpected<Error> client_error(const char* code, std::string message) {
  return fail(code, std::move(message), ErrorSource::client);
}
inline std::unexpected<Error> validation_error(std::string message) {
  return client_error(kValidation, std::move(message));
}
inline std::unexpected<Error> invalid_value(std::string message) {
  return client_error(kInvalidValue, std::move(message));
}
inline std::unexpected<Error> invalid_token() {
  return client_error("InvalidNextToken", "The next token specified is invalid.");
}
inline std::unexpected<Error> alarm_not_found() {
  return client_error("ResourceNotFound", "The alarm does not exist.");
}

}  // namespace weir::api::cloudwatch
