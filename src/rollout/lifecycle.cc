#include "rollout/lifecycle.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace weir::rollout {

namespace {

constexpr const char* kNames[] = {
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
    "BAKE_TIME",
    "CLEAN_UP",
    "DONE",
};
constexpr double kAll = 100;

Lifecycle after(Lifecycle stage) { return static_cast<Lifecycle>(static_cast<int>(stage) + 1); }

class Advance {
 public:
  Advance(const ShiftWish& wish, const LifecycleState& state, const LifecycleFacts& facts, Moment now)
      : wish_(wish), facts_(facts), now_(now), step_{.state = state} {}

  LifecycleStep run() {
    if (state().stage == Lifecycle::done) return step_;
    // A line of time that was lost with its machine's calendar makes nothing last longer than it may.
    if (now_ < state().since) state().since = now_;
    if (state().settled && now_ < *state().settled) state().settled = now_;
    if (!is_work_done(state(), facts_)) {
      time_out();
    } else if (facts_.hooks_passed && has_baked()) {
      move();
    }
    return step_;
  }

 private:
  LifecycleState& state() { return step_.state; }

  // What was begun at CLEAN_UP has no way back.
  void time_out() {
    if (state().stage >= Lifecycle::clean_up || wish_.longest_stage <= Duration(0)) return;
    const Moment until = state().since + wish_.longest_stage;
    step_.timed_out = until <= now_;
    if (!step_.timed_out) step_.next = until;
  }

  bool has_baked() {
    if (state().stage == Lifecycle::bake_time) return !facts_.has_blue || is_over(state().since, wish_.bake);
    if (state().stage != Lifecycle::production_traffic_shift || state().production >= kAll) return true;
    if (!state().settled) state().settled = now_;
    return is_over(*state().settled, wish_.step_bake);
  }
  bool is_over(Moment since, Duration lasts) {
    const Moment until = since + lasts;
    if (until <= now_) return true;
    step_.next = until;
    return false;
  }

  void move() {
    const bool again = state().stage == Lifecycle::production_traffic_shift && state().production < kAll;
    const Lifecycle to = again ? Lifecycle::pre_production_traffic_shift : after(state().stage);
    state().stage = to;
    state().since = now_;
    state().settled.reset();
    if (to == Lifecycle::test_traffic_shift && facts_.has_test_route) state().test = kAll;
    if (to == Lifecycle::production_traffic_shift) {
      state().production = next_percent(wish_, state().production, facts_.has_blue);
    }
  }

  const ShiftWish& wish_;
  const LifecycleFacts& facts_;
  const Moment now_;
  LifecycleStep step_;
};

}  // namespace

const char* name_of(Lifecycle stage) { return kNames[static_cast<int>(stage)]; }

std::optional<Lifecycle> lifecycle_of(std::string_view name) {
  const auto found = std::find(std::begin(kNames), std::end(kNames), name);
  if (found == std::end(kNames)) return std::nullopt;
  return static_cast<Lifecycle>(found - std::begin(kNames));
}

bool is_work_done(const LifecycleState& state, const LifecycleFacts& facts) {
  switch (state.stage) {
    case Lifecycle::reconcile_service:
      return facts.reconciled;
    case Lifecycle::scale_up:
    case Lifecycle::pre_production_traffic_shift:
      return facts.green_serves;
    case Lifecycle::test_traffic_shift:
      return !facts.has_test_route || facts.traffic_in_force;
    case Lifecycle::production_traffic_shift:
      return facts.traffic_in_force;
    case Lifecycle::clean_up:
      return facts.old_gone;
    default:
      return true;
  }
}

LifecycleStep advance(const ShiftWish& wish, const LifecycleState& state, const LifecycleFacts& facts, Moment now) {
  return Advance(wish, state, facts, now).run();
}

double next_percent(const ShiftWish& wish, double percent, bool has_blue) {
  if (!has_blue || wish.strategy == Strategy::blue_green) return kAll;
  if (wish.strategy == Strategy::canary) return percent < wish.percent ? wish.percent : kAll;
  // To tenths, so that a hundred steps of 0.1 end at 10.
  return std::min(kAll, std::round((percent + wish.percent) * 10) / 10);
}

Weights weights_of(double percent) {
  const auto tenths = static_cast<std::int32_t>(std::lround(std::clamp(percent, 0.0, kAll) * 10));
  if (tenths % 10 == 0) return {tenths / 10, 100 - tenths / 10};
  return {tenths, 1000 - tenths};
}

}  // namespace weir::rollout
