// The named limits of room net.
#pragma once

namespace weir::net {

// Events taken from the kernel per loop turn.
inline constexpr int kEventsPerTurn = 256;
// Connections that wait in a listening socket's queue.
inline constexpr int kListenBacklog = 4096;

}  // namespace weir::net
