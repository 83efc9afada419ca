#include "rollout/lifecycle.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace weir::rollout {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr Moment kNow{1'700'000'000'000};
constexpr LifecycleFacts kAllDone{.has_blue = true,
                                  .has_test_route = true,
                                  .reconciled = true,
                                  .green_serves = true,
                                  .traffic_in_force = true,
                                  .hooks_passed = true,
                                  .old_gone = true};

// The stages that a deployment goes through while everything is at once as it should be, with green's share where it
// grows, and how long all of it took.
struct Course {
  std::string stages;
  Duration took{};
};
Course course_of(const ShiftWish& wish, const LifecycleFacts& facts = kAllDone) {
  Course course;
  LifecycleState state{.since = kNow};
  Moment now = kNow;
  for (int i = 0; i < 1000 && state.stage != Lifecycle::done; ++i) {
    const LifecycleStep step = advance(wish, state, facts, now);
    if (step.state.stage != state.stage) {
      course.stages += course.stages.empty() ? "" : " ";
      course.stages += name_of(step.state.stage);
      if (step.state.stage == Lifecycle::production_traffic_shift) {
        course.stages += "=" + std::to_string(static_cast<int>(step.state.production));
      }
    } else if (step.next) {
      EXPECT_LT(now, *step.next);
      now = *step.next;
    } else {
      EXPECT_EQ(step.state, state) << "nothing to wait for, so it rests";
      break;
    }
    state = step.state;
  }
  course.took = now - kNow;
  return course;
}

constexpr const char* kBefore =
    "PRE_SCALE_UP SCALE_UP POST_SCALE_UP TEST_TRAFFIC_SHIFT POST_TEST_TRAFFIC_SHIFT PRE_PRODUCTION_TRAFFIC_SHIFT ";
constexpr const char* kAfter = " POST_PRODUCTION_TRAFFIC_SHIFT BAKE_TIME CLEAN_UP DONE";

TEST(LifecycleTest, blue_green_shifts_at_once_and_bakes) {
  const Course course = course_of({.bake = minutes(5)});
  EXPECT_EQ(course.stages, std::string(kBefore) + "PRODUCTION_TRAFFIC_SHIFT=100" + kAfter);
  EXPECT_EQ(course.took, minutes(5));
}

TEST(LifecycleTest, a_canary_bakes_before_the_rest_follows) {
  const Course course = course_of({Strategy::canary, 5, minutes(10), minutes(1), {}});
  EXPECT_EQ(course.stages, std::string(kBefore) +
                               "PRODUCTION_TRAFFIC_SHIFT=5 PRE_PRODUCTION_TRAFFIC_SHIFT PRODUCTION_TRAFFIC_SHIFT=100" +
                               kAfter);
  EXPECT_EQ(course.took, minutes(11));
}

TEST(LifecycleTest, linear_steps_bake_one_by_one_but_the_last) {
  const Course course = course_of({Strategy::linear, 40, minutes(6), minutes(1), {}});
  EXPECT_EQ(course.stages, std::string(kBefore) +
                               "PRODUCTION_TRAFFIC_SHIFT=40 PRE_PRODUCTION_TRAFFIC_SHIFT PRODUCTION_TRAFFIC_SHIFT=80 "
                               "PRE_PRODUCTION_TRAFFIC_SHIFT PRODUCTION_TRAFFIC_SHIFT=100" +
                               kAfter);
  EXPECT_EQ(course.took, minutes(13));
}

TEST(LifecycleTest, a_first_deployment_has_nothing_to_shift_from_nor_to_bake_against) {
  LifecycleFacts facts = kAllDone;
  facts.has_blue = false;
  for (const Strategy strategy : {Strategy::blue_green, Strategy::canary, Strategy::linear}) {
    const Course course = course_of({strategy, 10, minutes(6), minutes(1), {}}, facts);
    EXPECT_EQ(course.stages, std::string(kBefore) + "PRODUCTION_TRAFFIC_SHIFT=100" + kAfter);
    EXPECT_EQ(course.took, Duration(0));
  }
}

