// The named limits of room observe.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace weir::observe {

// A stream's events are kept in segments; a full one is closed and never changed again.
inline constexpr std::int64_t kLogSegmentBytes = 1 << 20;
// What one stream keeps at most: beyond it the oldest segments go.
inline constexpr std::size_t kLogSegments = 256;
// What is read of one segment: a full one and the largest batch after it.
inline constexpr std::int64_t kMaxLogSegmentBytes = 16 << 20;
// Words in a filter pattern.
inline constexpr std::size_t kMaxPatternTerms = 64;
inline constexpr std::size_t kMaxPatternDepth = 16;
// How often events older than their group's retention are removed.
inline constexpr std::chrono::minutes kRetentionInterval{1};

}  // namespace weir::observe
