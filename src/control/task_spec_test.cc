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

TEST(TaskSpecTest, carries_how_containers_run) {
  auto wished = definition("bridge", 8080, 0);
  auto& container = wished.containerDefinitions->front();
  container.user = "app:app";
  container.ulimits = {{.name = "nofile", .softLimit = 10, .hardLimit = 20}};
  container.restartPolicy = {.enabled = true, .ignoredExitCodes = std::vector<std::int32_t>{0}};
  auto spec = task_spec("t1", wished).containers.at(0);
  EXPECT_EQ(spec.user, "app:app");
  ASSERT_EQ(spec.ulimits.size(), 1u);
  EXPECT_EQ(spec.ulimits[0].hard, 20);
  ASSERT_TRUE(spec.restart);
  EXPECT_EQ(spec.restart->attempt_period, std::chrono::seconds(300));
  EXPECT_EQ(spec.restart->ignored_exit_codes, std::vector<std::int32_t>{0});
  container.restartPolicy->enabled = false;
  EXPECT_FALSE(task_spec("t1", wished).containers.at(0).restart);
}

TEST(TaskSpecTest, carries_volumes_those_of_other_containers_too) {
  auto wished = definition("bridge", 8080, 0);
  wished.volumes.emplace().push_back({.name = "own"});
  wished.volumes->push_back({.name = "host", .host = ecs::HostVolumeProperties{.sourcePath = "/srv/data"}});
  wished.containerDefinitions->front().mountPoints = {
      {.sourceVolume = "own", .containerPath = "/own"},
      {.sourceVolume = "host", .containerPath = "/host", .readOnly = true}};
  auto& second = wished.containerDefinitions->emplace_back();
  second.name = "second";
  second.volumesFrom = {{.sourceContainer = "app", .readOnly = true}};
  const auto spec = task_spec("t1", wished);
  const auto& mounts = spec.containers.at(0).mounts;
  ASSERT_EQ(mounts.size(), 2u);
  EXPECT_EQ(mounts[0].volume, "own");
  EXPECT_EQ(mounts[0].host_path, "");
  EXPECT_FALSE(mounts[0].read_only);
  EXPECT_EQ(mounts[1].host_path, "/srv/data");
  EXPECT_TRUE(mounts[1].read_only);
  ASSERT_EQ(spec.containers.at(1).mounts.size(), 2u);
  EXPECT_EQ(spec.containers.at(1).mounts[0].container_path, "/own");
  EXPECT_TRUE(spec.containers.at(1).mounts[0].read_only);
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

TEST(TaskSpecTest, carries_limits_with_their_overrides) {
  auto wished = definition("bridge", 8080, 0);
  wished.cpu = "512";
  wished.memory = "1024";
  auto& container = wished.containerDefinitions->front();
  container.cpu = 128;
  container.memory = 64;
  container.memoryReservation = 32;
  auto spec = task_spec("t1", wished);
  EXPECT_EQ(spec.limits, (runtime::ResourceLimits{.memory = 1024LL << 20, .cpu_shares = 512, .cpu_quota = 512}));
  EXPECT_EQ(spec.containers[0].limits,
            (runtime::ResourceLimits{.memory = 64 << 20, .reservation = 32 << 20, .cpu_shares = 128}));
  ecs::TaskOverride over{.cpu = "256", .memory = "2048"};
  over.containerOverrides.emplace().push_back({.name = "app", .cpu = 1, .memory = 2, .memoryReservation = 1});
  spec = task_spec("t1", wished, over);
  EXPECT_EQ(spec.limits.memory, 2048LL << 20);
  EXPECT_EQ(spec.limits.cpu_quota, 256);
  EXPECT_EQ(spec.containers[0].limits,
            (runtime::ResourceLimits{.memory = 2 << 20, .reservation = 1 << 20, .cpu_shares = 1}));
  EXPECT_EQ(task_spec("t1", definition("bridge", 1, 0)).limits, runtime::ResourceLimits{});
}

TEST(TaskSpecTest, wishes_for_a_network_of_its_own_for_awsvpc_alone) {
  EXPECT_TRUE(task_spec("t1", definition("awsvpc", 8080, 8080)).own_network);
  for (const char* mode : {"", "bridge", "host"}) EXPECT_FALSE(task_spec("t1", definition(mode, 8080, 0)).own_network);
}

TEST(TaskSpecTest, carries_dependencies_and_health_checks) {
  using runtime::DependencyCondition;
  auto wished = definition("bridge", 8080, 0);
  auto& container = wished.containerDefinitions->front();
  container.dependsOn = {{"a", "START"}, {"b", "COMPLETE"}, {"c", "SUCCESS"}, {"d", "HEALTHY"}};
  container.startTimeout = 7;
  container.healthCheck = model::ecs::HealthCheck{.command = {"CMD-SHELL", "exit 0"}, .interval = 9, .retries = 1};
  const auto spec = task_spec("t1", wished).containers[0];
  ASSERT_EQ(spec.depends_on.size(), 4u);
  EXPECT_EQ(spec.depends_on[1].container, "b");
  EXPECT_EQ(spec.depends_on[1].condition, DependencyCondition::complete);
  EXPECT_EQ(spec.depends_on[2].condition, DependencyCondition::success);
  EXPECT_EQ(spec.depends_on[3].condition, DependencyCondition::healthy);
  EXPECT_EQ(spec.start_timeout, std::chrono::seconds(7));
  ASSERT_TRUE(spec.health_check);
  EXPECT_EQ(spec.health_check->command, (std::vector<std::string>{"/bin/sh", "-c", "exit 0"}));
  EXPECT_EQ(spec.health_check->interval, std::chrono::seconds(9));
  EXPECT_EQ(spec.health_check->timeout, std::chrono::seconds(5));
  EXPECT_EQ(spec.health_check->retries, 1);
  container.healthCheck->command = {"CMD", "/check", "-v"};
  EXPECT_EQ(task_spec("t1", wished).containers[0].health_check->command, (std::vector<std::string>{"/check", "-v"}));
  container.healthCheck->command = {"NONE"};
  EXPECT_FALSE(task_spec("t1", wished).containers[0].health_check);
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
