// The named limits of the façade.
#pragma once

#include <cstddef>

namespace weir::api {

// How often a write is tried anew after somebody else wrote one of its documents.
inline constexpr int kMaxConflictRetries = 8;
inline constexpr std::size_t kMaxTags = 50;  // a resource, as AWS has it

}  // namespace weir::api
