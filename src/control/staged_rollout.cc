#include "control/staged_rollout.h"

#include <algorithm>
#include <utility>

#include "control/limits.h"

namespace weir::control {

namespace {

using model::StagedDeployment;
using rollout::Lifecycle;
using rollout::LifecycleState;

constexpr double kDefaultStep = 10;     // percent
constexpr double kDefaultCanary = 5;    // percent
constexpr int kDefaultStepBake = 6;     // AWS minutes
constexpr int kDefaultCanaryBake = 10;  // AWS minutes
constexpr int kMostStages = 100;        // within one turn: a linear deployment without bakes has a hundred at most

rollout::ShiftWish wish_of(const model::ecs::DeploymentConfiguration& given, Duration minute) {
  rollout::ShiftWish wish{.bake = minute * given.bakeTimeInMinutes.value_or(0),
                          .longest_stage = minute * kLongestStage};
  if (given.strategy == "LINEAR") {
    const auto linear = given.linearConfiguration.value_or(model::ecs::LinearConfiguration{});
    wish.strategy = rollout::Strategy::linear;
    wish.percent = linear.stepPercent.value_or(kDefaultStep);
    wish.step_bake = minute * linear.stepBakeTimeInMinutes.value_or(kDefaultStepBake);
  } else if (given.strategy == "CANARY") {
    const auto canary = given.canaryConfiguration.value_or(model::ecs::CanaryConfiguration{});
    wish.strategy = rollout::Strategy::canary;
    wish.percent = canary.canaryPercent.value_or(kDefaultCanary);
    wish.step_bake = minute * canary.canaryBakeTimeInMinutes.value_or(kDefaultCanaryBake);
  }
  return wish;
}

LifecycleState state_of(const StagedDeployment& staged) {
  return {.stage = rollout::lifecycle_of(staged.stage).value_or(Lifecycle::reconcile_service),
          .since = staged.stage_since,
          .settled = staged.settled_at,
          .production = staged.production_percent,
          .test = staged.test_percent};
}

bool has_test_route(const StagedDeployment& staged) {
  return std::any_of(staged.routes.begin(), staged.routes.end(), [](const auto& r) { return !r.test_rule.empty(); });
}

class StagedTurn {
 public:
  StagedTurn(StagedDeployment& staged, const StagedView& view) : staged_(staged), view_(view) {}

  StagedStep advance(Random& random) {
    const rollout::ShiftWish wish = wish_of(staged_.configuration, view_.minute);
    for (int i = 0; i < kMostStages && !out_.failure && !out_.over; ++i) {
      LifecycleState state = state_of(staged_);
      rollout::LifecycleFacts facts = facts_of(state.stage);
      if (out_.failure) break;
      if (rollout::is_work_done(state, facts)) facts.hooks_passed = run_hooks(random) && !out_.failure;
      if (out_.failure) break;
      const rollout::LifecycleStep step = rollout::advance(wish, state, facts, view_.now.moment);
      if (step.timed_out) out_.failure = "Service deployment rolled back because " + staged_.stage + " timed out.";
      if (step.next) wake_at(*step.next);
      staged_.stage_since = step.state.since;
      staged_.settled_at = step.state.settled;
      if (step.state.stage == state.stage) break;
      out_.over = step.state.stage == Lifecycle::done;
      if (!out_.over) enter(step.state);
    }
    return std::move(out_);
  }

  StagedStep go_back(Random& random) {
    if (staged_.stage != "CLEAN_UP" && view_.facts.way_back != WayBack::open) return std::move(out_);
    const bool told = shift(/*only_present=*/true);
    while (told && staged_.stage != "CLEAN_UP") {
      // Whatever they answer: there is no going back from going back.
      if (!run_hooks(random)) break;
      out_.failure.reset();
      const bool test_too = staged_.stage == "PRODUCTION_TRAFFIC_SHIFT" && has_test_route(staged_);
      enter_stage(test_too ? "TEST_TRAFFIC_SHIFT" : "CLEAN_UP");
    }
    out_.failure.reset();
    out_.over = staged_.stage == "CLEAN_UP" && view_.facts.old_gone;
    return std::move(out_);
  }

  StagedStep withdraw() {
    if (!staged_.blue.empty() && !is_past_return(staged_)) {
      if (view_.facts.way_back == WayBack::blocked) return std::move(out_);
      staged_.production_percent = staged_.test_percent = view_.facts.way_back == WayBack::gone ? 100 : 0;
      out_.over = shift(/*only_present=*/true);
    } else {
      out_.over = true;
    }
    return std::move(out_);
  }

 private:
  void wake_at(Moment at) { out_.next = out_.next ? std::min(*out_.next, at) : at; }

