#include "control/mesh_claims.h"

#include <gtest/gtest.h>

#include "control/mesh_test_documents.h"

namespace weir::control::test_mesh {
namespace {

using namespace test_mesh;
using Pools = std::vector<std::string>;

Pools pools_of(const MeshDocuments& all, const InstanceAttributes& attributes, const std::string& service = "srv-1") {
  Pools pools;
  for (const auto& place : MeshClaims(all).of(kScope, service, attributes)) pools.push_back(place.pool);
  return pools;
}

TEST(MeshClaims, give_a_node_without_attributes_what_no_other_wants) {
  auto all = documents();
  EXPECT_EQ(pools_of(all, {{"SET", "new"}}), Pools{kPools + "old:8080"});
  put(all.nodes, node("new", {{"SET", "new"}}));
  EXPECT_EQ(pools_of(all, {{"SET", "new"}}), Pools{kPools + "new:8080"});
  EXPECT_EQ(pools_of(all, {{"SET", "other"}}), Pools{kPools + "old:8080"});
  EXPECT_EQ(pools_of(all, {}), Pools{kPools + "old:8080"});
  EXPECT_EQ(pools_of(all, {}, "srv-2"), Pools{});
}

TEST(MeshClaims, want_every_attribute_and_let_two_nodes_share) {
  auto all = documents();
  put(all.nodes, node("one", {{"A", "1"}}));
  put(all.nodes, node("two", {{"A", "1"}, {"B", "2"}}));
  EXPECT_EQ(pools_of(all, {{"A", "1"}}), Pools{kPools + "one:8080"});
  EXPECT_EQ(pools_of(all, {{"A", "1"}, {"B", "2"}}), (Pools{kPools + "one:8080", kPools + "two:8080"}));
}

model::Task registered() {
  model::Task task;
  task.scope = kScope;
  task.id = "t";
  task.registries = {{.service = "srv-1", .container = "", .external_id = ""}};
  return task;
}

TEST(MeshWishes, wait_until_the_instance_is_there_and_healthy) {
  auto all = documents();
  const auto task = registered();
  const auto ready = [&] {
    const auto wishes = mesh_wishes(all, MeshClaims(all), task);
    EXPECT_EQ(wishes.size(), 1u);
    return is_wished(wishes, kPools + "old:8080");
  };
  EXPECT_FALSE(ready());
  model::DiscoveryInstance instance;
  instance.scope = kScope;
  instance.service = "srv-1";
  instance.id = "t";
  instance.health = "UNHEALTHY";
  put(all.instances, instance);
  EXPECT_FALSE(ready());
  instance.health = "HEALTHY";
  put(all.instances, instance);
  EXPECT_TRUE(ready());
}

TEST(MeshTargets, follow_the_wishes_and_stay_until_they_have_drained) {
  const std::vector<MeshWish> wishes{{{kPools + "old:8080", 8080}, true}};
  auto task = registered();
  auto made = with_mesh_targets(task, wishes);
  ASSERT_TRUE(made);
  ASSERT_EQ(made->targets.size(), 1u);
  EXPECT_EQ(made->targets[0].state, "waiting");
  EXPECT_EQ(made->targets[0].container_port, 8080);
  EXPECT_FALSE(with_mesh_targets(*made, wishes)) << "asked again it changes nothing";

  made->targets[0].state = "serving";
  EXPECT_FALSE(with_mesh_targets(*made, {})) << "it has to drain first";
  made->targets[0].state = "gone";
  EXPECT_EQ(with_mesh_targets(*made, wishes)->targets[0].state, "waiting") << "and may come again";
  EXPECT_TRUE(with_mesh_targets(*made, {})->targets.empty());
  made->desired_status = "STOPPED";
  EXPECT_FALSE(with_mesh_targets(*made, {}));
}

TEST(MeshTargets, leave_those_of_balancers_alone) {
  auto task = registered();
  task.targets = {{.target_group = "arn:aws:elasticloadbalancing:g", .container = "", .state = "gone"}};
  EXPECT_FALSE(with_mesh_targets(task, {}));
}

}  // namespace
}  // namespace weir::control::test_mesh
