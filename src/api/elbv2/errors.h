// The errors of elbv2, in AWS's words. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::api::elbv2 {

inline constexpr const char* kServerError = "InternalFailure";
inline constexpr const char* kUnsupported = "InvalidConfigurationRequest";

inline std::unexpected<Error> client_error(const char* code, std::string message) {
  return fail(code, std::move(message), ErrorSource::client);
}
inline std::unexpected<Error> validation_error(std::string message) {
  return client_error("ValidationError", std::move(message));
}
inline std::unexpected<Error> balancer_not_found(std::string_view name = {}) {
  if (name.empty()) return client_error("LoadBalancerNotFound", "One or more load balancers not found");
  return client_error("LoadBalancerNotFound", "Load balancers '[" + std::string(name) + "]' not found");
}
inline std::unexpected<Error> target_group_not_found() {
  return client_error("TargetGroupNotFound", "One or more target groups not found");
}
inline std::unexpected<Error> listener_not_found() {
  return client_error("ListenerNotFound", "One or more listeners not found");
}
inline std::unexpected<Error> trust_store_not_found() {
  return client_error("TrustStoreNotFound", "One or more trust stores not found");
}
inline std::unexpected<Error> rule_not_found() { return client_error("RuleNotFound", "One or more rules not found"); }

}  // namespace weir::api::elbv2
