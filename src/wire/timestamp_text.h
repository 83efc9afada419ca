// Timestamps as text, in the forms that AWS's protocols carry. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace weir::wire {

// "2026-11-21T07:19:00Z" with or without a fraction and with an offset ("+01:00") or Z; or seconds since 1970, with or
// without a fraction.
std::optional<Timestamp> read_timestamp(std::string_view text);

}  // namespace weir::wire
