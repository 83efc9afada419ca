#include "stub.h"

#include <fmt/format.h>

#include "model/appmesh/shapes.h"
#include "model/ecs/shapes.h"
#include "model/elbv2/shapes.h"
#include "model/sts/shapes.h"

namespace weir::wire {
namespace {

namespace appmesh = model::appmesh;
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

appmesh::ResourceMetadata stub_metadata(api::Context& context, const std::string& path) {
  appmesh::ResourceMetadata metadata;
  metadata.arn = fmt::format("arn:aws:appmesh:{}:{}:mesh/{}", context.region, context.account, path);
  metadata.createdAt = metadata.lastUpdatedAt = context.now;
  metadata.version = 1;
  return metadata;
}

Result<appmesh::UpdateRouteOutput> update_route(api::Context& context, const appmesh::UpdateRouteInput& input) {
  if (input.routeName == "absent") {
    return fail("NotFoundException", "Route with name absent is not present", ErrorSource::client);
  }
  if (input.routeName == "broken") return fail("Io", "the disk is gone");
  appmesh::UpdateRouteOutput output;
  output.route.meshName = input.meshName;
  output.route.routeName = input.routeName;
  output.route.virtualRouterName = input.virtualRouterName;
  output.route.spec = input.spec;
  output.route.metadata = stub_metadata(context, input.meshName);
  output.route.metadata.meshOwner = input.meshOwner.value_or("none");
  output.route.status.status = "ACTIVE";
  return output;
}

Result<appmesh::ListMeshesOutput> list_meshes(api::Context&, const appmesh::ListMeshesInput& input) {
  appmesh::ListMeshesOutput output;
  output.nextToken = fmt::format("{} after {}", input.limit.value_or(0), input.nextToken.value_or("the start"));
  return output;
}

Result<appmesh::DescribeMeshOutput> describe_mesh(api::Context& context, const appmesh::DescribeMeshInput& input) {
  appmesh::DescribeMeshOutput output;
  output.mesh.meshName = input.meshName;
  output.mesh.metadata = stub_metadata(context, input.meshName);
  return output;
}

Result<appmesh::TagResourceOutput> tag_resource(api::Context& context, const appmesh::TagResourceInput& input) {
  if (input.tags.size() < 2) return appmesh::TagResourceOutput{};
  context.error_texts = {{"resourceName", input.resourceArn}};
  return fail("TooManyTagsException", "two are too many", ErrorSource::client);
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
  table.add("appmesh", "UpdateRoute", &update_route);
  table.add("appmesh", "ListMeshes", &list_meshes);
  table.add("appmesh", "DescribeMesh", &describe_mesh);
  table.add("appmesh", "TagResource", &tag_resource);
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
  static constexpr const model::ServiceModel* kServices[] = {&sts::kService, &ecs::kService, &elbv2::kService,
                                                             &appmesh::kService};
  facade_ = std::make_unique<Facade>(
      FacadeOptions{.keys = std::move(keys)}, kServices,
      FacadeParts{parts_->actions, parts_->store, clock ? *clock : parts_->clock, parts_->random, parts_->log});
}

StubFacade::~StubFacade() = default;

}  // namespace weir::wire
