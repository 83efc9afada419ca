// Many worlds, several at a time: each lives on one thread from its birth to its end and shares nothing with others.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "sim/world.h"

namespace weir::sim {

struct WorldsPlan {
  std::uint64_t from = 1;           // the first seed
  std::uint64_t count = 1;          // 0: without an end
  unsigned threads = 1;             // >= 1
  std::function<bool()> goes_on{};  // asked before each world, on any thread; empty: always
  std::function<void(std::uint64_t worlds, std::uint64_t events)> done{};  // after each world, by one thread at a time
};

struct Worlds {
  std::uint64_t count = 0;
  std::uint64_t events = 0;
  std::uint64_t requests = 0;
  std::set<std::string> visited;
  // The first seed that broke an invariant, of those that were run. No more worlds begin after one.
  std::uint64_t broken_seed = 0;
  std::optional<WorldResult> broken;
};

Worlds run_worlds(const WorldsPlan& plan);

}  // namespace weir::sim
