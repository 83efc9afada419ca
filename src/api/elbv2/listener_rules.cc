#include "api/elbv2/listener_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/elbv2/associations.h"
#include "api/elbv2/errors.h"

namespace weir::api::elbv2 {

namespace {

constexpr std::size_t kMaxGroups = 5;  // of one forward
constexpr std::int32_t kMaxWeight = 999;
constexpr const char* kContentTypes[] = {"text/plain", "text/css", "text/html", "application/javascript",
                                         "application/json"};

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
  if (tuples.size() > kMaxGroups) {
    return validation_error(fmt::format("A forward action can have at most {} target groups", kMaxGroups));
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

Result<shapes::Action> make_forward(Context& context, const std::string& balancer, const shapes::Action& given) {
  const auto tuples = TRY(tuples_of(given));
  const auto listeners = TRY(all_listeners(context));
  for (const auto& tuple : tuples) {
    const auto group = TRY(find_target_group(context, *tuple.TargetGroupArn));
    if (!group) return target_group_not_found();
    for (const auto& user : balancers_using(listeners, *tuple.TargetGroupArn)) {
      if (user == balancer) continue;
      return client_error(
          "TargetGroupAssociationLimit",
          fmt::format("The following target groups cannot be associated with more than one load balancer: {}",
                      *tuple.TargetGroupArn));
    }
  }
  shapes::Action action{.Type = "forward", .Order = given.Order};
  if (tuples.size() == 1) action.TargetGroupArn = tuples.front().TargetGroupArn;
  shapes::TargetGroupStickinessConfig stickiness{.Enabled = false};
  if (given.ForwardConfig && given.ForwardConfig->TargetGroupStickinessConfig) {
    stickiness.DurationSeconds = given.ForwardConfig->TargetGroupStickinessConfig->DurationSeconds;
  }
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

}  // namespace

Result<std::vector<shapes::Action>> make_actions(Context& context, const std::string& balancer,
                                                 const std::vector<shapes::Action>& given) {
  if (given.empty()) return validation_error("A listener must have a default action");
  if (given.size() > 1) {
    return client_error("TooManyActions", "A rule has one action of type forward, redirect or fixed-response");
  }
  const auto& action = given.front();
  if (action.Type == "fixed-response") {
    return std::vector<shapes::Action>{TRY(make_fixed_response(action))};
  }
  return std::vector<shapes::Action>{TRY(make_forward(context, balancer, action))};
}

Result<> check_port(Context& context, Host& host, const std::string& balancer, const std::string& listener,
                    std::int32_t port) {
  bool shared = false;
  for (const auto& other : TRY(all_listeners(context))) {
    const auto& there = other.document.listener;
    if (there.ListenerArn == listener || there.Port != port) continue;
    if (there.LoadBalancerArn == balancer) {
      return client_error("DuplicateListener",
                          fmt::format("A listener already exists on this port for this load balancer '{}'", balancer));
    }
    shared = true;  // balancers share a port by Host, so that it is ours already
  }
  if (shared) return {};
  if (const auto free = host.can_listen(static_cast<std::uint16_t>(port)); !free) {
    return client_error(kUnsupported, fmt::format("Port {} cannot be used: {}", port, free.error().message));
  }
  return {};
}

}  // namespace weir::api::elbv2
