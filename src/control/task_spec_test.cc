#include "control/task_spec.h"

#include <gtest/gtest.h>

namespace weir::control {
namespace {

namespace ecs = model::ecs;

ecs::TaskDefinition definition(const char* network_mode, int container_port, std::optional<int> host_port) {
  ecs::TaskDefinition definition;
  if (*network_mode) definition.networkMode = network_mode;
  auto& container = definition.containerDefinitions.emplace().emplace_back();
  container.name = "app";
  container.image = "web:1";
  auto& port = container.portMappings.emplace().emplace_back();
  port.containerPort = container_port;
  port.hostPort = host_port;
  return definition;
}

TEST(TaskSpecTest, has_the_defaults_of_ecs) {
  ecs::TaskDefinition bare;
  bare.containerDefinitions.emplace().emplace_back().name = "app";
  const auto spec = task_spec("t1", bare);
  EXPECT_EQ(spec.id, "t1");
  ASSERT_EQ(spec.containers.size(), 1u);
  EXPECT_TRUE(spec.containers[0].essential);
  EXPECT_EQ(spec.containers[0].stop_timeout, std::chrono::seconds(30));
  EXPECT_TRUE(spec.containers[0].ports.empty());
}

TEST(TaskSpecTest, carries_what_the_definition_says) {
  auto wished = definition("awsvpc", 8080, 8080);
  auto& container = wished.containerDefinitions->front();
  container.entryPoint = {"/bin/app"};
  container.command = {"-v"};
  container.workingDirectory = "/srv";
  container.essential = false;
  container.stopTimeout = 2;
  container.environment.emplace().push_back({.name = "A", .value = "1"});
  const auto spec = task_spec("t1", wished).containers[0];
  EXPECT_EQ(spec.image, "web:1");
  EXPECT_EQ(spec.entry_point, std::vector<std::string>{"/bin/app"});
  EXPECT_EQ(spec.command, std::vector<std::string>{"-v"});
  EXPECT_EQ(spec.working_directory, "/srv");
  EXPECT_EQ(spec.environment.at("A"), "1");
  EXPECT_FALSE(spec.essential);
  EXPECT_EQ(spec.stop_timeout, std::chrono::seconds(2));
}

TEST(TaskSpecTest, asks_for_any_port_unless_the_host_network_is_meant) {
  const struct {
    const char* mode;
    std::optional<int> host_port;
    int wished;
  } kRows[] = {
      {"awsvpc", std::nullopt, 0}, {"awsvpc", 8080, 0}, {"bridge", std::nullopt, 0}, {"bridge", 0, 0},
      {"bridge", 9000, 9000},      {"", 9000, 9000},    {"host", 9000, 9000},        {"host", std::nullopt, 8080}};
  for (const auto& row : kRows) {
    const auto spec = task_spec("t", definition(row.mode, 8080, row.host_port));
    EXPECT_EQ(spec.containers[0].ports[0].container_port, 8080);
    EXPECT_EQ(spec.containers[0].ports[0].host_port, row.wished) << row.mode;
  }
}

}  // namespace
}  // namespace weir::control
