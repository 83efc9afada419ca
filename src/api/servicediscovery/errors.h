// The errors of servicediscovery, in AWS's words. Pure functions; any thread.
#pragma once

#include <string>

#include "base/result.h"

namespace weir::api::servicediscovery {

inline constexpr const char* kServerError = "InternalFailure";
inline constexpr const char* kInvalidInput = "InvalidInput";

inline std::unexpected<Error> fail_client(const char* code, std::string message) {
  return fail(code, std::move(message), ErrorSource::client);
}
inline std::unexpected<Error> invalid_input(std::string message) {
  return fail_client(kInvalidInput, std::move(message));
}
inline std::unexpected<Error> in_use(std::string message) { return fail_client("ResourceInUse", std::move(message)); }
inline std::unexpected<Error> limit_exceeded(std::string message) {
  return fail_client("ResourceLimitExceeded", std::move(message));
}
inline std::unexpected<Error> namespace_not_found() { return fail_client("NamespaceNotFound", "Namespace not found"); }
inline std::unexpected<Error> service_not_found() { return fail_client("ServiceNotFound", "Service not found"); }
inline std::unexpected<Error> instance_not_found() { return fail_client("InstanceNotFound", "Instance not found"); }
inline std::unexpected<Error> bad_token() { return invalid_input("The NextToken is not one of this list."); }

}  // namespace weir::api::servicediscovery
