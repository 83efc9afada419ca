#include "proxy/gates.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "proxy/test_pools.h"

namespace weir::proxy {
namespace {

class Watcher final : public RoomWatcher {
 public:
  void room_in(LivePool& pool) override { told.push_back(pool.id()); }
  std::vector<std::string> told;
};

struct Workers {
  SharedLoads shared;
  Watcher watcher, other_watcher;
  Gates gates{&shared, watcher}, others{&shared, other_watcher};
  Random random{1};
  LivePool blue{pool_of("blue", {"a", "b"})};

  // A place at the gate; null: there is none.
  LiveBackend* pass(LivePool* gate) {
    LiveBackend* seat = gate->pick(kNow, random);
    return seat != nullptr && gate->begin(*seat) ? seat : nullptr;
  }
};

route::Listener limited(route::PoolLimits limits) {
  route::Listener listener{.id = "gate"};
  listener.pool_limits = limits;
  return listener;
}

TEST(Gates, hold_what_a_listener_says_over_all_workers_for_each_pool) {
  Workers workers;
  const auto listener = limited({.requests = 2, .pending = 0});
  LivePool* here = workers.gates.of(listener, workers.blue);
  LivePool* there = workers.others.of(listener, workers.blue);
  ASSERT_NE(here, nullptr);
  EXPECT_EQ(workers.gates.of(listener, workers.blue), here);
  LiveBackend* first = workers.pass(here);
  ASSERT_NE(first, nullptr);
  EXPECT_NE(workers.pass(there), nullptr);
  EXPECT_EQ(workers.pass(here), nullptr);
  EXPECT_TRUE(here->crowded());
  EXPECT_EQ(workers.pass(there), nullptr);
  LivePool green(pool_of("green", {"a"}));
  EXPECT_NE(workers.pass(workers.gates.of(listener, green)), nullptr) << "another pool has its own";
  here->line().waiting = 1;  // at the other worker
  here->end(*first);
  EXPECT_EQ(workers.watcher.told, std::vector<std::string>{"gate#blue"});
  EXPECT_NE(workers.pass(there), nullptr);
}

TEST(Gates, connections_are_requests_of_http1_only) {
  Workers workers;
  const auto listener = limited({.connections = 1});
  LivePool* gate = workers.gates.of(listener, workers.blue);
  ASSERT_NE(gate, nullptr);
  EXPECT_EQ(gate->spec().limits, (route::PoolLimits{.requests = 1}));
  route::Pool spec = pool_of("green", {"a"});
  spec.protocol = route::PoolProtocol::http2;
  const LivePool green(spec);
  EXPECT_EQ(workers.gates.of(listener, green), nullptr);
}

TEST(Gates, follow_their_listener_and_go_when_nobody_is_there) {
  Workers workers;
  LivePool* gate = workers.gates.of(limited({.requests = 1}), workers.blue);
  LiveBackend* seat = workers.pass(gate);
  EXPECT_EQ(workers.gates.of(limited({.requests = 2}), workers.blue), gate);
  EXPECT_NE(workers.pass(gate), nullptr) << "one more";
  EXPECT_EQ(workers.pass(gate), nullptr);
  workers.gates.sweep();
  ASSERT_EQ(workers.gates.find("gate#blue"), gate);
  gate->end(*seat);
  gate->end(*seat);
  workers.gates.sweep();
  EXPECT_EQ(workers.gates.find("gate#blue"), nullptr);
}

}  // namespace
}  // namespace weir::proxy
