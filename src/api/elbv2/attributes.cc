#include "api/elbv2/attributes.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "api/elbv2/errors.h"
#include "api/limits.h"

namespace weir::api::elbv2 {

namespace {

using enum AttributeEffect;

constexpr const char* kSwitch = "true|false";
constexpr int kMostTargets = kMaxTargets;
constexpr std::size_t kMaxCookieName = 128;

constexpr Attribute kBalancer[] = {
    {"deletion_protection.enabled", "false", acts, kSwitch},
    {"idle_timeout.timeout_seconds", "60", acts, "", 1, 4000},
    {"access_logs.s3.bucket", "", acts},
    {"access_logs.s3.enabled", "false", acts, kSwitch},
    {"access_logs.s3.prefix", "", acts},
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
    {"routing.http.xff_client_port.enabled", "false", acts, kSwitch},
    {"routing.http.xff_header_processing.mode", "append", acts, "append|preserve|remove"},
    {"routing.http2.enabled", "true", fixed, kSwitch},
    {"waf.fail_open.enabled", "false", recorded, kSwitch},
    {"zonal_shift.config.enabled", "false", recorded, kSwitch},
};

constexpr Attribute kNetworkBalancer[] = {
    {"deletion_protection.enabled", "false", acts, kSwitch},
    {"access_logs.s3.bucket", "", acts},
    {"access_logs.s3.enabled", "false", acts, kSwitch},
    {"access_logs.s3.prefix", "", acts},
    {"dns_record.client_routing_policy", "any_availability_zone", recorded,
     "any_availability_zone|availability_zone_affinity|partial_availability_zone_affinity"},
    {"ipv6.deny_all_igw_traffic", "false", recorded, kSwitch},
    {"load_balancing.cross_zone.enabled", "false", recorded, kSwitch},
    {"zonal_shift.config.enabled", "false", recorded, kSwitch},
};

constexpr Attribute kTcpTargetGroup[] = {
    {"deregistration_delay.timeout_seconds", "300", acts, "", 0, 3600},
    {"deregistration_delay.connection_termination.enabled", "false", fixed, kSwitch},
    {"load_balancing.cross_zone.enabled", "use_load_balancer_configuration", recorded,
     "true|false|use_load_balancer_configuration"},
    {"preserve_client_ip.enabled", "false", fixed, kSwitch},
    {"proxy_protocol_v2.enabled", "false", acts, kSwitch},
    {"stickiness.enabled", "false", fixed, kSwitch},
    {"stickiness.type", "source_ip", recorded, "source_ip"},
    {"target_group_health.dns_failover.minimum_healthy_targets.count", "1", recorded, "", 1, kMostTargets, "off"},
    {"target_group_health.dns_failover.minimum_healthy_targets.percentage", "off", recorded, "", 1, 100, "off"},
    {"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "1", acts, "", 1, kMostTargets},
    {"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "off", acts, "", 1, 100, "off"},
    {"target_health_state.unhealthy.connection_termination.enabled", "false", fixed, kSwitch},
};

constexpr Attribute kTargetGroup[] = {
    {"deregistration_delay.timeout_seconds", "300", acts, "", 0, 3600},
    {"load_balancing.algorithm.type", "round_robin", acts, "round_robin|least_outstanding_requests|weighted_random"},
    {"load_balancing.algorithm.anomaly_mitigation", "off", acts, "on|off"},
    {"load_balancing.cross_zone.enabled", "use_load_balancer_configuration", recorded,
     "true|false|use_load_balancer_configuration"},
    {"slow_start.duration_seconds", "0", acts, "", 30, 900, "0"},
    {"stickiness.enabled", "false", acts, kSwitch},
    {"stickiness.type", "lb_cookie", acts, "lb_cookie|app_cookie"},
    {"stickiness.lb_cookie.duration_seconds", "86400", acts, "", 1, 604800},
    {"stickiness.app_cookie.cookie_name", "", acts},
    // The backend's own cookie says how long it lasts.
    {"stickiness.app_cookie.duration_seconds", "86400", fixed, "", 1, 604800},
    {"target_group_health.dns_failover.minimum_healthy_targets.count", "1", recorded, "", 1, kMostTargets, "off"},
    {"target_group_health.dns_failover.minimum_healthy_targets.percentage", "off", recorded, "", 1, 100, "off"},
    {"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "1", acts, "", 1, kMostTargets},
    {"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "off", acts, "", 1, 100, "off"},
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

std::span<const Attribute> balancer_attributes(std::string_view type) {
  if (type == "network") return kNetworkBalancer;
  return kBalancer;
}
std::span<const Attribute> target_group_attributes(std::string_view protocol) {
  if (protocol == "TCP" || protocol == "TLS") return kTcpTargetGroup;
  return kTargetGroup;
}
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
  if (found->most > 0 && !is_between(value, found->least, found->most) &&
      (!*found->besides || value != found->besides)) {
    return validation_error(fmt::format("{} attribute value '{}' for '{}' is not valid: it must be {}{}from {} to {}",
                                        noun, value, key, found->besides, *found->besides ? " or " : "", found->least,
                                        found->most));
  }
  return {};
}

namespace {

// RFC 6265 section 4.1.1; the names of the balancer's own cookies are taken.
Result<> check_cookie_name(const std::string& name) {
  constexpr std::string_view kSeparators = "()<>@,;:\\\"/[]?={} \t";
  const auto bad = [&](char c) { return c <= ' ' || c >= 0x7f || kSeparators.find(c) != std::string_view::npos; };
  if (name.empty()) return validation_error("A cookie name must be specified for stickiness of type 'app_cookie'");
  if (name.size() > kMaxCookieName || std::any_of(name.begin(), name.end(), bad)) {
    return validation_error(fmt::format("The cookie name '{}' is not valid", name));
  }
  for (const char* own : {"AWSALB", "AWSALBAPP", "AWSALBTG"}) {
    if (name.starts_with(own)) return validation_error(fmt::format("The cookie name '{}' is reserved", name));
  }
  return {};
}

}  // namespace

Result<> check_target_group_attributes(const std::map<std::string, std::string>& attributes) {
  const auto is = [&](const char* key, std::string_view value) {
    const auto found = attributes.find(key);
    return found != attributes.end() && found->second == value;
  };
  constexpr const char* kAlgorithm = "load_balancing.algorithm.type";
  constexpr const char* kSlowStart = "slow_start.duration_seconds";
  if (attributes.contains(kSlowStart) && !is(kSlowStart, "0") && !is(kAlgorithm, "round_robin")) {
    return validation_error("Slow start can be enabled with the load balancing algorithm 'round_robin' only");
  }
  if (is("load_balancing.algorithm.anomaly_mitigation", "on") && !is(kAlgorithm, "weighted_random")) {
    return validation_error(
        "Anomaly mitigation can be enabled with the load balancing algorithm 'weighted_random' only");
  }
  if (is("stickiness.enabled", "true") && is("stickiness.type", "app_cookie")) {
    const auto name = attributes.find("stickiness.app_cookie.cookie_name");
    return check_cookie_name(name == attributes.end() ? "" : name->second);
  }
  return {};
}

}  // namespace weir::api::elbv2
