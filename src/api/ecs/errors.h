// The errors of ecs, in AWS's words. Pure functions; any thread.
#pragma once

#include <string>

#include "base/result.h"

namespace weir::api::ecs {

inline constexpr const char* kServerException = "ServerException";
inline constexpr const char* kUnsupported = "UnsupportedFeatureException";

inline std::unexpected<Error> client_error(const char* code, std::string message) {
  return fail(code, std::move(message), ErrorSource::client);
}
inline std::unexpected<Error> client_exception(std::string message) {
  return client_error("ClientException", std::move(message));
}
inline std::unexpected<Error> invalid_parameter(std::string message) {
  return client_error("InvalidParameterException", std::move(message));
}
// `noun`: "Cluster", "Service".
inline std::unexpected<Error> invalid_name(std::string noun) {
  return invalid_parameter(noun + " name must be 1 to 255 letters, numbers, hyphens and underscores.");
}
inline std::unexpected<Error> cluster_not_found() {
  return client_error("ClusterNotFoundException", "Cluster not found.");
}
inline std::unexpected<Error> cluster_inactive() {
  return client_error("ClusterNotFoundException", "The referenced cluster was inactive.");
}
inline std::unexpected<Error> service_not_found() {
  return client_error("ServiceNotFoundException", "Service not found.");
}
inline std::unexpected<Error> service_not_active() {
  return client_error("ServiceNotActiveException", "Service was not ACTIVE.");
}
inline std::unexpected<Error> daemon_has_no_count() {
  return invalid_parameter(
      "The daemon scheduling strategy does not support a desired count for services. Remove the desired count value "
      "and try again");
}
inline std::unexpected<Error> task_set_not_found() {
  return client_error("TaskSetNotFoundException", "The specified task set does not exist.");
}
inline std::unexpected<Error> invalid_token() {
  return invalid_parameter("Invalid token. The nextToken is not one that this list has given.");
}

}  // namespace weir::api::ecs
