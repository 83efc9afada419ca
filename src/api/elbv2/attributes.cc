#include "api/elbv2/attributes.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "api/elbv2/errors.h"

namespace weir::api::elbv2 {

namespace {

using enum AttributeEffect;

constexpr const char* kSwitch = "true|false";

constexpr Attribute kBalancer[] = {
    {"deletion_protection.enabled", "false", acts, kSwitch},
    {"idle_timeout.timeout_seconds", "60", acts, "", 1, 4000},
    {"access_logs.s3.bucket", "", recorded},
    {"access_logs.s3.enabled", "false", fixed, kSwitch},
    {"access_logs.s3.prefix", "", recorded},
    {"client_keep_alive.seconds", "3600", fixed, "", 60, 604800},
    {"connection_logs.s3.bucket", "", recorded},
    {"connection_logs.s3.enabled", "false", fixed, kSwitch},
    {"connection_logs.s3.prefix", "", recorded},
    {"health_check_logs.s3.bucket", "", recorded},
    {"health_check_logs.s3.enabled", "false", fixed, kSwitch},
    {"health_check_logs.s3.prefix", "", recorded},
    {"ipv6.deny_all_igw_traffic", "false", recorded, kSwitch},
    {"load_balancing.cross_zone.enabled", "true", fixed, kSwitch},
    {"routing.http.desync_mitigation_mode", "defensive", fixed, "monitor|defensive|strictest"},
    {"routing.http.drop_invalid_header_fields.enabled", "false", fixed, kSwitch},
    {"routing.http.preserve_host_header.enabled", "false", fixed, kSwitch},
    {"routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "false", fixed, kSwitch},
    {"routing.http.xff_client_port.enabled", "false", fixed, kSwitch},
    {"routing.http.xff_header_processing.mode", "append", fixed, "append|preserve|remove"},
    {"routing.http2.enabled", "true", fixed, kSwitch},
    {"waf.fail_open.enabled", "false", recorded, kSwitch},
    {"zonal_shift.config.enabled", "false", recorded, kSwitch},
};

constexpr Attribute kTargetGroup[] = {
    {"deregistration_delay.timeout_seconds", "300", acts, "", 0, 3600},
    {"load_balancing.algorithm.type", "round_robin", acts, "round_robin|least_outstanding_requests"},
    {"load_balancing.algorithm.anomaly_mitigation", "off", fixed, "on|off"},
    {"load_balancing.cross_zone.enabled", "use_load_balancer_configuration", recorded,
     "true|false|use_load_balancer_configuration"},
    {"slow_start.duration_seconds", "0", fixed, "", 0, 900},
    {"stickiness.enabled", "false", fixed, kSwitch},
    {"stickiness.type", "lb_cookie", recorded, "lb_cookie|app_cookie"},
    {"stickiness.lb_cookie.duration_seconds", "86400", recorded, "", 1, 604800},
    {"stickiness.app_cookie.cookie_name", "", recorded},
    {"stickiness.app_cookie.duration_seconds", "86400", recorded, "", 1, 604800},
    {"target_group_health.dns_failover.minimum_healthy_targets.count", "1", fixed},
    {"target_group_health.dns_failover.minimum_healthy_targets.percentage", "off", fixed},
    {"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "1", fixed},
    {"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "off", fixed},
};

// What a client's certificate said reaches the backend under these names.
constexpr Attribute kHttps[] = {
    {"routing.http.request.x_amzn_mtls_clientcert.header_name", "X-Amzn-Mtls-Clientcert", fixed},
    {"routing.http.request.x_amzn_mtls_clientcert_issuer.header_name", "X-Amzn-Mtls-Clientcert-Issuer", fixed},
    {"routing.http.request.x_amzn_mtls_clientcert_leaf.header_name", "X-Amzn-Mtls-Clientcert-Leaf", fixed},
    {"routing.http.request.x_amzn_mtls_clientcert_serial_number.header_name", "X-Amzn-Mtls-Clientcert-Serial-Number",
     fixed},
    {"routing.http.request.x_amzn_mtls_clientcert_subject.header_name", "X-Amzn-Mtls-Clientcert-Subject", fixed},
    {"routing.http.request.x_amzn_mtls_clientcert_validity.header_name", "X-Amzn-Mtls-Clientcert-Validity", fixed},
    {"routing.http.request.x_amzn_tls_cipher_suite.header_name", "X-Amzn-Tls-Cipher-Suite", fixed},
    {"routing.http.request.x_amzn_tls_version.header_name", "X-Amzn-Tls-Version", fixed},
    // Those of HTTP as well; kHttp is the rest of this table.
    {"routing.http.response.access_control_allow_credentials.header_value", "", fixed},
    {"routing.http.response.access_control_allow_headers.header_value", "", fixed},
    {"routing.http.response.access_control_allow_methods.header_value", "", fixed},
    {"routing.http.response.access_control_allow_origin.header_value", "", fixed},
    {"routing.http.response.access_control_expose_headers.header_value", "", fixed},
    {"routing.http.response.access_control_max_age.header_value", "", fixed},
    {"routing.http.response.content_security_policy.header_value", "", fixed},
    {"routing.http.response.server.enabled", "true", fixed, kSwitch},
    {"routing.http.response.strict_transport_security.header_value", "", fixed},
    {"routing.http.response.x_content_type_options.header_value", "", fixed},
    {"routing.http.response.x_frame_options.header_value", "", fixed},
};
constexpr std::size_t kOnlyHttps = 8;

constexpr Attribute kTcp[] = {
    {"tcp.idle_timeout.seconds", "350", acts, "", 60, 6000},
};

bool is_among(std::string_view words, std::string_view word) {
  while (true) {
    const auto bar = words.find('|');
    if (words.substr(0, bar) == word) return true;
    if (bar == std::string_view::npos) return false;
    words.remove_prefix(bar + 1);
  }
}

bool is_between(const std::string& text, int least, int most) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number >= least && number <= most;
}

}  // namespace

std::span<const Attribute> balancer_attributes() { return kBalancer; }
std::span<const Attribute> target_group_attributes() { return kTargetGroup; }
std::span<const Attribute> listener_attributes(std::string_view protocol) {
  const std::span<const Attribute> https = kHttps;
  if (protocol == "HTTP") return https.subspan(kOnlyHttps);
  if (protocol == "HTTPS") return https;
  if (protocol == "TCP") return kTcp;
  return {};
}

std::map<std::string, std::string> defaults_of(std::span<const Attribute> table) {
  std::map<std::string, std::string> all;
  for (const auto& attribute : table) all[attribute.key] = attribute.otherwise;
  return all;
}

Result<> check_attribute(std::span<const Attribute> table, std::string_view noun, const std::string& key,
                         const std::string& value) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const Attribute& one) { return one.key == key; });
  if (found == table.end()) return validation_error(fmt::format("{} attribute key '{}' is not recognized", noun, key));
  if (found->effect == fixed && value != found->otherwise) {
    return client_error(kUnsupported,
                        fmt::format("The value '{}' of the attribute '{}' is not supported by Weir.", value, key));
  }
  if (*found->words && !is_among(found->words, value)) {
    return validation_error(fmt::format("{} attribute value '{}' for '{}' is not valid: it must be one of {}", noun,
                                        value, key, found->words));
  }
  if (found->most > 0 && !is_between(value, found->least, found->most)) {
    return validation_error(fmt::format("{} attribute value '{}' for '{}' is not valid: it must be from {} to {}", noun,
                                        value, key, found->least, found->most));
  }
  return {};
}

}  // namespace weir::api::elbv2
