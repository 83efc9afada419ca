// UTF-8, as RFC 3629 has it. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

struct Character {
  std::uint32_t code = 0;
  std::size_t size = 0;  // bytes; 0: there is no character
};

// The first character of `text`, which is not empty.
Character first_character(std::string_view text);
bool is_utf8(std::string_view text);
// The text with U+FFFD in place of each byte that belongs to no character.
std::string repaired_utf8(std::string_view text);

}  // namespace weir
