// The named limits of room store.
#pragma once

#include <cstddef>

namespace weir::store {

// Deletions that the change feed remembers. A reader further behind than that is told "Trimmed" and starts afresh.
// They are trimmed down to this number when there are twice as many.
inline constexpr std::size_t kTombstonesKept = 4096;

}  // namespace weir::store
