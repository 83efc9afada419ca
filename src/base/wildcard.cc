#include "base/wildcard.h"

#include "base/ascii.h"

namespace weir {

// Greedy with one point to come back to, the latest star: time is at most pattern × text, memory constant.
bool wildcard_match(std::string_view pattern, std::string_view text, Case letters) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  const auto same = [letters](char a, char b) {
    return letters == Case::ignored ? lower_letter(a) == lower_letter(b) : a == b;
  };
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || same(pattern[p], text[t]))) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace weir
