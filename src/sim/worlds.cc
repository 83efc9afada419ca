#include "sim/worlds.h"

#include <malloc.h>

#include <atomic>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace weir::sim {

namespace {

constexpr int kMemoryKept = 64 << 20;  // bytes, of a thread

class Crowd {
 public:
  explicit Crowd(const WorldsPlan& plan) : plan_(plan), next_(plan.from) {}

  Worlds run() {
    std::vector<std::jthread> others;
    for (unsigned i = 1; i < plan_.threads; ++i) others.emplace_back([this] { work(); });
    work();
    others.clear();
    return std::move(worlds_);
  }

 private:
  void work() {
    while (!broken_ && (!plan_.goes_on || plan_.goes_on())) {
      const std::uint64_t seed = next_++;
      if (plan_.count != 0 && seed - plan_.from >= plan_.count) return;
      take(seed, run_world({.seed = seed}));
    }
  }

  void take(std::uint64_t seed, WorldResult world) {
    const std::lock_guard lock(mutex_);
    ++worlds_.count;
    worlds_.events += world.events;
    worlds_.requests += world.tally.requests;
    worlds_.visited.merge(world.visited);
    if (world.breach && (!worlds_.broken || seed < worlds_.broken_seed)) {
      worlds_.broken_seed = seed;
      worlds_.broken = std::move(world);
      broken_ = true;
    }
    if (plan_.done) plan_.done(worlds_.count, worlds_.events);
  }

  const WorldsPlan& plan_;
  std::atomic<std::uint64_t> next_;
  std::atomic<bool> broken_ = false;
  std::mutex mutex_;
  Worlds worlds_;
};

}  // namespace

Worlds run_worlds(const WorldsPlan& plan) {
  // What one world gives back the next one takes: it does not go by the kernel.
  mallopt(M_TRIM_THRESHOLD, kMemoryKept);
  mallopt(M_TOP_PAD, kMemoryKept);
  return Crowd(plan).run();
}

}  // namespace weir::sim
