// weir-sim: runs simulated worlds. `--seed N` replays one, `--trace` shows what happens in it; `--from N --count M`
// runs many and stops at the first that breaks an invariant.
#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "sim/world.h"

namespace {

using weir::sim::Trace;
using weir::sim::WorldResult;

struct Options {
  std::uint64_t from = 1;
  std::uint64_t count = 500;
  bool one = false;
  bool trace = false;
  bool progress = false;
};

bool read_number(const char* text, std::uint64_t& number) {
  const char* end = text + std::strlen(text);
  return std::from_chars(text, end, number) == std::from_chars_result{end, std::errc()};
}

bool read_options(int count, char** words, Options& options) {
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    const bool more = i + 1 < count;
    if (word == "--trace") {
      options.trace = true;
    } else if (word == "--progress") {
      options.progress = true;
    } else if (word == "--seed" && more && read_number(words[++i], options.from)) {
      options.one = true;
      options.count = 1;
    } else if (word == "--from" && more && read_number(words[++i], options.from)) {
      continue;
    } else if (word == "--count" && more && read_number(words[++i], options.count)) {
      continue;
    } else {
      return false;
    }
  }
  return true;
}

void print_world(std::uint64_t seed, const WorldResult& world) {
  fmt::print(
      "seed {}: {} steps, {:.1f} s simulated, {} requests, {} lost, {} tasks, {} operations, {} faults, {} lives\n",
      seed, world.events, std::chrono::duration<double>(world.simulated).count(), world.tally.requests,
      world.tally.lost, world.tasks, world.operations, world.faults, world.control_lives);
}

// Replays the broken world to show its last lines.
int report(std::uint64_t seed, const WorldResult& broken) {
  const WorldResult replay = weir::sim::run_world({.seed = seed, .trace = Trace::Keep::last});
  for (const auto& line : replay.trace) fmt::print("{}\n", line);
  fmt::print("seed {} broke the invariant `{}` at step {}: {}\n", seed, broken.breach->invariant, broken.events,
             broken.breach->what);
  if (!replay.breach || replay.breach->what != broken.breach->what) fmt::print("(its replay went differently)\n");
  fmt::print("replay it: weir-sim --seed {} --trace\n", seed);
  return 1;
}

}  // namespace

int main(int count, char** words) {
  Options options;
  if (!read_options(count, words, options)) {
    fmt::print(stderr, "usage: weir-sim --seed N [--trace] | --from N --count M [--progress]\n");
    return 2;
  }
  const auto start = std::chrono::steady_clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); };
  std::uint64_t events = 0;
  for (std::uint64_t i = 0; i < options.count; ++i) {
    const std::uint64_t seed = options.from + i;
    const WorldResult world =
        weir::sim::run_world({.seed = seed, .trace = options.trace ? Trace::Keep::print : Trace::Keep::nothing});
    events += world.events;
    if (options.one || options.trace) print_world(seed, world);
    if (world.breach) return report(seed, world);
    if (options.progress && (i + 1) % 100 == 0) {
      fmt::print("{} worlds, {:.1f} a second\n", i + 1, static_cast<double>(i + 1) / elapsed());
      std::fflush(stdout);
    }
  }
  fmt::print("{} worlds, {} steps, no invariant broken; {:.1f} worlds a second\n", options.count, events,
             static_cast<double>(options.count) / elapsed());
  return 0;
}
