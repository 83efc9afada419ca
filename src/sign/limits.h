// Every bound of the room `sign`. What goes over one is refused as said beside it.
#pragma once

#include <chrono>
#include <cstddef>

namespace weir::sign {

inline constexpr std::size_t kMaxFormFields = 10'000;  // of a form: "Form"
inline constexpr std::size_t kMaxSignedHeaders = 64;   // "IncompleteSignature"
inline constexpr std::chrono::minutes kMaxClockSkew{15};
inline constexpr std::chrono::hours kMaxPresigned{7 * 24};

}  // namespace weir::sign