TEST(LifecycleTest, each_stage_waits_for_its_own_work_and_then_for_its_hooks) {
  struct Row {
    Lifecycle stage;
    bool LifecycleFacts::*fact;
  };
  const Row rows[] = {
      {Lifecycle::reconcile_service, &LifecycleFacts::reconciled},
      {Lifecycle::scale_up, &LifecycleFacts::green_serves},
      {Lifecycle::test_traffic_shift, &LifecycleFacts::traffic_in_force},
      {Lifecycle::pre_production_traffic_shift, &LifecycleFacts::green_serves},
      {Lifecycle::production_traffic_shift, &LifecycleFacts::traffic_in_force},
      {Lifecycle::clean_up, &LifecycleFacts::old_gone},
      {Lifecycle::pre_scale_up, &LifecycleFacts::hooks_passed},
      {Lifecycle::post_scale_up, &LifecycleFacts::hooks_passed},
      {Lifecycle::test_traffic_shift, &LifecycleFacts::hooks_passed},
      {Lifecycle::post_test_traffic_shift, &LifecycleFacts::hooks_passed},
      {Lifecycle::pre_production_traffic_shift, &LifecycleFacts::hooks_passed},
      {Lifecycle::production_traffic_shift, &LifecycleFacts::hooks_passed},
      {Lifecycle::post_production_traffic_shift, &LifecycleFacts::hooks_passed},
  };
  for (const Row& row : rows) {
    const LifecycleState state{.stage = row.stage, .since = kNow, .production = 100};
    LifecycleFacts facts = kAllDone;
    facts.*row.fact = false;
    const LifecycleStep waits = advance({}, state, facts, kNow);
    EXPECT_EQ(waits.state, state) << name_of(row.stage);
    EXPECT_EQ(is_work_done(state, facts), row.fact == &LifecycleFacts::hooks_passed) << name_of(row.stage);
    facts.*row.fact = true;
    EXPECT_NE(advance({}, state, facts, kNow).state.stage, row.stage) << name_of(row.stage);
  }
}

TEST(LifecycleTest, test_traffic_shifts_where_there_is_a_test_route) {
  LifecycleState state{.stage = Lifecycle::post_scale_up, .since = kNow};
  EXPECT_EQ(advance({}, state, kAllDone, kNow).state.test, 100);
  LifecycleFacts facts = kAllDone;
  facts.has_test_route = facts.traffic_in_force = false;
  state = advance({}, state, facts, kNow).state;
  EXPECT_EQ(state.test, 0);
  EXPECT_EQ(advance({}, state, facts, kNow).state.stage, Lifecycle::post_test_traffic_shift);
}

TEST(LifecycleTest, work_that_takes_too_long_times_out_until_blue_begins_to_end) {
  const ShiftWish wish{.longest_stage = minutes(60)};
  LifecycleFacts facts;
  LifecycleState state{.stage = Lifecycle::scale_up, .since = kNow};
  LifecycleStep step = advance(wish, state, facts, kNow + minutes(59));
  EXPECT_FALSE(step.timed_out);
  EXPECT_EQ(step.next, kNow + minutes(60));
  EXPECT_TRUE(advance(wish, state, facts, kNow + minutes(60)).timed_out);
  state.stage = Lifecycle::clean_up;
  EXPECT_FALSE(advance(wish, state, facts, kNow + minutes(6000)).timed_out);
  state.stage = Lifecycle::post_scale_up;
  facts.hooks_passed = false;
  EXPECT_FALSE(advance(wish, state, facts, kNow + minutes(6000)).timed_out) << "hooks have time-outs of their own";
}

TEST(LifecycleTest, a_line_of_time_that_was_lost_lengthens_no_bake) {
  const ShiftWish wish{.bake = minutes(5)};
  const LifecycleState state{.stage = Lifecycle::bake_time, .since = kNow + minutes(600)};
  const LifecycleStep step = advance(wish, state, kAllDone, kNow);
  EXPECT_EQ(step.next, kNow + minutes(5));
}

TEST(LifecycleTest, shares_become_weights) {
  struct Row {
    double percent;
    Weights weights;
  };
  const Row rows[] = {{0, {0, 100}},      {100, {100, 0}},    {5, {5, 95}},   {0.1, {1, 999}}, {99.9, {999, 1}},
                      {33.3, {333, 667}}, {12.5, {125, 875}}, {-1, {0, 100}}, {101, {100, 0}}};
  for (const Row& row : rows) EXPECT_EQ(weights_of(row.percent), row.weights) << row.percent;
}

TEST(LifecycleTest, linear_steps_add_up_to_all) {
  for (const double percent : {3.0, 3.3, 10.0, 33.3, 50.0, 99.9, 100.0}) {
    const ShiftWish wish{.strategy = Strategy::linear, .percent = percent};
    double now = 0;
    int steps = 0;
    for (; now < 100 && steps < 40; ++steps) now = next_percent(wish, now, true);
    EXPECT_EQ(now, 100) << percent;
    EXPECT_EQ(steps, static_cast<int>(std::ceil(100 / percent - 1e-9))) << percent;
  }
}

TEST(LifecycleTest, every_stage_has_a_name_of_its_own) {
  for (int i = 0; i <= static_cast<int>(Lifecycle::done); ++i) {
    EXPECT_EQ(lifecycle_of(name_of(static_cast<Lifecycle>(i))), static_cast<Lifecycle>(i));
  }
  EXPECT_FALSE(lifecycle_of("LUNCH"));
}

}  // namespace
}  // namespace weir::rollout
