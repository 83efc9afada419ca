// The named limits of room route: what a RouteTable may hold.
#pragma once

#include <cstddef>
#include <cstdint>

namespace weir::route {

inline constexpr std::int64_t kMaxWeight = 999;
inline constexpr std::int64_t kMaxMillis = 7LL * 24 * 3600 * 1000;  // a week: the longest duration in a table
inline constexpr std::int64_t kMaxThreshold = 1000;
// Certificates of one listener.
inline constexpr std::size_t kMaxCertificates = 100;

}  // namespace weir::route
