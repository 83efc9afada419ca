#include "control/target_reconciler.h"

#include <gtest/gtest.h>

#include "control/test_world.h"

namespace weir::control {
namespace {

using route::BackendState;
using std::chrono::seconds;
using testing::group_arn;
using testing::kScope;
using testing::TestWorld;

class RegisteredTargets : public ::testing::Test, protected TestWorld {
 protected:
  void SetUp() override { wish_group("blue", "20"); }
  static model::Target target(std::int32_t port = 80) {
    return {.scope = kScope, .target_group = group_arn("blue"), .address = "127.0.0.1", .port = port};
  }
  void register_target(std::int32_t port = 80) { wish(target(port)); }
  void deregister(std::int32_t port = 80) { unwish<model::Target>(target(port).key()); }
  std::optional<model::TaskTarget> state(std::int32_t port = 80) {
    const auto found = MUST(store::load<model::TargetState>(store, target(port).key()));
    if (!found) return std::nullopt;
    return found->document.target;
  }
  std::optional<BackendState> in_table(std::int32_t port = 80) {
    for (const auto& pool : control->table()->pools) {
      for (const auto& backend : pool.backends) {
        if (backend.port == port) return backend.state;
      }
    }
    return std::nullopt;
  }
  void turn() {
    acknowledge();
    step();
  }
};

TEST_F(RegisteredTargets, serve_when_they_have_been_judged_and_count_when_every_worker_knows) {
  health = route::Health::unknown;
  register_target();
  step();
  turn();
  EXPECT_EQ(state()->state, "checking");
  EXPECT_EQ(in_table(), BackendState::checking);
  health = route::Health::healthy;
  turn();
  EXPECT_EQ(state()->state, "serving");
  EXPECT_EQ(in_table(), BackendState::serving);
  EXPECT_FALSE(state()->acknowledged);
  turn();
  EXPECT_TRUE(state()->acknowledged);
  health = route::Health::unhealthy;
  turn();
  EXPECT_EQ(state()->state, "serving") << "the proxy leaves it out; it comes back by itself";
  EXPECT_EQ(state()->health, "unhealthy");
}

TEST_F(RegisteredTargets, that_never_were_healthy_are_there_where_nobody_else_is) {
  health = route::Health::unhealthy;
  register_target();
  step();
  turn();
  EXPECT_EQ(state()->health, "unhealthy");
  EXPECT_EQ(in_table(), BackendState::serving) << "the proxy sends it nothing while others are healthy";
}

TEST_F(RegisteredTargets, drain_until_every_worker_knows_and_nothing_is_in_flight) {
  register_target();
  settle();
  const std::int64_t serving_version = control->table()->version;
  active_of["ip/[127.0.0.1]"] = 2;
  acknowledge();
  deregister();
  step();
  EXPECT_EQ(state()->state, "draining");
  EXPECT_EQ(in_table(), BackendState::draining);
  active_of["ip/[127.0.0.1]"] = 0;
  say(serving_version);  // idle, but some worker may still send to it
  step();
  ASSERT_TRUE(state());
  active_of["ip/[127.0.0.1]"] = 1;
  turn();
  ASSERT_TRUE(state());
  EXPECT_TRUE(state()->draining_since);
  active_of["ip/[127.0.0.1]"] = 0;
  turn();
  EXPECT_FALSE(state());
  EXPECT_FALSE(in_table());
}

TEST_F(RegisteredTargets, drain_no_longer_than_their_group_says) {
  register_target();
  settle();
  active_of["ip/[127.0.0.1]"] = 1;
  deregister();
  step();
  turn();
  clock.advance(seconds(19));
  step();
  EXPECT_TRUE(state());
  clock.advance(seconds(1));
  step();
  EXPECT_FALSE(state());
}

TEST_F(RegisteredTargets, may_be_registered_again_while_they_drain) {
  register_target();
  settle();
  active_of["ip/[127.0.0.1]"] = 1;
  deregister();
  step();
  turn();
  register_target();
  step();
  EXPECT_NE(state()->state, "draining");
  EXPECT_FALSE(state()->draining_since);
  settle();
  EXPECT_EQ(state()->state, "serving");
  EXPECT_TRUE(state()->acknowledged);
}

TEST_F(RegisteredTargets, go_on_where_they_were_after_a_restart_and_drain_with_a_group_that_is_gone) {
  register_target(80);
  register_target(81);
  settle();
  restart();
  step();
  EXPECT_EQ(in_table(80), BackendState::serving);
  EXPECT_EQ(in_table(81), BackendState::serving);
  unwish<model::TargetGroup>(kScope.prefix() + "blue");
  step();
  EXPECT_EQ(in_table(80), BackendState::draining);
  deregister(80);
  deregister(81);
  settle();
  EXPECT_FALSE(state(80));
  EXPECT_FALSE(in_table(81));
}

TEST_F(RegisteredTargets, stand_beside_those_of_tasks) {
  wish_definition(1);
  wish_service(1, 1, "blue");
  register_target();
  settle();
  ASSERT_EQ(control->table()->pools.size(), 1u);
  EXPECT_EQ(control->table()->pools[0].backends.size(), 2u);
  deregister();
  settle();
  EXPECT_EQ(control->table()->pools[0].backends.size(), 1u);
  EXPECT_TRUE(has_backend(tasks("RUNNING")[0].id));
}

TEST_F(RegisteredTargets, many_enter_the_table_in_two_commits) {
  constexpr int kMany = 1000;
  step();  // which stores how time is counted
  std::vector<store::Write> writes;
  for (int i = 0; i < kMany; ++i) writes.push_back(store::put(target(10'000 + i), store::Expect::kAbsent));
  (void)MUST(store.commit(writes));
  const auto before = store.revision();
  step();
  EXPECT_EQ(store.revision(), before + 1);
  EXPECT_EQ(control->table()->pools[0].backends.size(), std::size_t{kMany});
  settle();
  EXPECT_EQ(state(10'999)->state, "serving");
}

TEST(TargetStep, changes_nothing_when_asked_again) {
  const model::Target wish{.scope = kScope, .target_group = "g", .address = "::1", .port = 80};
  const TargetView view;
  const auto first = step_target(&wish, nullptr, view, Moment{1});
  ASSERT_TRUE(first.state);
  EXPECT_TRUE(first.changed);
  EXPECT_EQ(first.state->key(), wish.key());
  EXPECT_FALSE(step_target(&wish, &*first.state, view, Moment{1}).changed);
  EXPECT_FALSE(step_target(nullptr, nullptr, view, Moment{1}).state);
}

}  // namespace
}  // namespace weir::control
