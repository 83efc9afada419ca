// Where a target is: what its id and port mean on this machine. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "model/elbv2/shapes.h"

namespace weir::api::elbv2 {

namespace shapes = model::elbv2;

struct Place {
  std::string address;  // an IP literal in its shortest form
  std::int32_t port = 0;
  bool operator==(const Place&) const = default;
};

// The place of `target`, at the port of `group` where it says none. In a group of type instance too a target is known
// by its address: there are no instances here. Errors: InvalidTarget.
Result<Place> place_of(const shapes::TargetDescription& target, const shapes::TargetGroup& group);

}  // namespace weir::api::elbv2
