// Wishes: balancers, their listeners and target groups.
#include <fmt/format.h>

#include "sim/wishes.h"

namespace weir::sim {

namespace {

namespace elbv2 = model::elbv2;

std::string elb_arn(const std::string& resource) {
  return fmt::format("arn:aws:elasticloadbalancing:{}:{}:{}", kScope.region, kScope.account, resource);
}

std::vector<elbv2::Action> forward_to(const std::vector<Weight>& weights) {
  elbv2::ForwardActionConfig forward;
  forward.TargetGroups.emplace();
  for (const Weight& weight : weights) forward.TargetGroups->push_back({weight.group, weight.weight});
  elbv2::Action action;
  action.Type = "forward";
  action.ForwardConfig = std::move(forward);
  return {action};
}

}  // namespace

std::string Wishes::create_balancer(const std::string& name) {
  model::LoadBalancer document;
  document.scope = kScope;
  document.balancer.LoadBalancerArn = elb_arn(fmt::format("loadbalancer/app/{}/{}", name, random_.hex(16)));
  document.balancer.LoadBalancerName = name;
  document.balancer.DNSName = name + "-1.elb.localhost";
  document.balancer.CreatedTime = clock_.wall();
  document.balancer.State = elbv2::LoadBalancerState{.Code = "active"};
  document.balancer.Type = "application";
  write(store::put(document, store::Expect::kAbsent));
  return *document.balancer.LoadBalancerArn;
}

std::string Wishes::create_group(const GroupWish& wish) {
  model::TargetGroup document;
  document.scope = kScope;
  elbv2::TargetGroup& group = document.group;
  group.TargetGroupArn = elb_arn(fmt::format("targetgroup/{}/{}", wish.name, random_.hex(16)));
  group.TargetGroupName = wish.name;
  group.Protocol = "HTTP";
  group.ProtocolVersion = "HTTP1";
  group.Port = 80;
  group.TargetType = "ip";
  group.HealthCheckEnabled = true;
  group.HealthCheckProtocol = "HTTP";
  group.HealthCheckPort = "traffic-port";
  group.HealthCheckPath = "/";
  group.HealthCheckIntervalSeconds = wish.check_interval;
  group.HealthCheckTimeoutSeconds = wish.check_timeout;
  group.HealthyThresholdCount = wish.healthy;
  group.UnhealthyThresholdCount = wish.unhealthy;
  document.attributes["deregistration_delay.timeout_seconds"] = std::to_string(wish.drain_delay);
  write(store::put(document, store::Expect::kAbsent));
  return *group.TargetGroupArn;
}

std::string Wishes::create_listener(const std::string& balancer, std::int32_t port,
                                    const std::vector<Weight>& weights) {
  model::Listener document;
  document.scope = kScope;
  document.listener.ListenerArn =
      elb_arn(fmt::format("listener/{}/{}", balancer.substr(balancer.find('/') + 1), random_.hex(16)));
  document.listener.LoadBalancerArn = balancer;
  document.listener.Port = port;
  document.listener.Protocol = "HTTP";
  document.listener.DefaultActions = forward_to(weights);
  write(store::put(document, store::Expect::kAbsent));
  return *document.listener.ListenerArn;
}

void Wishes::set_weights(const std::string& listener, const std::vector<Weight>& weights) {
  auto found = MUST(store::load<model::Listener>(store_, kScope.prefix() + listener));
  if (!found) return;
  found->document.listener.DefaultActions = forward_to(weights);
  write(store::put(*found));
}

std::vector<Weight> Wishes::weights(const std::string& listener) {
  std::vector<Weight> weights;
  const auto found = MUST(store::load<model::Listener>(store_, kScope.prefix() + listener));
  for (const auto& each : *found->document.listener.DefaultActions->at(0).ForwardConfig->TargetGroups)
    weights.push_back({*each.TargetGroupArn, *each.Weight});
  return weights;
}

}  // namespace weir::sim
