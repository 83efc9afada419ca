#include "control/discovery_writes.h"

#include <gtest/gtest.h>

#include "control/test_world.h"

namespace weir::control::testing {
namespace {

class DiscoveryWritesTest : public ::testing::Test, public TestWorld {
 protected:
  DiscoveryWritesTest() {
    wish_definition(1);
    wish(model::DiscoveryService{.scope = kScope, .id = "srv-1", .name = "web", .custom_health = true});
  }
  void wish_registered(std::int32_t desired, bool port = true) {
    wish_service(desired);
    change_service([&](model::Service& service) {
      model::ecs::ServiceRegistry registry;
      registry.registryArn = "arn:aws:servicediscovery:eu-west-1:000000000000:service/srv-1";
      if (port) registry.containerName = "app", registry.containerPort = 8080;
      service.service_registries = {registry};
    });
  }
  std::vector<model::DiscoveryInstance> instances() {
    std::vector<model::DiscoveryInstance> all;
    for (auto& one : MUST(store::load_all<model::DiscoveryInstance>(store, ""))) all.push_back(std::move(one.document));
    return all;
  }
  void erase_instances() {
    for (const auto& one : instances()) unwish<model::DiscoveryInstance>(one.key());
  }
  std::string only_task() { return tasks().at(0).id; }
  void run_all() {
    for (const auto& id : runtime.list()) runtime.run(id);
  }
};

TEST_F(DiscoveryWritesTest, a_task_becomes_an_instance_with_the_attributes_of_ecs) {
  wish_registered(1);
  step();
  EXPECT_TRUE(instances().empty());
  run_all();
  step();
  ASSERT_EQ(instances().size(), 1u);
  const auto one = instances()[0];
  const auto task = tasks().at(0);
  EXPECT_EQ(one.service, "srv-1");
  EXPECT_EQ(one.id, task.id);
  EXPECT_EQ(one.task, task.key());
  const std::map<std::string, std::string> attributes{
      {"AWS_INIT_HEALTH_STATUS", "UNHEALTHY"},
      {"AWS_INSTANCE_IPV4", task.address},
      {"AWS_INSTANCE_PORT", "30000"},
      {"AVAILABILITY_ZONE", "eu-west-1a"},
      {"REGION", "eu-west-1"},
      {"ECS_CLUSTER_NAME", "main"},
      {"ECS_SERVICE_NAME", "web"},
      {"ECS_TASK_DEFINITION_FAMILY", "web"},
  };
  EXPECT_EQ(one.attributes, attributes);
  EXPECT_EQ(one.health, "HEALTHY");
}

TEST_F(DiscoveryWritesTest, without_a_port_the_instance_tells_none) {
  wish_registered(1, /*port=*/false);
  settle();
  EXPECT_FALSE(instances().at(0).attributes.contains("AWS_INSTANCE_PORT"));
}

TEST_F(DiscoveryWritesTest, without_custom_health_the_instance_has_none) {
  wish(model::DiscoveryService{.scope = kScope, .id = "srv-1", .name = "web"});
  wish_registered(1);
  settle();
  EXPECT_EQ(instances().at(0).health, "");
  EXPECT_FALSE(instances().at(0).attributes.contains("AWS_INIT_HEALTH_STATUS"));
}

TEST_F(DiscoveryWritesTest, its_health_is_that_of_the_containers) {
  wish_registered(1);
  step();
  run_all();
  auto& container = runtime.tasks.at(only_task()).containers.at(0);
  container.health = runtime::ContainerHealth::unknown;
  step();
  EXPECT_EQ(instances().at(0).health, "UNHEALTHY");
  container.health = runtime::ContainerHealth::healthy;
  step();
  EXPECT_EQ(instances().at(0).health, "HEALTHY");
  // What ECS says of a task's health, it says again when it changes only.
  container.health = runtime::ContainerHealth::unhealthy;
  const auto task = only_task();
  step();
  for (const auto& one : instances()) {
    if (one.id == task) {
      EXPECT_EQ(one.health, "UNHEALTHY");
    }
  }
}

TEST_F(DiscoveryWritesTest, it_leaves_before_the_task_is_told_to_stop) {
  wish_registered(2);
  settle();
  ASSERT_EQ(instances().size(), 2u);
  const auto touched = MUST(store.get({model::DiscoveryService::kKind, kScope.prefix() + "srv-1"}))->revision;
  // The runtime hears of the stop only once the batch without the instances is stored.
  wish_service(0);
  while (runtime.sigterm.empty()) {
    EXPECT_EQ(instances().size(), 2u);
    step();
  }
  EXPECT_TRUE(instances().empty());
  EXPECT_GT(MUST(store.get({model::DiscoveryService::kKind, kScope.prefix() + "srv-1"}))->revision, touched);
}

TEST_F(DiscoveryWritesTest, it_leaves_before_the_target_group_drains) {
  wish_group("blue");
  wish_service(1, 1, "blue");
  wish_registered(1);
  settle();
  ASSERT_EQ(instances().size(), 1u);
  active_of[only_task()] = 1;
  wish_service(0);
  step();
  acknowledge();
  step();
  EXPECT_EQ(tasks().at(0).last_status, "DEACTIVATING");
  EXPECT_TRUE(runtime.sigterm.empty());
  EXPECT_TRUE(instances().empty());
}

TEST_F(DiscoveryWritesTest, a_task_that_ends_by_itself_leaves_too) {
  wish_registered(1);
  settle();
  const std::string gone = only_task();
  runtime.end(gone, 1);
  step();
  for (const auto& one : instances()) EXPECT_NE(one.id, gone);
}

TEST_F(DiscoveryWritesTest, what_somebody_took_out_stays_out) {
  wish_registered(1);
  step();
  run_all();
  auto& container = runtime.tasks.at(only_task()).containers.at(0);
  container.health = runtime::ContainerHealth::unknown;
  step();
  erase_instances();
  container.health = runtime::ContainerHealth::healthy;
  step();
  EXPECT_TRUE(instances().empty());
  wish_service(0);
  settle();
  EXPECT_TRUE(tasks("RUNNING").empty());
}

TEST_F(DiscoveryWritesTest, a_service_that_is_gone_gets_no_instances) {
  unwish<model::DiscoveryService>(kScope.prefix() + "srv-1");
  wish_registered(1);
  settle();
  EXPECT_TRUE(instances().empty());
  EXPECT_EQ(tasks("RUNNING").size(), 1u);
}

TEST_F(DiscoveryWritesTest, after_a_restart_of_control_nothing_changes) {
  wish_registered(1);
  settle();
  const auto revision = store.revision();
  restart();
  step();
  EXPECT_EQ(store.revision(), revision);
}

}  // namespace
}  // namespace weir::control::testing
