// Chance is a parameter: a Random is constructed from a seed in main/ or by a simulation and handed down.
#pragma once

#include <cstdint>
#include <string>

namespace weir {

// xoshiro256**: small, quick, repeatable on every machine. Not for secrets. One thread.
class Random {
 public:
  explicit Random(std::uint64_t seed);

  std::uint64_t next();
  // Uniform in [0, bound); bound > 0.
  std::uint64_t below(std::uint64_t bound);
  // Uniform in [low, high].
  std::int64_t between(std::int64_t low, std::int64_t high);
  // True with the probability of `percent` in 100.
  bool chance(unsigned percent) { return below(100) < percent; }
  // `digits` lower-case hexadecimal digits.
  std::string hex(unsigned digits);

 private:
  std::uint64_t state_[4];
};

// A seed from the kernel's entropy.
std::uint64_t system_seed();

}  // namespace weir
