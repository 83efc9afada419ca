// Identifiers that depend on a text alone: for those that AWS would have drawn by lot and Weir would have to keep.
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace weir {

// Lower-case hexadecimal digits; `digits` is at most 64.
std::string stable_hex(std::string_view text, unsigned digits);

}  // namespace weir
