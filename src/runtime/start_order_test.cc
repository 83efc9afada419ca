#include "runtime/start_order.h"

#include <gtest/gtest.h>

#include <sstream>

namespace weir::runtime {
namespace {

using std::chrono::seconds;

// "app<init:SUCCESS,db:HEALTHY" and so on, one word a container.
std::vector<ContainerSpec> wished(const std::string& text) {
  std::vector<ContainerSpec> all;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    auto& container = all.emplace_back(ContainerSpec{.name = word.substr(0, word.find('<'))});
    if (word.find('<') == std::string::npos) continue;
    std::istringstream parts(word.substr(word.find('<') + 1));
    for (std::string part; std::getline(parts, part, ',');) {
      const std::string condition = part.substr(part.find(':') + 1);
      container.depends_on.push_back(
          {part.substr(0, part.find(':')), condition == "START"      ? DependencyCondition::start
                                           : condition == "COMPLETE" ? DependencyCondition::complete
                                           : condition == "SUCCESS"  ? DependencyCondition::success
                                                                     : DependencyCondition::healthy});
    }
  }
  return all;
}

// One letter a container: . not started, r runs, h runs and is healthy, u runs and is unhealthy, 0 ended well, 3 not.
struct Scene {
  Scene(const std::string& containers, const std::string& states) : specs(wished(containers)), order(specs) {
    for (std::size_t i = 0; i < specs.size(); ++i) {
      ContainerObservation one{.name = specs[i].name, .running = std::string("rhu").contains(states[i])};
      if (states[i] == 'h') one.health = ContainerHealth::healthy;
      if (states[i] == 'u') one.health = ContainerHealth::unhealthy;
      if (states[i] == '0' || states[i] == '3') one.exit_code = states[i] - '0';
      if (states[i] != '.') order.note_started(i, Instant(seconds(100)));
      seen.push_back(one);
    }
  }
  std::vector<ContainerSpec> specs;
  StartOrder order;
  StartOrder::Seen seen;
};

TEST(StartOrderTest, starts_the_first_whose_dependencies_have_come_true) {
  const struct {
    const char* containers;
    const char* states;
    int next;  // -1: none
  } rows[] = {
      {"a b", "..", 0},
      {"a b", "r.", 1},
      {"a b", "rr", -1},
      {"app<db:START db", "..", 1},
      {"app<db:START db", ".r", 0},
      {"app<db:START db", ".0", 0},
      {"app<init:COMPLETE init", ".r", -1},
      {"app<init:COMPLETE init", ".3", 0},
      {"app<init:SUCCESS init", ".r", -1},
      {"app<init:SUCCESS init", ".3", -1},
      {"app<init:SUCCESS init", ".0", 0},
      {"app<db:HEALTHY db", ".r", -1},
      {"app<db:HEALTHY db", ".u", -1},
      {"app<db:HEALTHY db", ".h", 0},
      {"app<init:SUCCESS,db:HEALTHY init db", ".0r", -1},
      {"app<init:SUCCESS,db:HEALTHY init db", ".0h", 0},
      {"a<b:START b<a:START", "..", -1},
  };
  for (const auto& row : rows) {
    Scene scene(row.containers, row.states);
    const auto next = scene.order.next(scene.seen);
    EXPECT_EQ(next ? static_cast<int>(*next) : -1, row.next) << row.containers << " " << row.states;
  }
}

TEST(StartOrderTest, says_who_waits_for_what_will_not_come) {
  const struct {
    const char* containers;
    const char* states;
    const char* why;  // empty: it may still come
  } rows[] = {
      {"app<init:SUCCESS init", ".r", ""},
      {"app<init:SUCCESS init", ".3",
       "container app depends on container init being SUCCESS, and that ended with exit code 3"},
      {"app<db:HEALTHY db", ".u", ""},
      {"app<db:HEALTHY db", ".0",
       "container app depends on container db being HEALTHY, and that ended with exit code 0"},
      {"app<no:START", ".", "container app depends on container no being START, which does not exist"},
      {"a<b:START b<a:START", "..", "the containers wait for each other"},
      {"a b", "r.", ""},
  };
  for (const auto& row : rows) {
    Scene scene(row.containers, row.states);
    const auto stuck = scene.order.stuck(scene.seen, Instant(seconds(100)));
    EXPECT_EQ(stuck ? stuck->why : "", row.why) << row.containers << " " << row.states;
  }
}

TEST(StartOrderTest, a_start_timeout_bounds_the_wait_of_others) {
  Scene scene("app<db:HEALTHY db", ".r");
  EXPECT_FALSE(scene.order.deadline(scene.seen));
  scene.specs[1].start_timeout = seconds(5);
  EXPECT_EQ(scene.order.deadline(scene.seen), Instant(seconds(105)));
  EXPECT_FALSE(scene.order.stuck(scene.seen, Instant(seconds(104))));
  const auto stuck = scene.order.stuck(scene.seen, Instant(seconds(105)));
  ASSERT_TRUE(stuck);
  EXPECT_EQ(stuck->container, 0u);
  EXPECT_EQ(stuck->why,
            "container app depends on container db being HEALTHY, and that did not come to be within its start timeout "
            "of 5 seconds");
  scene.seen[1].health = ContainerHealth::healthy;
  EXPECT_FALSE(scene.order.deadline(scene.seen));
  EXPECT_FALSE(scene.order.stuck(scene.seen, Instant(seconds(105))));
}

TEST(StartOrderTest, stops_in_the_reverse_order) {
  const struct {
    const char* containers;
    const char* states;
    std::vector<std::size_t> stop;
  } rows[] = {
      {"a b", "rr", {0, 1}},
      {"app<db:HEALTHY db log", "rhr", {0, 2}},
      {"app<db:HEALTHY db log", "0hr", {1, 2}},
      {"app<db:HEALTHY db", ".h", {1}},
      {"app<db:HEALTHY db", "00", {}},
      {"app<db:START db<disk:START disk", "rrr", {0}},
  };
  for (const auto& row : rows) {
    Scene scene(row.containers, row.states);
    EXPECT_EQ(scene.order.may_stop(scene.seen), row.stop) << row.containers << " " << row.states;
  }
}

}  // namespace
}  // namespace weir::runtime
