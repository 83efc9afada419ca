// When the tests of reconcilers begin.
#pragma once

#include "base/clock.h"

namespace weir::control {

inline constexpr Timestamp kNow{1'700'000'000'000};

}  // namespace weir::control
