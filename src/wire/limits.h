// Every bound of the room `wire`. What goes over one is answered as said beside it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace weir::wire {

inline constexpr std::uint64_t kMaxBody = 16 * 1024 * 1024;                         // bytes of an API call: 413
inline constexpr std::uint64_t kMaxUpload = std::uint64_t{4} * 1024 * 1024 * 1024;  // bytes spooled to a file: 413
inline constexpr std::uint64_t kMaxBodies = 256 * 1024 * 1024;     // bytes of all bodies being received: 503 and close
inline constexpr std::size_t kMaxFormDepth = 32;                   // dots in a field's name
inline constexpr std::size_t kMaxCborDepth = 64;                   // of a call's CBOR
inline constexpr std::size_t kMaxListIndex = 10'000;               // of Names.member.N
inline constexpr std::size_t kMaxPathParts = 64;                   // of a REST call's path: it is none of ours
inline constexpr std::size_t kMaxConnections = 1024;               // the slowest makes way, or 503 and close
inline constexpr std::size_t kMaxWaitingInput = 256 * 1024;        // bytes read ahead of a request still being answered
inline constexpr std::size_t kMaxWaitingOutput = 8 * 1024 * 1024;  // bytes a streamed reply may have unsent: closed
inline constexpr std::size_t kMaxUnsent = 1024 * 1024;  // bytes of answers unsent before a pipelined request waits
inline constexpr std::size_t kReadSize = 64 * 1024;

inline constexpr std::chrono::seconds kHeadTimeout{30};   // from the first byte of a request to the end of its head
inline constexpr std::chrono::seconds kBodyTimeout{60};   // between two pieces of a body
inline constexpr std::chrono::seconds kWriteTimeout{60};  // between two pieces that the client takes
inline constexpr std::chrono::seconds kIdleTimeout{120};  // between two requests
inline constexpr std::chrono::seconds kPatience{1};       // with a request or an answer, before its client may have to make way
inline constexpr std::chrono::seconds kLingerTimeout{2};  // for the client to read the last answer

}  // namespace weir::wire
