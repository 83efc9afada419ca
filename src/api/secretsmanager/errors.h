// The errors of secretsmanager, in AWS's words. Pure functions; any thread.
#pragma once

#include <string>

#include "base/result.h"

namespace weir::api::secretsmanager {

inline constexpr const char* kServerError = "InternalServiceError";
inline constexpr const char* kInvalidParameter = "InvalidParameterException";

inline std::unexpected<Error> invalid_parameter(std::string message) {
  return fail(kInvalidParameter, std::move(message), ErrorSource::client);
}
inline std::unexpected<Error> invalid_request(std::string message) {
  return fail("InvalidRequestException", std::move(message), ErrorSource::client);
}
inline std::unexpected<Error> not_found(std::string message) {
  return fail("ResourceNotFoundException", std::move(message), ErrorSource::client);
}
inline std::unexpected<Error> already_exists(std::string message) {
  return fail("ResourceExistsException", std::move(message), ErrorSource::client);
}

}  // namespace weir::api::secretsmanager
