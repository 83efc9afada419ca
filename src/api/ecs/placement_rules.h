// What makes the wishes of a service or of RunTask for a place valid. They are checked and kept: there is one machine.
// Pure functions; any thread.
#pragma once

#include <optional>
#include <vector>

#include "api/action.h"
#include "api/ecs/references.h"

namespace weir::api::ecs {

struct PlacementWish {
  const std::optional<std::vector<model::ecs::PlacementConstraint>>& constraints;
  const std::optional<std::vector<model::ecs::PlacementStrategy>>& strategy;
  bool on_fargate = false;  // where nobody chooses the place
};

// Errors: InvalidParameterException.
Result<> check_placement_wish(const PlacementWish& wish);

}  // namespace weir::api::ecs
