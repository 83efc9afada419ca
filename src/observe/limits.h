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
// What one event made of a container's lines holds: 256 KiB less 26 bytes, as AWS counts.
inline constexpr std::size_t kMaxLogEventBytes = (256 << 10) - 26;
// How long an event that may have more lines is held back for them, since its first line.
inline constexpr std::chrono::seconds kHoldEvent{5};
// Words in a filter pattern.
inline constexpr std::size_t kMaxPatternTerms = 64;
inline constexpr std::size_t kMaxPatternDepth = 16;
// How often events older than their group's retention are removed.
inline constexpr std::chrono::minutes kRetentionInterval{1};

}  // namespace weir::observe
