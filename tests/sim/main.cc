// weir-sim: runs simulated worlds. `--seed N` replays one, `--trace` shows what happens in it; `--from N --count M`
// runs many, without a count until it is stopped, and ends at the first that breaks an invariant.
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <thread>

#include "sim/worlds.h"

namespace {

using weir::sim::Trace;
using weir::sim::WorldResult;
using SteadyClock = std::chrono::steady_clock;

volatile std::sig_atomic_t stopped = 0;

struct Options {
  std::uint64_t from = 1;
  std::uint64_t count = 0;  // 0: until it is stopped
  std::uint64_t threads = std::max(1U, std::thread::hardware_concurrency());
  bool one = false;
  bool trace = false;
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
    } else if (word == "--seed" && more && read_number(words[++i], options.from)) {
      options.one = true;
    } else if (word == "--from" && more && read_number(words[++i], options.from)) {
      continue;
    } else if (word == "--count" && more && read_number(words[++i], options.count) && options.count > 0) {
      continue;
    } else if (word == "--threads" && more && read_number(words[++i], options.threads) && options.threads > 0) {
      continue;
    } else {
      return false;
    }
  }
  return options.one || !options.trace;
}

// Replays the broken world to show its last lines.
int report(std::uint64_t seed, const WorldResult& broken) {
  const WorldResult replay = weir::sim::run_world({.seed = seed, .trace = Trace::Keep::last});
  for (const auto& line : replay.trace) fmt::print("{}\n", line);
  fmt::print("seed {} broke the invariant `{}` at step {}: {}\n", seed, broken.breach->invariant, broken.events,
             broken.breach->what);
  if (!replay.breach || replay.breach->what != broken.breach->what) fmt::print("(its replay went differently)\n");
  fmt::print("replay it: make sim SEED={}, or build/weir-sim --seed {} --trace\n", seed, seed);
  return 1;
}

int replay_one(const Options& options) {
  const WorldResult world =
      weir::sim::run_world({.seed = options.from, .trace = options.trace ? Trace::Keep::print : Trace::Keep::nothing});
  fmt::print(
      "seed {}: {} steps, {:.1f} s simulated, {} requests, {} lost, {} tasks, {} operations, {} faults, {} lives\n",
      options.from, world.events, std::chrono::duration<double>(world.simulated).count(), world.tally.requests,
      world.tally.lost, world.tasks, world.operations, world.faults, world.control_lives);
  return world.breach ? report(options.from, world) : 0;
}

// One line that is written over on a terminal, one now and then elsewhere.
class Progress {
 public:
  std::string line(std::uint64_t worlds, std::uint64_t events) const {
    const double seconds = std::chrono::duration<double>(SteadyClock::now() - start_).count();
    return fmt::format("{} worlds, {:.1f} a second, {} steps, no invariant broken", worlds,
                       static_cast<double>(worlds) / seconds, events);
  }
  void show(std::uint64_t worlds, std::uint64_t events) {
    if (SteadyClock::now() < next_) return;
    next_ = SteadyClock::now() + (terminal_ ? std::chrono::milliseconds(500) : std::chrono::seconds(10));
    fmt::print("{}{}{}", terminal_ ? "\r" : "", line(worlds, events), terminal_ ? "" : "\n");
    std::fflush(stdout);
  }
  void end() const {
    if (terminal_) fmt::print("\r{:80}\r", "");
  }

 private:
  const SteadyClock::time_point start_ = SteadyClock::now();
  const bool terminal_ = isatty(STDOUT_FILENO) != 0;
  SteadyClock::time_point next_ = start_ + std::chrono::seconds(1);
};

int run_many(const Options& options) {
  std::signal(SIGINT, [](int) { stopped = 1; });
  std::signal(SIGTERM, [](int) { stopped = 1; });
  Progress progress;
  const auto worlds =
      weir::sim::run_worlds({.from = options.from,
                             .count = options.count,
                             .threads = static_cast<unsigned>(options.threads),
                             .goes_on = [] { return stopped == 0; },
                             .done = [&](std::uint64_t count, std::uint64_t events) { progress.show(count, events); }});
  progress.end();
  if (worlds.broken) return report(worlds.broken_seed, *worlds.broken);
  fmt::print("{}\n", progress.line(worlds.count, worlds.events));
  return 0;
}

}  // namespace

int main(int count, char** words) {
  Options options;
  if (!read_options(count, words, options)) {
    fmt::print(stderr, "usage: weir-sim --seed N [--trace] | [--from N] [--count M] [--threads T]\n");
    return 2;
  }
  return options.one ? replay_one(options) : run_many(options);
}
