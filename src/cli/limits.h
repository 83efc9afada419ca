// The named limits of room cli.
#pragma once

#include <chrono>
#include <cstddef>

namespace weir::cli {

inline constexpr std::chrono::seconds kConnectTimeout{5};
// Without a byte in either direction; following a log has none.
inline constexpr std::chrono::seconds kSilenceTimeout{60};
inline constexpr std::size_t kMaxReply = 64u << 20;  // bytes of an answer that is kept whole
inline constexpr std::size_t kPiece = 64u << 10;     // bytes read or sent at once
inline constexpr std::chrono::seconds kRedraw{1};    // of `weir status -w`

}  // namespace weir::cli
