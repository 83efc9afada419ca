#include "control/time_keeper.h"

#include <gtest/gtest.h>

#include "control/limits.h"

namespace weir::control {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

class MachineClock final : public Clock {
 public:
  Instant now() const override { return run_; }
  Timestamp wall() const override { return date_; }
  void pass(Duration time) {
    run_ += time;
    date_ = date_ + time;
  }
  void move_calendar(Duration by) { date_ = date_ + by; }
  void boot() { run_ = Instant(seconds(3)); }

 private:
  Instant run_{hours(5)};
  Timestamp date_{1'700'000'000'000};
};

// Processes that follow one another on a machine, and what each leaves in the store.
class TimeKeeperTest : public ::testing::Test {
 protected:
  TimeKeeper start(const std::string& boot = "first") {
    TimeKeeper keeper(clock_, boot);
    keeper.resume(stored_);
    return keeper;
  }
  bool store(TimeKeeper& keeper) {
    const auto line = keeper.worth_storing();
    if (!line) return false;
    stored_ = MUST(from_json_shape<model::TimeLine>(to_json_shape(*line)));
    keeper.on_stored(*line);
    return true;
  }
  MachineClock clock_;
  std::optional<model::TimeLine> stored_;
};

TEST_F(TimeKeeperTest, begins_with_the_date_and_runs_with_the_monotonic_clock) {
  const TimeKeeper keeper = start();
  const Now begin = keeper.now();
  EXPECT_EQ(begin.moment.millis, begin.date.millis);
  clock_.move_calendar(hours(3));
  clock_.pass(milliseconds(1500));
  EXPECT_EQ(keeper.now().moment - begin.moment, milliseconds(1500));
  EXPECT_EQ(keeper.now().date - begin.date, hours(3) + milliseconds(1500));
}

TEST_F(TimeKeeperTest, the_next_process_goes_on_whatever_the_calendar_does_between_them) {
  TimeKeeper keeper = start();
  EXPECT_TRUE(store(keeper));
  const Moment before = keeper.now().moment;
  clock_.move_calendar(-hours(2));
  clock_.pass(seconds(4));
  EXPECT_EQ(start().now().moment - before, seconds(4));
  clock_.move_calendar(hours(9));
  EXPECT_EQ(start().now().moment - before, seconds(4));
}

TEST_F(TimeKeeperTest, after_a_boot_the_calendar_says_how_long_that_took) {
  TimeKeeper keeper = start();
  store(keeper);
  clock_.move_calendar(hours(2));
  EXPECT_TRUE(store(keeper)) << "the calendar has moved";
  const Moment before = keeper.now().moment;
  clock_.pass(seconds(50));
  clock_.boot();
  const TimeKeeper next = start("second");
  EXPECT_EQ(next.now().moment - before, seconds(50));
  EXPECT_TRUE(next.worth_storing()) << "by another boot's clock";
}

TEST_F(TimeKeeperTest, never_goes_back_to_before_what_is_stored) {
  TimeKeeper keeper = start();
  clock_.pass(hours(1));
  store(keeper);
  const Moment before = keeper.now().moment;
  clock_.boot();
  clock_.move_calendar(-hours(400'000));  // a machine whose calendar starts in 1970
  EXPECT_EQ(start("second").now().moment, before);
  EXPECT_EQ(start("first").now().moment, before) << "a clock that went back is another one";
}

TEST_F(TimeKeeperTest, stores_when_it_has_to_and_not_every_moment) {
  TimeKeeper keeper = start();
  EXPECT_TRUE(store(keeper));
  clock_.pass(kTimeLineKept - milliseconds(1));
  clock_.move_calendar(milliseconds(-900));
  EXPECT_FALSE(store(keeper));
  clock_.move_calendar(milliseconds(-200));
  EXPECT_TRUE(store(keeper));
  clock_.pass(kTimeLineKept);
  EXPECT_TRUE(store(keeper));
  EXPECT_FALSE(store(keeper));
}

}  // namespace
}  // namespace weir::control
