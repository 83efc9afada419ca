// The errors of logs, in AWS's words. Pure functions; any thread.
#pragma once

#include <string>

#include "base/result.h"

namespace weir::api::logs {

inline constexpr const char* kServerError = "ServiceUnavailableException";
inline constexpr const char* kInvalidParameter = "InvalidParameterException";

inline std::unexpected<Error> invalid_parameter(std::string message) {
  return fail(kInvalidParameter, std::move(message), ErrorSource::client);
}
inline std::unexpected<Error> not_found(std::string message) {
  return fail("ResourceNotFoundException", std::move(message), ErrorSource::client);
}
inline std::unexpected<Error> group_not_found() { return not_found("The specified log group does not exist."); }
inline std::unexpected<Error> stream_not_found() { return not_found("The specified log stream does not exist."); }
inline std::unexpected<Error> already_exists(std::string message) {
  return fail("ResourceAlreadyExistsException", std::move(message), ErrorSource::client);
}
inline std::unexpected<Error> invalid_token() { return invalid_parameter("The specified nextToken is invalid."); }

}  // namespace weir::api::logs
