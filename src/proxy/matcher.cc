#include "proxy/matcher.h"

namespace weir::proxy {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool any_fits(const std::vector<std::string>& patterns, std::string_view text, Case letters) {
  if (patterns.empty()) return true;
  for (const std::string& pattern : patterns) {
    if (wildcard_match(pattern, text, letters)) return true;
  }
  return false;
}

}  // namespace

// Greedy with one point to come back to, the latest star: time is at most pattern × text, memory constant.
bool wildcard_match(std::string_view pattern, std::string_view text, Case letters) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  const auto same = [letters](char a, char b) { return letters == Case::ignored ? lower(a) == lower(b) : a == b; };
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

std::string_view host_of(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
  return authority.substr(0, authority.find(':'));
}

bool matches(const route::Match& match, std::string_view host, std::string_view path) {
  return any_fits(match.hosts, host, Case::ignored) && any_fits(match.paths, path, Case::sensitive);
}

}  // namespace weir::proxy
