// The named numbers of room sim: how long simulated things take and how many there are. Simulated time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace weir::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

inline constexpr std::size_t kTraceLines = 50;        // shown when an invariant breaks
inline constexpr std::size_t kMaxEvents = 2'000'000;  // of one world; more is a livelock
inline constexpr unsigned kMaxStepsAtOnce = 200;      // of control without time passing; more is a livelock
inline constexpr seconds kQuietLimit{240};            // without faults, until facts must equal wishes
inline constexpr seconds kStillTime{8};               // how long they must then stay equal
inline constexpr unsigned kLongWorlds = 15;           // percent of worlds that go on until what is kept is over
// After control was told of a crash, with every link up and room on the disk; it tries a full one again every 10 s.
inline constexpr seconds kExitKnownWithin{15};
inline constexpr milliseconds kFeedbackInterval{1'000};  // as proxy/limits.h has it
inline constexpr milliseconds kResponseTimeout{60'000};  // of an exchange with a backend that hangs
inline constexpr unsigned kMaxAttempts = 4;              // backends tried for one request
inline constexpr milliseconds kBetweenFollows{20};       // from a change to the zones, as main/name_service has it
inline constexpr milliseconds kFollowAgain{1'000};       // likewise, after a failure
inline constexpr unsigned kFirstPort = 20'000;
inline constexpr unsigned kLastPort = 60'000;

inline constexpr std::int32_t kFirstMeshPort = 9001;
inline constexpr std::int32_t kSiblingPort = 9101;                   // of virtual services that nobody asks for
inline constexpr std::uint32_t kMeshRange = 127U << 24 | 72U << 16;  // 127.72.0.0: where virtual services are

}  // namespace weir::sim
