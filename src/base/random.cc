#include "base/random.h"

#include <sys/random.h>

#include <bit>

#include "base/check.h"
#include "base/hex.h"

namespace weir {

namespace {
// splitmix64 spreads one seed over the whole state.
std::uint64_t split(std::uint64_t& x) {
  std::uint64_t z = (x += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}
}  // namespace

Random::Random(std::uint64_t seed) {
  for (auto& word : state_) word = split(seed);
}

std::uint64_t Random::next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

std::uint64_t Random::below(std::uint64_t bound) {
  check(bound > 0, "Random::below needs a positive bound");
  return static_cast<std::uint64_t>((static_cast<unsigned __int128>(next()) * bound) >> 64);
}

std::int64_t Random::between(std::int64_t low, std::int64_t high) {
  check(low <= high, "Random::between needs low <= high");
  return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low) + 1));
}

std::string Random::hex(unsigned digits) {
  std::string text(digits, '0');
  for (auto& c : text) c = kLowerHex[below(16)];
  return text;
}

std::uint64_t system_seed() {
  std::uint64_t seed = 0;
  check(getrandom(&seed, sizeof seed, 0) == sizeof seed, "the kernel gives entropy");
  return seed;
}

}  // namespace weir
