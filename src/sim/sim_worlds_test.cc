// The worlds that every build runs, and proof that the invariants have teeth.
#include <gtest/gtest.h>

#include <cstdio>

#include "sim/world.h"

namespace weir::sim {
namespace {

constexpr std::uint64_t kWorlds = 500;

TEST(Worlds, FiveHundredSeedsBreakNoInvariant) {
  std::uint64_t events = 0;
  std::uint64_t requests = 0;
  for (std::uint64_t seed = 1; seed <= kWorlds; ++seed) {
    const WorldResult world = run_world({.seed = seed});
    ASSERT_FALSE(world.breach) << "seed " << seed << ", step " << world.events << ": " << world.breach->invariant
                               << ": " << world.breach->what << "; replay it: weir-sim --seed " << seed << " --trace";
    events += world.events;
    requests += world.tally.requests;
  }
  std::printf("%lu worlds, %lu steps, %lu requests\n", kWorlds, events, requests);
}

TEST(Worlds, TheSameSeedIsTheSameWorld) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const WorldResult one = run_world({.seed = seed});
    const WorldResult two = run_world({.seed = seed, .trace = Trace::Keep::last});
    EXPECT_EQ(one.events, two.events);
    EXPECT_EQ(one.simulated, two.simulated);
    EXPECT_EQ(one.tally.requests, two.tally.requests);
    EXPECT_EQ(one.tally.answered, two.tally.answered);
    EXPECT_FALSE(two.trace.empty());
  }
}

// The invariants that a broken world of the first seeds breaks.
std::string broken_by(Mutation mutation) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const WorldResult world = run_world({.seed = seed, .mutation = mutation});
    if (world.breach) return world.breach->invariant;
  }
  return "nothing";
}

TEST(Teeth, EachBreakageIsCaughtWithinAFewSeeds) {
  const struct {
    const char* what;
    Mutation mutation;
    std::vector<std::string> caught_by;
  } kRows[] = {
      {"a proxy that acknowledges before its workers apply", Mutation::early_acknowledgement, {kSigtermInvariant}},
      {"workers that serve from draining backends", Mutation::deaf_to_draining, {kSigtermInvariant}},
      {"SIGTERM without draining", Mutation::stops_at_once, {kSigtermInvariant}},
      {"a runtime that hides exits", Mutation::forgets_exits, {kQuietInvariant, kRequestInvariant}},
      {"a worker that never takes a new table", Mutation::stuck_worker, {kQuietInvariant, kRequestInvariant}},
      {"health checks that see nothing", Mutation::blind_checks, {kRequestInvariant}},
      {"a proxy that keeps no table", Mutation::forgetful_proxy, {kRequestInvariant}},
  };
  for (const auto& row : kRows) {
    const std::string caught = broken_by(row.mutation);
    EXPECT_TRUE(std::ranges::find(row.caught_by, caught) != row.caught_by.end())
        << row.what << ": caught by " << caught;
  }
}

}  // namespace
}  // namespace weir::sim
