// Limits of room dns: named here, so that they can be found and argued with.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace weir::dns {

inline constexpr std::size_t kHead = 12;               // octets before the question, RFC 1035 4.1.1
inline constexpr std::size_t kLongestName = 255;       // octets on the wire, RFC 1035 2.3.4
inline constexpr std::size_t kLongestLabel = 63;       // likewise
inline constexpr std::size_t kPlainDatagram = 512;     // where the client does not say more, RFC 1035 2.3.4
inline constexpr std::size_t kLargestDatagram = 1232;  // whatever it says: fits every path unfragmented
inline constexpr std::size_t kLargestQuery = 4096;     // in a datagram; longer ones are cut, and malformed by that
inline constexpr std::size_t kLargestMessage = 65535;  // over TCP
inline constexpr std::size_t kMostAnswers = 8;         // of a MULTIVALUE name, as Route 53 has it
inline constexpr std::size_t kMostAliases = 8;         // CNAMEs followed within the table

inline constexpr std::size_t kLargestZoneFile = 64 << 20;  // octets

inline constexpr std::size_t kMostPortTries = 16;  // for a port that is free for datagrams and streams
inline constexpr int kUnreadDatagrams = 1 << 20;   // octets that may wait in the kernel, where it permits so many
inline constexpr std::size_t kDatagramsPerTurn = 64;
inline constexpr std::size_t kMostStreams = 128;       // TCP connections; one more takes the place of the idlest
inline constexpr std::size_t kMostPipelined = 32;      // queries of a stream that wait for somebody else's answer
inline constexpr std::size_t kMostUnsent = 256 << 10;  // octets of answers that a stream's client does not take
inline constexpr Duration kStreamPatience = std::chrono::seconds(10);  // for the next whole query (RFC 7766, 6.2.3)

inline constexpr std::size_t kMostForwarded = 512;  // queries that are out at a time
inline constexpr std::size_t kMostResolvers = 3;    // of resolv.conf, as the C library has it
inline constexpr Duration kForwardPatience = std::chrono::milliseconds(1500);  // with one of them
inline constexpr std::size_t kMostForwardTries = 3;  // together less than the 5 seconds that the C library waits
inline constexpr Duration kResolvConfAge = std::chrono::seconds(1);  // how old what was read of it may be

// A zone that control has written is read and answered by the server within this. Tasks are told to stop only after it.
inline constexpr std::chrono::milliseconds kZoneReadWithin{50};

}  // namespace weir::dns