  void enter_stage(const char* stage) {
    staged_.stage = stage;
    staged_.stage_since = view_.now.moment;
    staged_.settled_at.reset();
    staged_.hooks.clear();
    staged_.hooks_begun = false;
  }
  void enter(const LifecycleState& state) {
    enter_stage(rollout::name_of(state.stage));
    staged_.production_percent = state.production;
    staged_.test_percent = state.test;
  }

  rollout::LifecycleFacts facts_of(Lifecycle stage) {
    rollout::LifecycleFacts facts{.has_blue = !staged_.blue.empty(),
                                  .has_test_route = has_test_route(staged_),
                                  .reconciled = view_.facts.reconciled,
                                  .green_serves = view_.facts.green_serves,
                                  .old_gone = view_.facts.old_gone};
    if (stage == Lifecycle::pre_scale_up && !staged_.hooks_begun) {
      out_.failure = network_fault(staged_.routes, view_.routes);
    }
    if (stage == Lifecycle::test_traffic_shift || stage == Lifecycle::production_traffic_shift) {
      facts.traffic_in_force = shift(/*only_present=*/false);
    }
    return facts;
  }

  bool run_hooks(Random& random) {
    if (!staged_.hooks_begun) begin_hooks(staged_, view_.now, view_.minute, random);
    HookStep step = step_hooks(staged_, {view_.service, view_.replies, view_.now.moment, view_.minute});
    if (step.next) wake_at(*step.next);
    for (auto& call : step.calls) out_.calls.push_back(std::move(call));
    if (step.failure) out_.failure = std::move(step.failure);
    return step.passed;
  }

  // Wishes the weights that are asked for; true once every worker runs them. Without a blue there is nobody to lead
  // production's requests to before they are green's.
  bool shift(bool only_present) {
    bool in_force = true;
    const bool leads_production = !staged_.blue.empty() || staged_.production_percent > 0;
    for (const auto& route : staged_.routes) {
      if (leads_production) in_force &= shift(route.production_rule, route, staged_.production_percent, only_present);
      if (!route.test_rule.empty()) in_force &= shift(route.test_rule, route, staged_.test_percent, only_present);
    }
    out_.awaits_acknowledgement |= !in_force;
    return in_force;
  }

  bool shift(const std::string& arn, const model::StagedRoute& route, double percent, bool only_present) {
    const auto view = view_.routes.find(arn);
    // Two balancers of a service may share a rule: what was wished in this turn already counts.
    const auto wished = out_.routes.find(arn);
    const Actions* now = wished != out_.routes.end()  ? &wished->second
                         : view != view_.routes.end() ? &view->second.actions
                                                      : nullptr;
    const auto changed = now ? with_weights(*now, route, rollout::weights_of(percent)) : std::nullopt;
    if (!changed) {
      if (!only_present) out_.failure = network_fault(staged_.routes, view_.routes);
      return only_present;
    }
    if (same_actions(*changed, view->second.actions)) {
      out_.routes.erase(arn);  // an earlier stage of this turn may have wished otherwise
      return view->second.in_force;
    }
    out_.routes[arn] = *changed;
    return false;
  }

  static bool same_actions(const Actions& a, const Actions& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const auto& x, const auto& y) { return to_json_shape(x) == to_json_shape(y); });
  }

  StagedDeployment& staged_;
  const StagedView& view_;
  StagedStep out_;
};

}  // namespace

StagedDeployment begin_staged(const model::Service& service, const model::ServiceState& state,
                              const model::Deployment& green, Moment now) {
  StagedDeployment staged{.deployment = green.id,
                          .blue = state.completed_deployment,
                          .target_revision = green.revision,
                          .source_revision = state.completed_revision,
                          .stage_since = now};
  if (service.deployment_configuration) staged.configuration = *service.deployment_configuration;
  staged.configuration.strategy = green.strategy;
  staged.routes = routes_of(service, green.target_groups);
  return staged;
}

StagedStep advance_staged(StagedDeployment& staged, const StagedView& view, Random& random) {
  return StagedTurn(staged, view).advance(random);
}

void turn_back(StagedDeployment& staged, Moment now) {
  const LifecycleState state = state_of(staged);
  staged.going_back = true;
  staged.stage = state.production > 0 ? "PRODUCTION_TRAFFIC_SHIFT" : state.test > 0 ? "TEST_TRAFFIC_SHIFT" : "CLEAN_UP";
  staged.stage_since = now;
  staged.settled_at.reset();
  staged.production_percent = staged.test_percent = 0;
  staged.hooks_begun = false;
  staged.hooks.clear();
}

StagedStep go_back(StagedDeployment& staged, const StagedView& view, Random& random) {
  return StagedTurn(staged, view).go_back(random);
}

StagedStep withdraw(StagedDeployment& staged, const StagedView& view) { return StagedTurn(staged, view).withdraw(); }

bool is_past_return(const StagedDeployment& staged) { return staged.stage == "CLEAN_UP" && !staged.going_back; }

}  // namespace weir::control
