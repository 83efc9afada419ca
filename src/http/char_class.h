// Which bytes may stand where in an HTTP/1 head, and quick scans for the first one that may not.
#pragma once

#include <array>
#include <cstdint>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace weir::http {

enum CharClass : std::uint8_t {
  kTokenChar = 1,   // RFC 9110 5.6.2 tchar: methods and field names
  kTargetChar = 2,  // visible ASCII but '#': a fragment is never sent
  kHostChar = 4,    // RFC 3986 host and port: reg-name, IPv6 brackets, percent, colon
  kValueChar = 8,   // RFC 9110 5.5: visible, space, tab, obs-text
};

inline constexpr std::array<std::uint8_t, 256> kCharClass = [] {
  std::array<std::uint8_t, 256> classes{};
  const auto mark = [&](const char* chars, std::uint8_t as) {
    for (; *chars; ++chars) classes[static_cast<unsigned char>(*chars)] |= as;
  };
  for (unsigned c = 0; c < 256; ++c) {
    const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (alphanumeric) classes[c] |= kTokenChar | kHostChar;
    if (c > ' ' && c < 0x7f && c != '#') classes[c] |= kTargetChar;
    if ((c >= ' ' && c != 0x7f) || c == '\t') classes[c] |= kValueChar;
  }
  mark("!#$%&'*+-.^_`|~", kTokenChar);
  mark("-._~!$&'()*+;=:[]%", kHostChar);
  return classes;
}();

inline bool is(char c, CharClass of) { return kCharClass[static_cast<unsigned char>(c)] & of; }

// The first byte that is not of the class, or `end`.
inline const char* skip(const char* p, const char* end, CharClass of) {
  while (p != end && is(*p, of)) ++p;
  return p;
}

// skip(p, end, kValueChar), sixteen bytes at a time: values are most of a head.
inline const char* skip_value(const char* p, const char* end) {
#ifdef __SSE2__
  const __m128i last_control = _mm_set1_epi8(0x1f);
  const __m128i tab = _mm_set1_epi8('\t');
  const __m128i del = _mm_set1_epi8(0x7f);
  for (; end - p >= 16; p += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes);
    const __m128i bad = _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(bytes, tab), control), _mm_cmpeq_epi8(bytes, del));
    const int mask = _mm_movemask_epi8(bad);
    if (mask) return p + __builtin_ctz(static_cast<unsigned>(mask));
  }
#endif
  return skip(p, end, kValueChar);
}

// How far the name of a field that begins at `p` reaches, where its colon comes within 16 bytes and no space or control
// character before it; null otherwise.
inline const char* short_name_end(const char* p, const char* end) {
#ifdef __SSE2__
  if (end - p < 16) return nullptr;
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  const int colons = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(':')));
  const int low = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(' ')), bytes));
  const int first = colons & -colons;
  if (first != 0 && (low & (first - 1)) == 0) return p + __builtin_ctz(static_cast<unsigned>(first));
#else
  (void)p, (void)end;
#endif
  return nullptr;
}

}  // namespace weir::http
