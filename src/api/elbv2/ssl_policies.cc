#include "api/elbv2/ssl_policies.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/elbv2/actions.h"
#include "api/elbv2/errors.h"
#include "api/elbv2/names.h"

namespace weir::api::elbv2 {

namespace {

// In the order of preference.
constexpr const char* kCiphers[] = {
    "TLS_AES_128_GCM_SHA256",        "TLS_AES_256_GCM_SHA384",        "TLS_CHACHA20_POLY1305_SHA256",
    "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256",   "ECDHE-ECDSA-AES128-SHA256",
    "ECDHE-RSA-AES128-SHA256",       "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES256-SHA384",     "ECDHE-RSA-AES256-SHA384",
};

shapes::SslPolicy only_policy() {
  shapes::SslPolicy policy{.SslProtocols = std::vector<std::string>{"TLSv1.2", "TLSv1.3"}, .Name = kSslPolicy};
  auto& ciphers = policy.Ciphers.emplace();
  for (const char* name : kCiphers) {
    ciphers.push_back({.Name = name, .Priority = static_cast<std::int32_t>(ciphers.size() + 1)});
  }
  policy.SupportedLoadBalancerTypes = std::vector<std::string>{"application", "network"};
  return policy;
}

}  // namespace

Result<> check_ssl_policy(const std::string& name) {
  if (name == kSslPolicy) return {};
  if (!name.starts_with("ELBSecurityPolicy-")) {
    return client_error("SSLPolicyNotFound", fmt::format("SSL policy '{}' not found", name));
  }
  return client_error(kUnsupported, fmt::format("The value '{}' of SslPolicy is not supported by Weir, which has '{}'",
                                                name, kSslPolicy));
}

Result<shapes::DescribeSSLPoliciesOutput> describe_ssl_policies(Context&,
                                                                const shapes::DescribeSSLPoliciesInput& input) {
  for (const auto& name : input.Names.value_or(std::vector<std::string>{})) {
    if (name != kSslPolicy) return client_error("SSLPolicyNotFound", fmt::format("SSL policy '{}' not found", name));
  }
  std::vector<Positioned<shapes::SslPolicy>> all;
  if (input.LoadBalancerType != "gateway") all.push_back({kSslPolicy, only_policy()});
  auto page = TRY(marked_page(std::move(all), input.Marker, input.PageSize));
  return shapes::DescribeSSLPoliciesOutput{std::move(page.items), std::move(page.next)};
}

}  // namespace weir::api::elbv2
