// The security policies that a listener may have: those that say no more than what the data plane's TLS does. Pure
// functions; any thread.
#pragma once

#include <string>

#include "base/result.h"

namespace weir::api::elbv2 {

inline constexpr const char* kSslPolicy = "ELBSecurityPolicy-TLS13-1-2-2021-06";  // where none is asked for

// Errors: SSLPolicyNotFound; InvalidConfigurationRequest for one that AWS has and that would not be so here.
Result<> check_ssl_policy(const std::string& name);

}  // namespace weir::api::elbv2
