// Through the whole of control: delays last as long as they should, whatever the calendar does meanwhile.
#include <gtest/gtest.h>

#include "control/limits.h"
#include "control/test_world.h"

namespace weir::control {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::TestWorld;

// The calendar is moved by the parameter, in hours.
class MovedCalendar : public ::testing::TestWithParam<int>, protected TestWorld {
 protected:
  void SetUp() override {
    wish_definition(1);
    wish_definition(2, "web:2");
    wish_group("blue", "10");
  }
  void move_calendar() { clock.move_calendar(hours(GetParam())); }
};

TEST_P(MovedCalendar, leaves_a_drain_its_time) {
  wish_service(1, 1, "blue");
  settle();
  const std::string id = tasks()[0].id;
  active_of[id] = 1;
  wish_service(0);
  step();
  acknowledge();
  step();
  move_calendar();
  clock.advance(seconds(9));
  auto next = step();
  EXPECT_TRUE(runtime.sigterm.empty());
  ASSERT_TRUE(next);
  EXPECT_EQ(*next - clock.now(), seconds(1));
  restart();
  step();
  acknowledge();
  next = step();
  ASSERT_TRUE(next);
  EXPECT_EQ(*next - clock.now(), seconds(1)) << "and so does the next control";
  clock.advance(seconds(1));
  step();
  EXPECT_TRUE(runtime.sigterm.contains(id));
}

TEST_P(MovedCalendar, neither_shortens_a_back_off_nor_repeats_what_was_said) {
  wish_service(1);
  for (int i = 0; i < 4; ++i) {
    step();
    for (const auto& each : runtime.list()) runtime.end(each, 1, "CannotPullContainerError: no such image");
    step();
    clock.advance(seconds(i % 3));
  }
  const std::size_t told = messages().size();
  const auto wait = [&] { return step().value_or(Instant{}) - clock.now(); };
  const Duration left = wait();
  ASSERT_GT(left, seconds(1));
  move_calendar();
  clock.advance(seconds(1));
  EXPECT_EQ(wait(), left - seconds(1));
  EXPECT_EQ(messages().size(), told);
  EXPECT_TRUE(log.lines.empty());
}

TEST_P(MovedCalendar, keeps_an_ended_task_for_an_hour) {
  wish_service(1);
  settle();
  wish_service(0);
  settle();
  ASSERT_EQ(tasks("STOPPED").size(), 1u);
  move_calendar();
  clock.advance(kKeepEnded - seconds(1));
  settle();
  EXPECT_EQ(tasks("STOPPED").size(), 1u);
  clock.advance(seconds(1));
  settle();
  EXPECT_TRUE(tasks().empty());
}

TEST_P(MovedCalendar, has_no_task_end_before_it_began) {
  wish_service(1);
  settle();
  move_calendar();
  wish_service(0);
  settle();
  const model::Task task = tasks("STOPPED").at(0);
  EXPECT_LE(task.created_at, *task.started_at);
  EXPECT_LE(*task.started_at, *task.stopping_at);
  EXPECT_LE(*task.stopping_at, *task.stopped_at);
}

INSTANTIATE_TEST_SUITE_P(Hours, MovedCalendar, ::testing::Values(-30, -1, 0, 1, 30));

}  // namespace
}  // namespace weir::control
