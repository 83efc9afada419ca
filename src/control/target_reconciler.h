// The life of one target that was registered by hand, as a pure function: what its state becomes, given the wish and
// what the proxy says. Asked again with its own result it changes nothing. Any thread.
#pragma once

#include <optional>

#include "control/target_life.h"
#include "model/documents.h"

namespace weir::control {

struct TargetStep {
  std::optional<model::TargetState> state;  // none: there is none any more
  bool changed = false;
  std::optional<Moment> next;  // when time alone brings more
  bool awaits_acknowledgement = false;
  bool drains = false;
};

// `wish` is null where the target was deregistered, `state` where nothing has become of it yet.
TargetStep step_target(const model::Target* wish, const model::TargetState* state, const TargetView& view, Moment now);

}  // namespace weir::control
