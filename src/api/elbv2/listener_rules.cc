#include "api/elbv2/listener_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/elbv2/associations.h"
#include "api/elbv2/errors.h"
#include "api/limits.h"

namespace weir::api::elbv2 {

namespace {

constexpr std::int32_t kMaxWeight = 999;
constexpr std::int32_t kMaxStickiness = 604'800;  // seconds: a week
constexpr const char* kContentTypes[] = {"text/plain", "text/css", "text/html", "application/javascript",
                                         "application/json"};

constexpr std::string_view kRedirectWords[] = {"#{protocol}", "#{host}", "#{port}", "#{path}", "#{query}"};

// The groups and weights of a forward, however it names them.
Result<std::vector<shapes::TargetGroupTuple>> tuples_of(const shapes::Action& action) {
  std::vector<shapes::TargetGroupTuple> tuples;
  if (action.ForwardConfig && action.ForwardConfig->TargetGroups) tuples = *action.ForwardConfig->TargetGroups;
  if (tuples.empty()) {
    if (!action.TargetGroupArn) return validation_error("A target group ARN must be specified");
    return std::vector<shapes::TargetGroupTuple>{{.TargetGroupArn = action.TargetGroupArn, .Weight = 1}};
  }
  if (action.TargetGroupArn && (tuples.size() > 1 || tuples.front().TargetGroupArn != action.TargetGroupArn)) {
    return validation_error("Cannot specify both top level target group ARN and forward config with other groups");
  }
  if (tuples.size() > kMaxGroupsOfForward) {
    return validation_error(fmt::format("A forward action can have at most {} target groups", kMaxGroupsOfForward));
  }
  std::set<std::string> seen;
  for (auto& tuple : tuples) {
    const std::string arn = tuple.TargetGroupArn.value_or("");
    if (arn.empty()) return validation_error("A target group ARN must be specified");
    if (!seen.insert(arn).second) {
      return validation_error(fmt::format("Target group '{}' is specified more than once in an action", arn));
    }
    if (!tuple.Weight) tuple.Weight = 1;
    if (*tuple.Weight < 0 || *tuple.Weight > kMaxWeight) {
      return validation_error(
          fmt::format("Target group weight '{}' must be between '0' and '{}' inclusive", *tuple.Weight, kMaxWeight));
    }
  }
  return tuples;
}

Result<shapes::TargetGroupStickinessConfig> stickiness_of(const shapes::Action& action) {
  shapes::TargetGroupStickinessConfig stickiness{.Enabled = false};
  if (!action.ForwardConfig || !action.ForwardConfig->TargetGroupStickinessConfig) return stickiness;
  stickiness = *action.ForwardConfig->TargetGroupStickinessConfig;
  if (!stickiness.Enabled) stickiness.Enabled = false;
  const std::int32_t seconds = stickiness.DurationSeconds.value_or(0);
  if (*stickiness.Enabled && !stickiness.DurationSeconds) {
    return validation_error("Target group stickiness duration must be specified where it is enabled");
  }
  if (stickiness.DurationSeconds && (seconds < 1 || seconds > kMaxStickiness)) {
    return validation_error(fmt::format("Target group stickiness duration '{}' must be between '1' and '{}' inclusive",
                                        seconds, kMaxStickiness));
  }
  return stickiness;
}

// Whether a listener of `protocol` may forward to a group of the protocol `to`.
bool fits(const std::string& protocol, const std::string& to) {
  if (protocol == "TCP") return to == "TCP";
  if (protocol == "TLS") return to == "TCP" || to == "TLS";
  return to == "HTTP" || to == "HTTPS";
}

Result<shapes::Action> make_forward(Context& context, const std::string& balancer, const std::string& protocol,
                                    const shapes::Action& given) {
  const auto tuples = TRY(tuples_of(given));
  const auto uses = TRY(all_uses(context));
  for (const auto& tuple : tuples) {
    const auto group = TRY(find_target_group(context, *tuple.TargetGroupArn));
    if (!group) return target_group_not_found();
    if (const std::string to = group->document.group.Protocol.value_or("HTTP"); !fits(protocol, to)) {
      return client_error(
          "IncompatibleProtocols",
          fmt::format("A listener of protocol '{}' cannot forward to the target group '{}' of protocol '{}'", protocol,
                      *tuple.TargetGroupArn, to));
    }
    for (const auto& user : balancers_using(uses, *tuple.TargetGroupArn)) {
      if (user == balancer) continue;
      return client_error(
          "TargetGroupAssociationLimit",
          fmt::format("The following target groups cannot be associated with more than one load balancer: {}",
                      *tuple.TargetGroupArn));
    }
  }
  shapes::Action action{.Type = "forward", .Order = given.Order};
  if (tuples.size() == 1) action.TargetGroupArn = tuples.front().TargetGroupArn;
  const shapes::TargetGroupStickinessConfig stickiness = TRY(stickiness_of(given));
  action.ForwardConfig = shapes::ForwardActionConfig{.TargetGroups = tuples, .TargetGroupStickinessConfig = stickiness};
  return action;
}

Result<shapes::Action> make_fixed_response(const shapes::Action& given) {
  if (!given.FixedResponseConfig) {
    return validation_error("A fixed response config must be specified for a fixed-response action");
  }
  if (given.FixedResponseConfig->ContentType) {
    const auto is_it = [&](const char* type) { return *given.FixedResponseConfig->ContentType == type; };
    if (std::none_of(std::begin(kContentTypes), std::end(kContentTypes), is_it)) {
      return validation_error(fmt::format("The content type '{}' is not valid for a fixed response",
                                          *given.FixedResponseConfig->ContentType));
    }
  }
  return shapes::Action{
      .Type = "fixed-response", .Order = given.Order, .FixedResponseConfig = given.FixedResponseConfig};
}

// Of host, path and query: no spaces, and of the words between "#{" and "}" only those that stand for something.
Result<> check_redirect_part(std::string_view part, const std::string& text) {
  const auto bad = [](unsigned char c) { return c <= ' ' || c >= 0x7f; };
  if (std::any_of(text.begin(), text.end(), bad)) {
    return validation_error(fmt::format("The redirect {} '{}' contains invalid characters", part, text));
  }
  std::string_view rest = text;
  for (auto at = rest.find("#{"); at != std::string_view::npos; at = rest.find("#{")) {
    rest.remove_prefix(at);
    const auto is_it = [&](std::string_view word) { return rest.starts_with(word); };
    if (std::none_of(std::begin(kRedirectWords), std::end(kRedirectWords), is_it)) {
      return validation_error(fmt::format("The redirect {} '{}' contains an unknown keyword", part, text));
    }
    rest.remove_prefix(2);
  }
  return {};
}

Result<> check_redirect_port(const std::string& text) {
  if (text == "#{port}") return {};
  const bool digits = !text.empty() && text.size() <= 5 && text.find_first_not_of("0123456789") == std::string::npos;
  const int port = digits ? std::stoi(text) : 0;
  if (port >= 1 && port <= 65535) return {};
  return validation_error(fmt::format("The redirect port '{}' must be between '1' and '65535', or '#{{port}}'", text));
}

Result<shapes::Action> make_redirect(const shapes::Action& given) {
  if (!given.RedirectConfig) return validation_error("A redirect config must be specified for a redirect action");
  auto config = *given.RedirectConfig;
  if (!config.Protocol) config.Protocol = "#{protocol}";
  if (!config.Host) config.Host = "#{host}";
  if (!config.Port) config.Port = "#{port}";
  if (!config.Path) config.Path = "/#{path}";
  if (!config.Query) config.Query = "#{query}";
  TRY(check_redirect_part("host", *config.Host));
  TRY(check_redirect_port(*config.Port));
  if (!config.Path->starts_with('/')) return validation_error("The redirect path must begin with a '/' character");
  TRY(check_redirect_part("path", *config.Path));
  TRY(check_redirect_part("query", *config.Query));
  if (config.Protocol == "#{protocol}" && config.Host == "#{host}" && config.Port == "#{port}" &&
      config.Path == "/#{path}") {
    return client_error("InvalidLoadBalancerAction",
                        "The redirect configuration is not valid because it creates a loop.");
  }
  return shapes::Action{.Type = "redirect", .Order = given.Order, .RedirectConfig = std::move(config)};
}

}  // namespace

Result<std::vector<shapes::Action>> make_actions(Context& context, const std::string& balancer,
                                                 const std::string& protocol,
                                                 const std::vector<shapes::Action>& given) {
  if (given.empty()) return validation_error("An action must be specified");
  if (given.size() > 1) {
    return client_error("TooManyActions", "A rule has one action of type forward, redirect or fixed-response");
  }
  const auto& action = given.front();
  if ((protocol == "TCP" || protocol == "TLS") && action.Type != "forward") {
    return validation_error(fmt::format("The action type of a {} listener must be 'forward'", protocol));
  }
  if (action.Type == "fixed-response") {
    return std::vector<shapes::Action>{TRY(make_fixed_response(action))};
  }
  if (action.Type == "redirect") return std::vector<shapes::Action>{TRY(make_redirect(action))};
  return std::vector<shapes::Action>{TRY(make_forward(context, balancer, protocol, action))};
}

Result<> check_port(Context& context, Host& host, const std::string& balancer, const std::string& listener,
                    std::int32_t port) {
  bool shared = false;
  std::size_t count = 0;
  for (const auto& other : TRY(all_listeners(context))) {
    const auto& there = other.document.listener;
    count += there.LoadBalancerArn == balancer;
    if (there.ListenerArn == listener || there.Port != port) continue;
    if (there.LoadBalancerArn == balancer) {
      return client_error("DuplicateListener",
                          fmt::format("A listener already exists on this port for this load balancer '{}'", balancer));
    }
    shared = true;  // balancers share a port by Host, so that it is ours already
  }
  if (listener.empty() && count >= kMaxListeners) {
    return client_error("TooManyListeners",
                        fmt::format("A load balancer can have at most {} listeners", kMaxListeners));
  }
  if (shared) return {};
  if (const auto free = host.can_listen(static_cast<std::uint16_t>(port)); !free) {
    return client_error(kUnsupported, fmt::format("Port {} cannot be used: {}", port, free.error().message));
  }
  return {};
}

}  // namespace weir::api::elbv2
