// The stages of a deployment of the strategies BLUE_GREEN, LINEAR and CANARY as a pure function: from where it stands
// and what is so it says where it stands next, one stage at a time. Asked again with its own answer and the same facts
// it comes to rest. What the stages ask for (tasks, weights, hooks) others carry out. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/moment.h"

namespace weir::rollout {

// In their order; the names are AWS's.
enum class Lifecycle : std::uint8_t {
  reconcile_service,              // what an earlier deployment left is brought back to one revision
  pre_scale_up,                   //
  scale_up,                       // green's tasks start, all of them, until they serve
  post_scale_up,                  //
  test_traffic_shift,             // the test routes lead to green
  post_test_traffic_shift,        //
  pre_production_traffic_shift,   // before each step
  production_traffic_shift,       // a step: green's share grows, and stays for the step's bake
  post_production_traffic_shift,  //
  bake_time,                      // green has all of the traffic, blue still runs
  clean_up,                       // blue ends
  done,
};
const char* name_of(Lifecycle stage);
std::optional<Lifecycle> lifecycle_of(std::string_view name);

enum class Strategy : std::uint8_t { blue_green, linear, canary };

struct ShiftWish {
  Strategy strategy = Strategy::blue_green;
  double percent = 100;  // of the canary, of each linear step
  Duration step_bake{};  // after each step but the last
  Duration bake{};       // after the last
  Duration longest_stage{};
};

struct LifecycleState {
  Lifecycle stage = Lifecycle::reconcile_service;
  Moment since;
  std::optional<Moment> settled;  // since when the step's bake runs
  double production = 0;          // green's share, percent, as it is asked for
  double test = 0;
  bool operator==(const LifecycleState&) const = default;
};

// What is so, of the stage that is.
struct LifecycleFacts {
  bool has_blue = false;          // there is something to shift from
  bool has_test_route = false;    //
  bool reconciled = true;         // no tasks but blue's are left of earlier deployments
  bool green_serves = false;      // all of its tasks, as every worker knows
  bool traffic_in_force = false;  // every worker runs the weights that are asked for
  bool hooks_passed = true;
  bool old_gone = false;  // no tasks but green's are left
};

struct LifecycleStep {
  LifecycleState state;
  std::optional<Moment> next;  // when time alone brings more
  bool timed_out = false;      // the stage's own work has taken longer than any may
};

// Whether the stage's own work is done, so that its hooks may begin.
bool is_work_done(const LifecycleState& state, const LifecycleFacts& facts);

// At most one stage on.
LifecycleStep advance(const ShiftWish& wish, const LifecycleState& state, const LifecycleFacts& facts, Moment now);

// Green's share after the next step: 100 at once where there is nothing to shift from.
double next_percent(const ShiftWish& wish, double percent, bool has_blue);

// The weights of green and blue that part traffic so: whole percents, or thousandths.
struct Weights {
  std::int32_t green = 0;
  std::int32_t blue = 0;
  bool operator==(const Weights&) const = default;
};
Weights weights_of(double percent);

}  // namespace weir::rollout
