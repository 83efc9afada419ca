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

// --- metrics ---------------------------------------------------------------------------------------------------

inline constexpr std::chrono::milliseconds kMetricTurn{500};  // between two looks at what is due
inline constexpr double kSketchGrowth = 1.02;                 // of a percentile's buckets: half of it is the error, 1 %
inline constexpr std::size_t kMostSketchBuckets = 256;        // of one point
inline constexpr std::size_t kMostSeries = 10'000;            // metrics with their units: "Throttling"
inline constexpr std::size_t kMostSecondPoints = 300'000;     // over all metrics; beyond it they become minutes earlier
inline constexpr std::int64_t kMemorySeconds = 3 * 3600;      // what is kept in memory of each metric
inline constexpr std::int64_t kFeedSeconds = 10 * 60;  // how long what Weir itself publishes is kept by the second
inline constexpr std::int64_t kMetricDays = 15;        // how long minutes are kept on disk
inline constexpr std::int64_t kMostDayBytes =
    4 << 20;  // of a metric's day: minutes that were added to often are put together
inline constexpr std::size_t kFlushesPerTick = 200;    // metrics whose minute is over that are written in a second
inline constexpr std::size_t kExpiriesPerTick = 5;     // metrics that are looked at for days that are over, in a second
inline constexpr std::size_t kMostAlarmHistory = 100;  // items of an alarm; the oldest go
inline constexpr std::int64_t kMorePeriods = 2;        // looked at beyond an alarm's evaluation periods, as AWS does
inline constexpr int kAlarmHistoryDays = 30;           // as AWS keeps it
inline constexpr std::size_t kMostReasonPoints = 20;   // told of in an alarm's reason data
inline constexpr std::size_t kMostMathDepth = 32;      // of an expression
inline constexpr std::size_t kMostMathNodes = 512;     // of an expression
inline constexpr std::size_t kMostRuleNodes = 500;     // elements of a composite alarm's rule, as AWS has it
inline constexpr std::size_t kMostRuleAlarms = 100;    // that a composite alarm's rule speaks of, as AWS has it
inline constexpr std::int64_t kMostMathPoints = 200'000;  // of a series that is filled

}  // namespace weir::observe
