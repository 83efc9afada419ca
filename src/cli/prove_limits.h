// The named limits and defaults of `weir prove`.
#pragma once

#include <chrono>
#include <cstddef>

namespace weir::cli {

inline constexpr long kProveMaxRate = 200'000;  // requests per second, of each protocol
inline constexpr long kProveMaxConnections = 10'000;
inline constexpr std::size_t kProveConnections = 32;   // HTTP/1.1; open from the start, used in turn
inline constexpr std::size_t kProveH2Connections = 4;  // HTTP/2 and gRPC
inline constexpr std::size_t kProveOneShots = 256;     // at once, where each request has a connection of its own
inline constexpr std::size_t kProveStreams = 100;      // at once on one HTTP/2 connection
inline constexpr std::size_t kProveMessages = 3;       // of a stream or WebSocket
inline constexpr long kProveMaxMessages = 10'000;
inline constexpr std::chrono::seconds kProveTimeout{5};
inline constexpr std::size_t kProveMaxBody = 1u << 20;   // bytes of an answer that are kept; the rest is counted only
inline constexpr std::size_t kProveMaxSent = 64u << 20;  // bytes of a request's body
inline constexpr std::size_t kProveVersionText = 4096;   // bytes of a body looked through for a version
inline constexpr std::size_t kProveExample = 120;        // bytes of an answer shown beside a failure
inline constexpr std::size_t kProvePiece = 64u << 10;    // bytes received or sent at once
inline constexpr std::chrono::milliseconds kProveTick{20};        // between looks at timeouts and lost connections
inline constexpr std::chrono::milliseconds kProveReconnect{100};  // after a refused connection nobody waited for
inline constexpr std::chrono::seconds kProveMarkWindow{5};        // before, during and after a marked event, each
inline constexpr int kProveMarkSlices = 20;                       // what the time before a mark is remembered in
inline constexpr std::size_t kProveMaxMarks = 1000;
inline constexpr std::size_t kProveListed = 1000;  // failures told one by one in the JSON, the first ones

}  // namespace weir::cli
