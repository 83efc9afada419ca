// The digits of base 16.
#pragma once

namespace weir {

inline constexpr char kLowerHex[] = "0123456789abcdef";
inline constexpr char kUpperHex[] = "0123456789ABCDEF";

}  // namespace weir
