// The named limits of room route: what a RouteTable may hold.
#pragma once

#include <cstddef>
#include <cstdint>

namespace weir::route {

inline constexpr std::int64_t kMaxWeight = 999;
inline constexpr std::int64_t kMaxMillis = 7LL * 24 * 3600 * 1000;  // a week: the longest duration in a table
inline constexpr std::int64_t kMaxThreshold = 1000;
inline constexpr std::int64_t kMaxLimit = 1'000'000;  // connections, requests
inline constexpr std::int64_t kMaxRetries = 10;
inline constexpr std::int64_t kMaxRequestBody = 1LL << 40;
inline constexpr std::size_t kMaxCookieName = 128;
// Of one object: no object of ours has more, so that what stands behind them cannot be known.
inline constexpr std::size_t kMaxMembers = 64;
// Bytes of a path or a host name that a rule puts in the place of the request's.
inline constexpr std::size_t kMaxRewrite = 2048;
// Certificates of one listener.
inline constexpr std::size_t kMaxCertificates = 100;

}  // namespace weir::route
