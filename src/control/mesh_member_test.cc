#include "control/mesh_member.h"

#include <gtest/gtest.h>

#include "control/task_spec.h"

namespace weir::control {
namespace {

model::ecs::TaskDefinition meshed(const std::string& variable, const std::string& value) {
  model::ecs::ContainerDefinition app{.name = "app", .image = "app:1"};
  model::ecs::ContainerDefinition envoy{.name = "envoy", .image = "envoy:1"};
  envoy.user = "1337";
  envoy.environment = {{.name = variable, .value = value}};
  envoy.healthCheck = model::ecs::HealthCheck{.command = {"CMD-SHELL", "curl -s localhost:9901/server_info"}};
  envoy.healthCheck->retries = 7;
  model::ecs::TaskDefinition definition;
  definition.containerDefinitions = {app, envoy};
  definition.networkMode = "awsvpc";
  definition.proxyConfiguration = model::ecs::ProxyConfiguration{.type = "APPMESH", .containerName = "envoy"};
  return definition;
}

TEST(MeshMember, is_named_by_either_variable_in_every_spelling) {
  const std::string path = "mesh/m/virtualNode/n";
  EXPECT_EQ(mesh_member(meshed("APPMESH_VIRTUAL_NODE_NAME", path)), path);
  EXPECT_EQ(mesh_member(meshed("APPMESH_RESOURCE_ARN", path)), path);
  EXPECT_EQ(mesh_member(meshed("APPMESH_RESOURCE_ARN", "arn:aws:appmesh:eu-west-1:000000000000:" + path)), path);
  EXPECT_EQ(mesh_member(meshed("APPMESH_RESOURCE_ARN", "mesh/m@000000000000/virtualNode/n")), path);
  EXPECT_EQ(mesh_member(meshed("OTHER", path)), "");
}

TEST(MeshMember, is_no_task_without_a_proxy) {
  auto definition = meshed("APPMESH_VIRTUAL_NODE_NAME", "mesh/m/virtualNode/n");
  definition.proxyConfiguration.reset();
  EXPECT_EQ(mesh_member(definition), "");
  EXPECT_FALSE(task_spec("t", definition).containers[1].own_program);
}

TEST(MeshMember, is_a_gateway_without_a_proxy_configuration) {
  auto definition = meshed("APPMESH_RESOURCE_ARN", "mesh/m/virtualGateway/g");
  definition.proxyConfiguration.reset();
  model::ecs::Volume volume;
  volume.name = "keys";
  volume.host = model::ecs::HostVolumeProperties{"/host"};
  definition.volumes = std::vector{volume};
  model::ecs::MountPoint point;
  point.containerPath = "/keys";
  point.sourceVolume = "keys";
  definition.containerDefinitions->at(1).mountPoints = std::vector{point};
  EXPECT_EQ(mesh_member(definition), "mesh/m/virtualGateway/g");
  EXPECT_EQ(proxy_folders(definition), (std::vector<std::pair<std::string, std::string>>{{"/keys", "/host"}}));
}

TEST(MeshMember, has_weirs_own_program_in_the_place_of_its_proxy) {
  const auto spec = task_spec("t", meshed("APPMESH_VIRTUAL_NODE_NAME", "mesh/m/virtualNode/n"));
  EXPECT_FALSE(spec.containers[0].own_program);
  const auto& sidecar = spec.containers[1];
  EXPECT_TRUE(sidecar.own_program);
  EXPECT_EQ(sidecar.command, std::vector<std::string>{"sidecar"});
  EXPECT_EQ(sidecar.user, "");
  EXPECT_EQ(sidecar.health_check->command, (std::vector<std::string>{"sidecar", "--check"}));
  EXPECT_EQ(sidecar.health_check->retries, 7);
  ASSERT_EQ(sidecar.ports.size(), 1u);
  EXPECT_EQ(sidecar.ports[0].container_port, 9901);
}

}  // namespace
}  // namespace weir::control
