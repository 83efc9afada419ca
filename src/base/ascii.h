// Letters of ASCII, whatever the locale says. Pure; any thread.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace weir {

constexpr char lower_letter(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

inline std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), lower_letter);
  return lower;
}

// Whether the two are one but for the case of letters.
constexpr bool same_letters(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower_letter, lower_letter);
}

constexpr bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Whether the text has nothing but letters, digits and those `besides`.
constexpr bool consists_of(std::string_view text, std::string_view besides) {
  return std::ranges::all_of(text, [besides](char c) { return is_letter_or_digit(c) || besides.contains(c); });
}

}  // namespace weir
