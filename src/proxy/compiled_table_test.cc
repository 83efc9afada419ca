#include "proxy/compiled_table.h"

#include <gtest/gtest.h>

#include "proxy/live_table.h"

namespace weir::proxy {
namespace {

route::RouteTable table_of(std::int64_t version, std::vector<std::string> backends, std::string path = "/") {
  route::RouteTable table{.version = version};
  route::Pool pool{.id = "p"};
  for (const std::string& id : backends) {
    pool.backends.push_back({.id = id, .address = "127.0.0.1", .port = 80, .state = route::BackendState::serving});
  }
  table.pools.push_back(pool);
  route::Listener listener{.id = "l", .port = 80};
  listener.rules.push_back({.id = "r", .match = {.paths = {route::Pattern(route::Pattern::Kind::prefix, path)}}});
  listener.rules.back().action = route::Forward{.pools = {{.pool = "p", .weight = 1}}};
  table.listeners.push_back(listener);
  return table;
}

CompiledTablePointer compiled(route::RouteTable table, const CompiledTablePointer& before = nullptr) {
  return compile(std::make_shared<const route::RouteTable>(std::move(table)), before.get());
}

TEST(CompiledTable, rules_that_stay_are_indexed_once) {
  const auto first = compiled(table_of(1, {"a"}));
  const auto second = compiled(table_of(2, {"a", "b"}), first);
  EXPECT_TRUE(second->listeners[0].same_rules);
  EXPECT_EQ(second->listeners[0].rules, first->listeners[0].rules);
  const auto third = compiled(table_of(3, {"a", "b"}, "/other"), second);
  EXPECT_FALSE(third->listeners[0].same_rules);
  EXPECT_NE(third->listeners[0].rules, first->listeners[0].rules);
}

TEST(CompiledTable, a_plan_names_what_stays_and_what_is_new) {
  const auto first = compiled(table_of(1, {"a", "b", "c"}));
  EXPECT_EQ(first->pools[0].from, std::vector<std::uint32_t>(3, PoolPlan::kNew));
  const auto second = compiled(table_of(2, {"c", "d", "a"}), first);
  EXPECT_EQ(second->pools[0].from, (std::vector<std::uint32_t>{2, PoolPlan::kNew, 0}));
  EXPECT_EQ(make_fresh(*second, nullptr)[0].size(), 1u);
  EXPECT_TRUE(compiled(table_of(3, {"c", "d", "a"}), second)->pools[0].unchanged);
}

TEST(CompiledTable, a_backend_elsewhere_is_another_one) {
  const auto first = compiled(table_of(1, {"a"}));
  route::RouteTable moved = table_of(2, {"a"});
  moved.pools[0].backends[0].port = 81;
  EXPECT_EQ(compiled(std::move(moved), first)->pools[0].from, std::vector<std::uint32_t>{PoolPlan::kNew});
}

TEST(CompiledTable, backends_and_rules_that_stay_are_the_same_objects) {
  LiveTable live;
  const auto first = compiled(table_of(1, {"a", "b"}));
  live.apply(first, make_fresh(*first, nullptr));
  LiveRule* const rule = live.find_listener("l")->find({.host = "h", .path = "/"});
  LiveBackend* const a = live.find_pool("p")->find("a");
  LiveBackend* const b = live.find_pool("p")->find("b", 1);
  const auto second = compiled(table_of(2, {"b", "c", "a"}), first);
  live.apply(second, make_fresh(*second, nullptr));
  LivePool& pool = *live.find_pool("p");
  EXPECT_EQ(live.find_listener("l")->find({.host = "h", .path = "/"}), rule);
  EXPECT_EQ(rule->spec, &second->table->listeners[0].rules[0]);
  EXPECT_EQ(rule->choice.next(), &pool);
  EXPECT_EQ(pool.find("a", 2), a);
  EXPECT_EQ(pool.find("b", 2), b);
  EXPECT_EQ(pool.find("c")->pool, &pool);
}

TEST(CompiledTable, one_planned_for_another_table_is_planned_anew) {
  LiveTable live;
  live.apply(compiled(table_of(1, {"a", "b"})));
  LiveBackend* const b = live.find_pool("p")->find("b");
  const auto other = compiled(table_of(7, {"x", "y", "z"}));
  const auto next = compiled(table_of(8, {"b", "z"}), other);
  live.apply(next, make_fresh(*next, nullptr));
  EXPECT_EQ(live.version(), 8);
  EXPECT_EQ(live.find_pool("p")->backends().size(), 2u);
  EXPECT_EQ(live.find_pool("p")->find("b"), b);
  EXPECT_EQ(live.find_pool("p")->find("z")->spec.id, "z");
}

}  // namespace
}  // namespace weir::proxy
