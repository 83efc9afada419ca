#include "api/elbv2/target_group_rules.h"

#include <fmt/format.h>

#include <charconv>

#include "api/elbv2/errors.h"
#include "api/elbv2/names.h"

namespace weir::api::elbv2 {

namespace {

constexpr int kMaxPort = 65535;

// A whole number that is all of `text`; -1 for any other text.
int number_of(std::string_view text) {
  int number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number >= 0 ? number : -1;
}

bool is_grpc(const shapes::TargetGroup& group) { return group.ProtocolVersion == "GRPC"; }

bool is_tcp(const std::optional<std::string>& protocol) { return protocol == "TCP" || protocol == "TLS"; }

Result<> check_matcher(const shapes::TargetGroup& group) {
  const shapes::Matcher matcher = group.Matcher.value_or(shapes::Matcher{});
  if (is_grpc(group)) {
    if (matcher.HttpCode)
      return validation_error("Health check matcher HTTP codes are not valid for protocol version GRPC");
    if (matcher.GrpcCode && is_matcher(*matcher.GrpcCode, 0, 99)) return {};
    return validation_error("Health check matcher GRPC code must be within '0 - 99' inclusive");
  }
  if (matcher.GrpcCode) {
    return validation_error("Health check matcher GRPC codes are valid for protocol version GRPC only");
  }
  if (matcher.HttpCode && is_matcher(*matcher.HttpCode, 200, 499)) return {};
  return validation_error("Health check matcher HTTP code must be within '200-499' inclusive");
}

}  // namespace

bool is_matcher(std::string_view text, int least, int most) {
  while (true) {
    const auto comma = text.find(',');
    const std::string_view one = text.substr(0, comma);
    const auto dash = one.find('-');
    const int first = number_of(one.substr(0, dash));
    const int last = dash == std::string_view::npos ? first : number_of(one.substr(dash + 1));
    if (first < least || last > most || first > last) return false;
    if (comma == std::string_view::npos) return true;
    text.remove_prefix(comma + 1);
  }
}

Result<> check_health_check(const shapes::TargetGroup& group) {
  if (group.HealthCheckEnabled == false) {
    return validation_error(
        fmt::format("Health checks must be enabled for target groups with target type '{}'", *group.TargetType));
  }
  if (group.HealthCheckProtocol == "TCP") {
    if (!is_tcp(group.Protocol)) {
      return validation_error(
          fmt::format("Health check protocol 'TCP' is not supported for target groups with protocol "
                      "'{}'",
                      *group.Protocol));
    }
    if (group.HealthCheckPath || group.Matcher) {
      return validation_error("Health checks of protocol 'TCP' have neither a path nor a matcher");
    }
  } else if (!group.HealthCheckPath->starts_with('/')) {
    return validation_error(
        fmt::format("Health check path '{}' must begin with a '/' character", *group.HealthCheckPath));
  }
  const int port = number_of(*group.HealthCheckPort);
  if (*group.HealthCheckPort != "traffic-port" && (port < 1 || port > kMaxPort)) {
    return validation_error(fmt::format("Health check port '{}' must be 'traffic-port' or between '1' and '65535'",
                                        *group.HealthCheckPort));
  }
  if (*group.HealthCheckIntervalSeconds <= *group.HealthCheckTimeoutSeconds) {
    return validation_error("Health check interval must be greater than the timeout.");
  }
  return group.HealthCheckProtocol == "TCP" ? Result<>() : check_matcher(group);
}

void complete_health_check(shapes::TargetGroup& group) {
  if (group.HealthCheckProtocol == "TCP") return;
  if (!group.HealthCheckPath) group.HealthCheckPath = is_grpc(group) ? "/AWS.ALB/healthcheck" : "/";
  if (group.Matcher) return;
  const char* const codes = is_tcp(group.Protocol) ? "200-399" : "200";
  group.Matcher = is_grpc(group) ? shapes::Matcher{.GrpcCode = "12"} : shapes::Matcher{.HttpCode = codes};
}

Result<shapes::TargetGroup> make_group(const shapes::CreateTargetGroupInput& input) {
  TRY(check_name("Target group", input.Name));
  TRY(check_tags(input.Tags));
  if (!input.Protocol) return validation_error("A protocol must be specified");
  if (!input.Port) return validation_error("A port must be specified");
  shapes::TargetGroup group{
      .TargetGroupName = input.Name,
      .Protocol = input.Protocol,
      .Port = input.Port,
      .VpcId = input.VpcId,
      .HealthCheckProtocol = is_tcp(input.Protocol) ? "TCP" : *input.Protocol,
      .HealthCheckPort = "traffic-port",
      .HealthCheckEnabled = true,
      .HealthCheckIntervalSeconds = 30,
      .HealthCheckTimeoutSeconds = is_tcp(input.Protocol) ? 10 : 5,
      .HealthyThresholdCount = 5,
      .UnhealthyThresholdCount = 2,
      .TargetType = input.TargetType.value_or("instance"),
      .IpAddressType = "ipv4",
  };
  const std::string version = input.ProtocolVersion.value_or("");
  if (is_tcp(group.Protocol)) {
    if (!version.empty()) {
      return validation_error(
          fmt::format("A protocol version cannot be specified for target groups with protocol '{}'", *group.Protocol));
    }
    take_health_check(group, input);
    complete_health_check(group);
    TRY(check_health_check(group));
    return group;
  }
  group.ProtocolVersion = version.empty() ? "HTTP1" : version;
  if (*group.ProtocolVersion != "HTTP1" && *group.ProtocolVersion != "HTTP2" && !is_grpc(group)) {
    return validation_error(
        fmt::format("Protocol version '{}' must be one of '[GRPC, HTTP1, HTTP2]'", *group.ProtocolVersion));
  }
  take_health_check(group, input);
  complete_health_check(group);
  TRY(check_health_check(group));
  return group;
}

}  // namespace weir::api::elbv2
