#include "control/pool_compiler.h"

#include <charconv>
#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "control/limits.h"

namespace weir::control {

namespace {

namespace elbv2 = model::elbv2;
using Attributes = std::map<std::string, std::string>;
using std::chrono::seconds;

std::int64_t number_in(const std::string& text, std::int64_t otherwise) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : otherwise;
}

std::string text_of(const Attributes& attributes, const char* name) {
  const auto found = attributes.find(name);
  return found == attributes.end() ? "" : found->second;
}

// A number among the attributes, `otherwise` where it is missing or none ("off").
std::int64_t number_of(const Attributes& attributes, const char* name, std::int64_t otherwise) {
  return number_in(text_of(attributes, name), otherwise);
}

route::PoolProtocol pool_protocol(const elbv2::TargetGroup& group) {
  if (group.Protocol == "TCP" || group.Protocol == "TLS") return route::PoolProtocol::tcp;
  const std::string version = group.ProtocolVersion.value_or("HTTP1");
  if (version == "GRPC") return route::PoolProtocol::grpc;
  if (version == "HTTP2") return route::PoolProtocol::http2;
  return route::PoolProtocol::http1;
}

route::HealthProtocol health_protocol(const elbv2::TargetGroup& group) {
  if (!group.HealthCheckEnabled.value_or(true)) return route::HealthProtocol::none;
  if (group.ProtocolVersion == "GRPC") return route::HealthProtocol::grpc;
  if (group.HealthCheckProtocol == "HTTPS") return route::HealthProtocol::https;
  if (group.HealthCheckProtocol == "TCP") return route::HealthProtocol::tcp;
  return route::HealthProtocol::http;
}

route::HealthCheck health_check(const elbv2::TargetGroup& group) {
  const bool grpc = group.ProtocolVersion == "GRPC";
  route::HealthCheck check{.protocol = health_protocol(group)};
  check.path = group.HealthCheckPath.value_or(grpc ? "/AWS.ALB/healthcheck" : "/");
  const elbv2::Matcher matcher = group.Matcher.value_or(elbv2::Matcher{});
  check.matcher = grpc ? matcher.GrpcCode.value_or("12") : matcher.HttpCode.value_or("200");
  check.port = static_cast<std::uint16_t>(number_in(group.HealthCheckPort.value_or("traffic-port"), 0));
  check.interval = seconds(group.HealthCheckIntervalSeconds.value_or(30));
  check.timeout = seconds(group.HealthCheckTimeoutSeconds.value_or(5));
  check.healthy_threshold = static_cast<unsigned>(group.HealthyThresholdCount.value_or(5));
  check.unhealthy_threshold = static_cast<unsigned>(group.UnhealthyThresholdCount.value_or(2));
  return check;
}

route::Algorithm algorithm_of(const Attributes& attributes) {
  const std::string type = text_of(attributes, "load_balancing.algorithm.type");
  if (type == "least_outstanding_requests") return route::Algorithm::least_outstanding;
  if (type == "weighted_random") return route::Algorithm::weighted_random;
  return route::Algorithm::round_robin;
}

std::optional<route::Stickiness> pool_stickiness(const Attributes& attributes) {
  if (text_of(attributes, "stickiness.enabled") != "true") return std::nullopt;
  if (text_of(attributes, "stickiness.type") == "app_cookie") {
    return route::Stickiness{.cookie = "AWSALBAPP-0",
                             .application_cookie = text_of(attributes, "stickiness.app_cookie.cookie_name")};
  }
  constexpr std::int64_t kDay = 86400;
  return route::Stickiness{.cookie = "AWSALB",
                           .duration = seconds(number_of(attributes, "stickiness.lb_cookie.duration_seconds", kDay))};
}

route::FailOpen fail_open_of(const Attributes& attributes) {
  const std::string routing = "target_group_health.unhealthy_state_routing.minimum_healthy_targets.";
  return {.count = static_cast<unsigned>(number_of(attributes, (routing + "count").c_str(), 1)),
          .percent = static_cast<unsigned>(number_of(attributes, (routing + "percentage").c_str(), 0))};
}

// The balancer's access log below `folder`; none where it is off.
std::optional<std::string> access_log_of(const model::LoadBalancer& balancer, const std::string& folder) {
  const Attributes& attributes = balancer.attributes;
  if (text_of(attributes, "access_logs.s3.enabled") != "true") return std::nullopt;
  const std::string prefix = text_of(attributes, "access_logs.s3.prefix");
  return folder + "/" + text_of(attributes, "access_logs.s3.bucket") + "/" + (prefix.empty() ? "" : prefix + "/") +
         balancer.balancer.LoadBalancerName.value_or("") + ".log";
}

}  // namespace

route::Pool pool_of(const model::TargetGroup& document) {
  const elbv2::TargetGroup& group = document.group;
  const Attributes& attributes = document.attributes;
  route::Pool pool;
  pool.id = group.TargetGroupArn.value_or("");
  pool.protocol = pool_protocol(group);
  if (group.Protocol == "HTTPS" || group.Protocol == "TLS") pool.tls.emplace();  // unverified, as ALB has it
  pool.algorithm = algorithm_of(attributes);
  if (text_of(attributes, "load_balancing.algorithm.anomaly_mitigation") == "on") pool.outlier.emplace();
  pool.health = health_check(group);
  pool.drain_delay = std::chrono::duration_cast<route::milliseconds>(drain_delay(document));
  pool.slow_start = seconds(number_of(attributes, "slow_start.duration_seconds", 0));
  pool.stickiness = pool_stickiness(attributes);
  pool.send_proxy_protocol = text_of(attributes, "proxy_protocol_v2.enabled") == "true";
  pool.fail_open = fail_open_of(attributes);
  return pool;
}

Duration drain_delay(const model::TargetGroup& group) {
  return seconds(number_of(group.attributes, "deregistration_delay.timeout_seconds", kDeregistrationDelay.count()));
}

std::optional<route::Stickiness> stickiness_of(const elbv2::ForwardActionConfig& config) {
  if (!config.TargetGroupStickinessConfig || config.TargetGroupStickinessConfig->Enabled != true) return std::nullopt;
  return route::Stickiness{.cookie = "AWSALBTG",
                           .duration = seconds(config.TargetGroupStickinessConfig->DurationSeconds.value_or(1))};
}

void apply_attributes(const model::LoadBalancer& balancer, const model::Listener& from, const std::string& access_logs,
                      route::Listener& listener) {
  using Mode = route::Forwarded::Mode;
  const Attributes& attributes = balancer.attributes;
  const auto log = access_log_of(balancer, access_logs);
  if (balancer.balancer.Type == "network") {
    listener.idle_timeout = seconds(number_of(from.attributes, "tcp.idle_timeout.seconds", 350));
    // As AWS has it: what comes over TLS is logged, what is only passed on is not.
    if (log && from.listener.Protocol == "TLS") listener.access_log = {*log, route::AccessLog::Format::nlb};
    return;
  }
  listener.idle_timeout = seconds(number_of(attributes, "idle_timeout.timeout_seconds", 60));
  const std::string mode = text_of(attributes, "routing.http.xff_header_processing.mode");
  listener.forwarded.mode = mode == "preserve" ? Mode::preserve : mode == "remove" ? Mode::remove : Mode::append;
  listener.forwarded.client_port = text_of(attributes, "routing.http.xff_client_port.enabled") == "true";
  listener.trace = true;
  if (log) listener.access_log = {.path = *log};
}

}  // namespace weir::control
