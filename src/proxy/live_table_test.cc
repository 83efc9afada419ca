#include "proxy/live_table.h"

#include <gtest/gtest.h>

#include <map>

#include "proxy/test_pools.h"

namespace weir::proxy {
namespace {

route::RouteTable weighted_table(std::int64_t version, std::vector<route::Pool> pools,
                                 std::vector<route::WeightedPool> weights) {
  route::RouteTable table{.version = version, .pools = std::move(pools)};
  route::Listener listener{.id = "l", .port = 80};
  listener.rules = {{"r", {}, route::Forward{std::move(weights)}}};
  table.listeners = {listener};
  return table;
}

route::RouteTablePointer share(route::RouteTable table) {
  return std::make_shared<const route::RouteTable>(std::move(table));
}

TEST(LiveTableTest, weights_are_exact_in_every_run_of_a_hundred) {
  const unsigned rows[][3] = {{90, 10, 0}, {1, 1, 0}, {50, 30, 20}, {99, 1, 0}, {0, 100, 0}, {33, 33, 34}};
  for (const auto& weights : rows) {
    LiveTable live;
    live.apply(share(weighted_table(1, {pool_of("a", {"x"}), pool_of("b", {"y"}), pool_of("c", {"z"})},
                                    {{"a", weights[0]}, {"b", weights[1]}, {"c", weights[2]}})));
    LiveRule* rule = live.find_listener("l")->find({"h", "/"});
    const unsigned total = weights[0] + weights[1] + weights[2];
    std::vector<std::string> chosen;
    for (unsigned i = 0; i < 1000; ++i) chosen.push_back(rule->choice.next()->id());
    for (std::size_t from = 0; from + 100 <= chosen.size(); ++from) {
      std::map<std::string, unsigned> counts;
      for (std::size_t i = from; i < from + 100; ++i) ++counts[chosen[i]];
      EXPECT_EQ(counts["a"] * total, weights[0] * 100) << from;
      EXPECT_EQ(counts["b"] * total, weights[1] * 100) << from;
      EXPECT_EQ(counts["c"] * total, weights[2] * 100) << from;
    }
  }
}

TEST(LiveTableTest, all_weights_zero_choose_nothing) {
  LiveTable live;
  live.apply(share(weighted_table(1, {pool_of("a", {"x"})}, {{"a", 0}})));
  EXPECT_EQ(live.find_listener("l")->find({"h", "/"})->choice.next(), nullptr);
}

TEST(LiveTableTest, a_swap_that_leaves_the_weights_goes_on_with_the_rotation) {
  const auto table = [](std::int64_t version) {
    return share(weighted_table(version, {pool_of("a", {"x"}), pool_of("b", {"y"})}, {{"a", 3}, {"b", 1}}));
  };
  LiveTable steady, swapped;
  steady.apply(table(1));
  for (std::int64_t i = 1; i <= 40; ++i) {
    swapped.apply(table(i));
    EXPECT_EQ(swapped.version(), i);
    EXPECT_EQ(swapped.find_listener("l")->find({"h", "/"})->choice.next()->id(),
              steady.find_listener("l")->find({"h", "/"})->choice.next()->id());
  }
}

TEST(LiveTableTest, the_first_rule_that_matches_decides) {
  route::RouteTable table = weighted_table(1, {pool_of("a", {"x"})}, {{"a", 1}});
  table.listeners[0].rules.insert(table.listeners[0].rules.begin(),
                                  {{"no", {{"no.example"}, {}}, route::FixedResponse{404, "text/plain", "no"}},
                                   {"img", {{}, {"/img/*"}}, route::FixedResponse{200, "text/plain", "img"}}});
  LiveTable live;
  live.apply(share(table));
  const LiveListener& listener = *live.find_listener("l");
  EXPECT_EQ(listener.find({"NO.example", "/img/1"})->spec->id, "no");
  EXPECT_EQ(listener.find({"yes", "/img/1"})->spec->id, "img");
  EXPECT_EQ(listener.find({"yes", "/"})->spec->id, "r");
}

TEST(LiveTableTest, what_a_rule_enters_is_that_of_the_newest_table_that_has_it) {
  const auto table = [](std::int64_t version, bool with_inside) {
    route::RouteTable made = weighted_table(version, {pool_of("a", {"x"})}, {{"a", 1}});
    if (!with_inside) made.listeners.clear();
    if (with_inside) made.listeners.push_back({.id = "gate", .port = 81, .rules = {{"in", {}, route::Enter{"l"}}}});
    return share(made);
  };
  LiveTable live;
  live.apply(table(1, true));
  EXPECT_EQ(live.find_listener("gate")->rules[0]->entered, live.find_listener("l"));
  live.apply(table(2, true));  // the rules are the same, the listeners are others
  EXPECT_EQ(live.find_listener("gate")->rules[0]->entered, live.find_listener("l"));
  EXPECT_EQ(live.find_listener("gate")->rules[0]->entered->spec->rules[0].id, "r");
  live.apply(table(3, false));
  EXPECT_EQ(live.find_parted("gate")->rules[0]->entered, live.find_parted("l"));
}

TEST(LiveTableTest, a_pool_that_leaves_the_table_finishes_what_it_has) {
  LiveTable live;
  live.apply(share(weighted_table(1, {pool_of("a", {"x"})}, {{"a", 1}})));
  LivePool* pool = live.find_pool("a");
  Random random(1);
  LiveBackend* backend = pool->pick(kNow, random);
  EXPECT_TRUE(pool->begin(*backend));
  live.apply(share(weighted_table(2, {}, {})));
  EXPECT_EQ(live.find_pool("a"), nullptr);
  EXPECT_EQ(pool->pick(kNow, random), nullptr);
  pool->end(*backend);
  live.sweep();
}

}  // namespace
}  // namespace weir::proxy
