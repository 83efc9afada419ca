#include "base/stable_hex.h"

#include <fmt/format.h>

#include <cstdint>

#include "base/check.h"

namespace weir {

namespace {

// FNV-1a with a final mix, so that texts that differ in their last character differ in every digit.
std::uint64_t hash(std::string_view text, std::uint64_t seed) {
  std::uint64_t h = 0xcbf29ce484222325ULL ^ (seed * 0x9e3779b97f4a7c15ULL);
  for (const unsigned char c : text) h = (h ^ c) * 0x100000001b3ULL;
  h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdULL;
  h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53ULL;
  return h ^ (h >> 33);
}

}  // namespace

std::string stable_hex(std::string_view text, unsigned digits) {
  check(digits <= 64, "a stable identifier has at most 64 digits");
  std::string all;
  for (std::uint64_t seed = 1; all.size() < digits; ++seed) all += fmt::format("{:016x}", hash(text, seed));
  all.resize(digits);
  return all;
}

}  // namespace weir
