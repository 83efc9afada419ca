// Limits of room dns: named here, so that they can be found and argued with.
#pragma once

#include <cstddef>
#include <cstdint>

namespace weir::dns {

inline constexpr std::size_t kHead = 12;               // octets before the question, RFC 1035 4.1.1
inline constexpr std::size_t kLongestName = 255;       // octets on the wire, RFC 1035 2.3.4
inline constexpr std::size_t kLongestLabel = 63;       // likewise
inline constexpr std::size_t kPlainDatagram = 512;     // where the client does not say more, RFC 1035 2.3.4
inline constexpr std::size_t kLargestDatagram = 1232;  // whatever it says: fits every path unfragmented
inline constexpr std::size_t kLargestMessage = 65535;  // over TCP
inline constexpr std::size_t kMostAnswers = 8;         // of a MULTIVALUE name, as Route 53 has it
inline constexpr std::size_t kMostAliases = 8;         // CNAMEs followed within the table

}  // namespace weir::dns
