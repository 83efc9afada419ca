// The named limits of room net.
#pragma once

#include <cstddef>

namespace weir::net {

// Events taken from the kernel per loop turn.
inline constexpr int kEventsPerTurn = 256;
// Connections that wait in a listening socket's queue.
inline constexpr int kListenBacklog = 4096;

// TLS, per connection, in bytes. A record holds at most kTlsRecord of content and little more around it.
inline constexpr std::size_t kTlsRecord = 16 * 1024;
inline constexpr std::size_t kTlsRecordRoom = kTlsRecord + 2048;
inline constexpr std::size_t kTlsHighMark = 64 * 1024;    // encrypted and unsent: no more is encrypted
inline constexpr std::size_t kTlsMaxUnsent = 256 * 1024;  // ... and what the protocol itself may add before it fails
inline constexpr std::size_t kTlsKept = 4 * 1024;         // kept by a connection that has nothing to send

// A handshake in memory: turns of both ends, and bytes on their way from one to the other. A chain of certificates that is
// larger is written in pieces.
inline constexpr int kRehearsalRounds = 64;
inline constexpr std::size_t kRehearsalBuffer = 64 * 1024;

// TLS session tickets: keys that a server has at a time, and for how long it takes a ticket, in seconds.
inline constexpr std::size_t kTicketKeys = 3;
inline constexpr long kTicketLife = 2 * 3600;

// PROXY protocol headers, in bytes; longer ones are malformed.
inline constexpr std::size_t kMaxProxyLine = 107;     // version 1, CRLF included: its specification's own bound
inline constexpr std::size_t kMaxProxyHeader = 4096;  // version 2, with all that follows the addresses

}  // namespace weir::net
