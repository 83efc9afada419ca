#include "stub.h"

#include <fmt/format.h>

#include "model/ecs/shapes.h"
#include "model/elbv2/shapes.h"
#include "model/sts/shapes.h"

namespace weir::wire {
namespace {

namespace ecs = model::ecs;
namespace elbv2 = model::elbv2;
namespace sts = model::sts;

Result<sts::GetCallerIdentityResponse> get_caller_identity(api::Context& context,
                                                           const sts::GetCallerIdentityRequest&) {
  return sts::GetCallerIdentityResponse{.UserId = context.access_key,
                                        .Account = context.account,
                                        .Arn = fmt::format("arn:aws:iam::{}:root", context.account)};
}

Result<ecs::CreateClusterResponse> create_cluster(api::Context& context, const ecs::CreateClusterRequest& request) {
  const std::string name = request.clusterName.value_or("default");
  if (name == "broken") return fail("Io", "the disk is gone");
  ecs::Cluster cluster{.clusterArn = fmt::format("arn:aws:ecs:{}:{}:cluster/{}", context.region, context.account, name),
                       .clusterName = name,
                       .status = "ACTIVE"};
  cluster.settings = request.settings;
  cluster.tags = request.tags;
  return ecs::CreateClusterResponse{.cluster = cluster};
}

Result<ecs::DeleteClusterResponse> delete_cluster(api::Context&, const ecs::DeleteClusterRequest&) {
  return fail("ClusterNotFoundException", "Cluster not found.", ErrorSource::client);
}

Result<ecs::RegisterTaskDefinitionResponse> register_task_definition(
    api::Context& context, const ecs::RegisterTaskDefinitionRequest& request) {
  ecs::TaskDefinition made;
  made.family = request.family;
  made.revision = 1;
  made.containerDefinitions = request.containerDefinitions;
  made.registeredAt = context.now;
  return ecs::RegisterTaskDefinitionResponse{.taskDefinition = made, .tags = request.tags};
}

Result<elbv2::CreateTargetGroupOutput> create_target_group(api::Context&, const elbv2::CreateTargetGroupInput& input) {
  elbv2::TargetGroup group{.TargetGroupName = input.Name, .Protocol = input.Protocol, .Port = input.Port};
  group.HealthCheckPath = input.HealthCheckPath;
  group.HealthCheckEnabled = input.HealthCheckEnabled;
  group.Matcher = input.Matcher;
  return elbv2::CreateTargetGroupOutput{.TargetGroups = std::vector{group}};
}

Result<elbv2::DescribeTargetGroupsOutput> describe_target_groups(api::Context&,
                                                                 const elbv2::DescribeTargetGroupsInput& input) {
  elbv2::DescribeTargetGroupsOutput output{.TargetGroups = std::vector<elbv2::TargetGroup>()};
  for (const auto& name : input.Names.value_or(std::vector<std::string>())) {
    if (name == "absent") {
      return fail("TargetGroupNotFound", "One or more target groups not found", ErrorSource::client);
    }
    output.TargetGroups->push_back({.TargetGroupName = name});
  }
  return output;
}

Result<elbv2::ModifyListenerOutput> modify_listener(api::Context&, const elbv2::ModifyListenerInput& input) {
  elbv2::Listener listener{.ListenerArn = input.ListenerArn, .Port = input.Port};
  listener.DefaultActions = input.DefaultActions;
  return elbv2::ModifyListenerOutput{.Listeners = std::vector{listener}};
}

Result<elbv2::DescribeLoadBalancersOutput> describe_load_balancers(api::Context& context,
                                                                   const elbv2::DescribeLoadBalancersInput&) {
  elbv2::LoadBalancer balancer{.DNSName = "a&b<c>\"d\"", .CreatedTime = context.now};
  balancer.LoadBalancerName = "line\r\n\x01 two\xff";
  balancer.State = elbv2::LoadBalancerState{.Code = "active"};
  return elbv2::DescribeLoadBalancersOutput{.LoadBalancers = std::vector{balancer}};
}

Result<elbv2::ModifyTargetGroupAttributesOutput> modify_attributes(
    api::Context&, const elbv2::ModifyTargetGroupAttributesInput& input) {
  return elbv2::ModifyTargetGroupAttributesOutput{.Attributes = input.Attributes};
}

// Answers nothing: an action that wants a store would need one.
class NoStore final : public store::Store {
 public:
  Result<std::optional<store::Document>> get(const store::Key&) override { return std::nullopt; }
  Result<std::vector<store::Document>> list(std::string_view, std::string_view) override {
    return std::vector<store::Document>();
  }
  Result<std::int64_t> commit(std::span<const store::Write>) override { return 0; }
  std::int64_t revision() const override { return 0; }
  Result<std::vector<store::Change>> changes(std::int64_t) override { return std::vector<store::Change>(); }
  void on_commit(std::function<void()>) override {}
};

class StandingClock final : public Clock {
 public:
  Instant now() const override { return {}; }
  Timestamp wall() const override { return {1'440'938'160'000}; }
};

}  // namespace

api::ActionTable stub_actions() {
  api::ActionTable table;
  table.add("sts", "GetCallerIdentity", &get_caller_identity);
  table.add("ecs", "CreateCluster", &create_cluster);
  table.add("ecs", "DeleteCluster", &delete_cluster);
  table.add("ecs", "RegisterTaskDefinition", &register_task_definition);
  table.add("elbv2", "CreateTargetGroup", &create_target_group);
  table.add("elbv2", "DescribeTargetGroups", &describe_target_groups);
  table.add("elbv2", "ModifyListener", &modify_listener);
  table.add("elbv2", "DescribeLoadBalancers", &describe_load_balancers);
  table.add("elbv2", "ModifyTargetGroupAttributes", &modify_attributes);
  return table;
}

struct StubFacade::Parts {
  api::ActionTable actions = stub_actions();
  NoStore store;
  StandingClock clock;
  Random random{1};
  NoLog log;
};

StubFacade::StubFacade(sign::Keys keys, const Clock* clock) : parts_(std::make_unique<Parts>()) {
  static constexpr const model::ServiceModel* kServices[] = {&sts::kService, &ecs::kService, &elbv2::kService};
  facade_ = std::make_unique<Facade>(
      FacadeOptions{.keys = std::move(keys)}, kServices,
      FacadeParts{parts_->actions, parts_->store, clock ? *clock : parts_->clock, parts_->random, parts_->log});
}

StubFacade::~StubFacade() = default;

}  // namespace weir::wire
