#include "control/target_reconciler.h"

namespace weir::control {

namespace {

TargetStep enter(const model::Target& wish) {
  TargetStep step{.changed = true};
  step.state = model::TargetState{.scope = wish.scope};
  step.state->target.target_group = wish.target_group;
  step.state->target.address = wish.address;
  step.state->target.port = wish.port;
  step.state->target.state = "checking";
  return step;
}

}  // namespace

TargetStep step_target(const model::Target* wish, const model::TargetState* state, const TargetView& view, Moment now) {
  const bool wanted = wish && view.group_exists;
  if (!state) return wanted ? enter(*wish) : TargetStep{};
  TargetStep step;
  step.state = *state;
  model::TaskTarget& target = step.state->target;
  TargetLife life(target, view, now);
  if (wanted) {
    if (target.state == "draining") {  // registered again before it had gone
      target.state = "checking";
      target.draining_since.reset();
      step.changed = true;
    }
    life.serve(TargetLife::Needs::verdict);
  } else {
    life.begin_drain();
    if (life.drain()) step.state.reset();
    step.drains = step.state.has_value();
  }
  step.changed |= life.changed();
  step.awaits_acknowledgement = life.awaits_acknowledgement();
  step.next = life.next();
  return step;
}

}  // namespace weir::control
