#include "rollout/rolling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>

#include "base/random.h"

namespace weir::rollout {
namespace {

// "n": of the wished deployment, "o": of an older one; then the stage: ! unhealthy, . starting, u up, s serving,
// ? unsure, x stopping. Ids are the places in the text: "ns os" has tasks 0 and 1.
std::vector<RollingTask> tasks_of(const std::string& text) {
  std::vector<RollingTask> tasks;
  for (std::size_t at = 0; at + 1 < text.size(); at += 3) {
    Stage stage = Stage::starting;
    switch (text[at + 1]) {
      case '!':
        stage = Stage::unhealthy;
        break;
      case 'u':
        stage = Stage::up;
        break;
      case 's':
        stage = Stage::serving;
        break;
      case '?':
        stage = Stage::unsure;
        break;
      case 'x':
        stage = Stage::stopping;
        break;
    }
    const auto place = static_cast<std::int64_t>(tasks.size());
    tasks.push_back({std::to_string(place), text[at] == 'n', stage, Moment{place}});
  }
  return tasks;
}

struct Row {
  const char* says;
  RollingWish wish;
  const char* tasks;
  std::int32_t start;
  std::vector<std::string> stop;
  bool blocked = false;
};

class RollingTable : public ::testing::TestWithParam<Row> {};

TEST_P(RollingTable, plans) {
  const Row& row = GetParam();
  const RollingPlan plan = plan_rolling(row.wish, tasks_of(row.tasks));
  EXPECT_EQ(plan.start, row.start) << row.says;
  EXPECT_EQ(plan.stop, row.stop) << row.says;
  EXPECT_EQ(plan.blocked, row.blocked) << row.says;
}

std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.says; }

const Row kRows[] = {
    {"an empty service starts all it wants", {3, 100, 200}, "", 3, {}},
    {"nothing wanted, nothing there", {0, 100, 200}, "", 0, {}},
    {"what is wanted is there", {2, 100, 200}, "ns ns", 0, {}},
    {"tasks that are coming count as there", {2, 100, 200}, "n. nu", 0, {}},
    {"a task that is stopping is replaced at once where there is room", {2, 100, 200}, "ns nx", 1, {}},
    {"without room the replacement waits for the end of the other", {2, 100, 100}, "ns nx", 0, {}},
    {"back-off starts nothing", {2, 100, 200, false}, "ns", 0, {}},

    {"update 100/200 of one: the new one first", {1, 100, 200}, "os", 1, {}},
    {"update 100/200 of one: the old one stays while the new one starts", {1, 100, 200}, "os n.", 0, {}},
    {"update 100/200 of one: up is not serving", {1, 100, 200}, "os nu", 0, {}},
    {"update 100/200 of one: the old one goes when the new one serves", {1, 100, 200}, "os ns", 0, {"0"}},
    {"update 100/200 of one: done once it is told to go", {1, 100, 200}, "ox ns", 0, {}},
    {"update 0/100 of one: the old one makes room", {1, 0, 100}, "os", 0, {"0"}},
    {"update 0/100 of one: the new one waits until the old one has gone", {1, 0, 100}, "ox", 0, {}},
    {"update 0/100 of one: then it starts", {1, 0, 100}, "", 1, {}},
    {"update 0/200 goes gently: new ones first", {2, 0, 200}, "os os", 2, {}},
    {"update 100/100 can do neither", {1, 100, 100}, "os", 0, {}, true},
    {"update 100/100 of two can do neither", {2, 100, 100}, "os os", 0, {}, true},
    {"50/150 of one rounds to one and one", {1, 50, 150}, "os", 0, {}, true},
    {"a back-off is not being blocked", {1, 100, 100, false}, "os", 0, {}},

    {"50/100 of four: two make room", {4, 50, 100}, "os os os os", 0, {"0", "1"}},
    {"50/100 of four: those stopping are room to come", {4, 50, 100}, "ox ox os os", 0, {}},
    {"50/100 of four: the room is used", {4, 50, 100}, "os os", 2, {}},
    {"50/100 of four: the floor holds while the new ones start", {4, 50, 100}, "os os n. nu", 0, {}},
    {"50/100 of four: one serves, one may go to make room", {4, 50, 100}, "os os ns n.", 0, {"0"}},
    {"50/100 during a back-off keeps what serves", {4, 50, 100, false}, "os os os os", 0, {}},
    {"100/150 of four: two more", {4, 100, 150}, "os os os os", 2, {}},
    {"100/150 of four: as many old ones go as new ones serve", {4, 100, 150}, "os os os os ns n.", 0, {"0"}},
    {"75/125 of three rounds up to three and down to three", {3, 75, 125}, "os os os", 0, {}, true},
    {"66/134 of three rounds up to two and down to four", {3, 66, 134}, "os os os", 1, {"0"}},

    {"old ones that do not serve go at once", {2, 100, 200}, "o. os ou n. n.", 0, {"0", "2"}},
    {"several old deployments: the oldest tasks first", {2, 100, 200}, "os os os ns", 0, {"0", "1"}},
    {"unhealthy ones are replaced, old and new", {2, 100, 200}, "n! ns o!", 1, {"0", "2"}},
    {"unhealthy ones go although nothing serves", {1, 100, 100}, "n!", 0, {"0"}},
    {"unhealthy ones go during a back-off", {1, 100, 200, false}, "n!", 0, {"0"}},

    {"scale out starts the difference", {4, 100, 200}, "ns ns", 2, {}},
    {"scale in lets the oldest go", {1, 100, 200}, "ns ns ns", 0, {"0", "1"}},
    {"scale in takes those that do not serve first", {2, 100, 200}, "ns ns n. nu", 0, {"2", "3"}},
    {"scale in keeps serving ones while the others start", {2, 100, 200}, "ns n. n. n.", 0, {"1", "2"}},
    {"scale in to nothing", {0, 100, 200}, "ns n. nu os", 0, {"1", "2", "0", "3"}},
    {"scale in during an update", {2, 100, 200}, "os os os ns n. n.", 0, {"4", "0", "1"}},
    {"nothing is done to those of which the proxy has yet to speak", {1, 0, 100}, "o? o? n?", 0, {}},
    {"they are not counted on either", {2, 50, 200}, "o? os ns", 1, {}},
    {"a minimum above 100 is 100", {2, 150, 200}, "ns ns ns", 0, {"0"}},
};

INSTANTIATE_TEST_SUITE_P(Rolling, RollingTable, ::testing::ValuesIn(kRows));

TEST(RollingTest, rounds_the_minimum_up_and_the_maximum_down) {
  EXPECT_EQ(fewest_serving({3, 50, 200}), 2);
  EXPECT_EQ(fewest_serving({3, 0, 200}), 0);
  EXPECT_EQ(fewest_serving({1'000'000'000, 99, 200}), 990'000'000);
  EXPECT_EQ(most_tasks({3, 100, 150}), 4);
  EXPECT_EQ(most_tasks({1, 100, 199}), 1);
  EXPECT_EQ(most_tasks({1'000'000'000, 100, 200}), 2'000'000'000);
}

// A small world in which tasks come up, fail, get unhealthy and go, and the wish changes now and then.
class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed) {}

  void change_wish() {
    static constexpr std::int32_t kMinimum[] = {0, 34, 50, 100};
    static constexpr std::int32_t kMaximum[] = {100, 125, 150, 200};
    do {
      wish_.desired = static_cast<std::int32_t>(random_.below(7));
      wish_.minimum_percent = kMinimum[random_.below(4)];
      wish_.maximum_percent = kMaximum[random_.below(4)];
    } while (wish_.desired > 0 && fewest_serving(wish_) >= most_tasks(wish_));
    if (random_.chance(60)) {
      for (auto& task : tasks_) task.wished = false;
    }
  }

  void live(bool calm) {
    for (auto& task : tasks_) {
      if (!random_.chance(40)) continue;
      if (task.stage == Stage::up) task.stage = Stage::serving;
      if (task.stage == Stage::starting) task.stage = Stage::up;
      if (calm) continue;
      if (random_.chance(3)) task.stage = Stage::unhealthy;
      if (random_.chance(3)) task.stage = Stage::stopping;
    }
    std::erase_if(tasks_, [&](const RollingTask& task) { return task.stage == Stage::stopping && random_.chance(40); });
  }

  void act() {
    const std::int32_t serving_before = count(Stage::serving);
    const auto total_before = static_cast<std::int32_t>(tasks_.size());
    const RollingPlan plan = plan_rolling(wish_, tasks_);
    for (const auto& id : plan.stop) {
      const auto task = std::find_if(tasks_.begin(), tasks_.end(), [&](const auto& each) { return each.id == id; });
      ASSERT_NE(task, tasks_.end());
      ASSERT_NE(task->stage, Stage::stopping);
      task->stage = Stage::stopping;
    }
    for (std::int32_t i = 0; i < plan.start; ++i) {
      ++born_;
      tasks_.push_back({"task-" + std::to_string(born_), true, Stage::starting, Moment{born_}});
    }
    ASSERT_GE(count(Stage::serving), std::min(serving_before, fewest_serving(wish_)));
    ASSERT_LE(static_cast<std::int32_t>(tasks_.size()), std::max(total_before, most_tasks(wish_)));
    const RollingPlan again = plan_rolling(wish_, tasks_);
    ASSERT_EQ(again.start, 0);
    ASSERT_TRUE(again.stop.empty());
  }

  bool arrived() const {
    return count(Stage::serving) == wish_.desired && static_cast<std::int32_t>(tasks_.size()) == wish_.desired &&
           std::all_of(tasks_.begin(), tasks_.end(), [](const auto& task) { return task.wished; });
  }

 private:
  std::int32_t count(Stage stage) const {
    return static_cast<std::int32_t>(
        std::count_if(tasks_.begin(), tasks_.end(), [&](const auto& task) { return task.stage == stage; }));
  }

  Random random_;
  RollingWish wish_;
  std::vector<RollingTask> tasks_;
  std::int64_t born_ = 0;
};

TEST(RollingTest, keeps_its_bounds_is_repeatable_and_always_arrives) {
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    SCOPED_TRACE(seed);
    World world(seed);
    for (int step = 0; step < 60; ++step) {
      if (step % 15 == 0) world.change_wish();
      world.live(false);
      world.act();
      if (HasFatalFailure()) return;
    }
    int left = 200;
    while (!world.arrived() && left-- > 0) {
      world.live(true);
      world.act();
      if (HasFatalFailure()) return;
    }
    ASSERT_TRUE(world.arrived());
  }
}

}  // namespace
}  // namespace weir::rollout
