// What tasks may use of memory and processor, what they do use, and that no
// cgroup of theirs is left.
#include <gtest/gtest.h>

#include "runtime/test_runtime.h"

namespace weir::runtime {
namespace {

// Takes memory, page by page, until it is stopped.
constexpr const char* kGreedy = "x=1; while :; do x=$x$x; done";

class LimitsTest : public RuntimeTest {
 protected:
  CgroupTrees group_of(int number) {
    return MUST(read_task_record(MUST(read_json(state_ + "/tasks/" + id(number) + "/spec.json", 1 << 20)))).group;
  }
  // Whether this machine lets it; a test that wants it has nothing to show
  // otherwise.
  static bool has(std::string CgroupTrees::*tree) {
    const auto found =
        find_cgroups(MUST(read_file("/proc/self/mountinfo", 1 << 20)), MUST(read_file("/proc/self/cgroup", 1 << 20)));
    return !(found.*tree).empty();
  }
};

TEST_P(LimitsTest, a_container_over_its_memory_is_killed_and_says_so) {
  if (!has(&CgroupTrees::memory)) GTEST_SKIP() << "no memory cgroup";
  TaskSpec spec = task(1, kGreedy);
  spec.containers[0].limits.memory = 32 << 20;
  start(spec);
  ASSERT_TRUE(reaches(1, TaskPhase::stopped));
  EXPECT_EQ(seen(1).containers[0].exit_code, 137);
  EXPECT_EQ(seen(1).containers[0].reason, "OutOfMemoryError: Container killed due to memory usage");
  EXPECT_EQ(seen(1).failure, "");
}

TEST_P(LimitsTest, a_task_over_its_memory_loses_the_container_that_took_it) {
  if (!has(&CgroupTrees::memory)) GTEST_SKIP() << "no memory cgroup";
  TaskSpec spec = task(1, kServe);
  spec.limits.memory = 64 << 20;
  spec.containers.push_back({.name = "greedy", .image = "sh:1", .command = {"sh", "-c", kGreedy}, .essential = false});
  start(spec);
  ASSERT_TRUE(until([&] { return seen(1).containers[1].exit_code.has_value(); }));
  EXPECT_EQ(seen(1).containers[1].exit_code, 137);
  EXPECT_EQ(seen(1).containers[1].reason, "OutOfMemoryError: Container killed due to memory usage");
  EXPECT_TRUE(seen(1).containers[0].running);
}

TEST_P(LimitsTest, a_kill_by_somebody_is_no_want_of_memory) {
  TaskSpec spec = task(1, "kill -9 $$; sleep 5");
  spec.containers[0].command = {"sh", "-c", "sh -c 'kill -9 $PPID'; sleep 5"};
  spec.containers[0].limits.memory = 32 << 20;
  start(spec);
  ASSERT_TRUE(logs(1, "") && reaches(1, TaskPhase::stopped));
  EXPECT_EQ(seen(1).containers[0].reason, "");
}

TEST_P(LimitsTest, a_task_gets_no_more_processor_than_its_quota) {
  if (!has(&CgroupTrees::cpu)) GTEST_SKIP() << "no cpu cgroup";
  TaskSpec spec = task(1, "echo started; while :; do :; done");
  spec.containers[0].stop_timeout = seconds(1);
  spec.limits.cpu_quota = 102;  // a tenth of a processor
  start(spec);
  ASSERT_TRUE(logs(1, "started"));
  ASSERT_TRUE(reaches(1, TaskPhase::running));
  const auto used = [&] {
    const auto stats = runtime_->stats(id(1));
    return stats.empty() ? std::int64_t{0} : stats[0].use.cpu_nanoseconds;
  };
  const std::int64_t first = used();
  const Instant begin = clock_.now();
  until([&] { return clock_.now() - begin > seconds(2); });
  const double share =
      static_cast<double>(used() - first) / static_cast<double>(std::chrono::nanoseconds(clock_.now() - begin).count());
  EXPECT_LT(share, 0.16);
}

TEST_P(LimitsTest, stats_tell_what_a_container_uses) {
  TaskSpec spec = task(1,
                       "i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done; "
                       "echo done; sleep 1000");
  spec.containers[0].limits.memory = 64 << 20;
  spec.containers[0].stop_timeout = seconds(1);
  start(spec);
  ASSERT_TRUE(logs(1, "done"));
  ASSERT_TRUE(reaches(1, TaskPhase::running));
  restart();  // an adopted one too
  const auto stats = runtime_->stats(id(1));
  ASSERT_EQ(stats.size(), 1u);
  EXPECT_EQ(stats[0].name, "web");
  EXPECT_GT(stats[0].use.cpu_nanoseconds, 1'000'000);
  EXPECT_LT(stats[0].use.cpu_nanoseconds, 10'000'000'000);
  EXPECT_GT(stats[0].use.memory_bytes, 50'000);
  EXPECT_LT(stats[0].use.memory_bytes, 64 << 20);
  EXPECT_EQ(stats[0].use.memory_limit, has(&CgroupTrees::memory) ? 64 << 20 : 0);
  runtime_->stop(id(1));
  ASSERT_TRUE(reaches(1, TaskPhase::stopped));
  EXPECT_TRUE(runtime_->stats(id(1)).empty());
  EXPECT_TRUE(runtime_->stats("nobody").empty());
}

TEST_P(LimitsTest, no_group_is_left_of_a_task_however_it_ended) {
  for (const bool killed : {false, true}) {
    const int number = killed ? 2 : 1;
    if (!runtime_) begin();
    start(task(number, kServe));
    ASSERT_TRUE(logs(number, "started"));
    ASSERT_TRUE(reaches(number, TaskPhase::running));
    const auto group = group_of(number);
    if (group.version == 0) GTEST_SKIP() << "no cgroups";
    for (const auto& folder : group.folders()) EXPECT_TRUE(fs::exists(folder)) << folder;
    if (killed) {
      kill(shim_of(seen(number).containers[0].pid), SIGKILL);
    } else {
      runtime_->stop(id(number));
    }
    ASSERT_TRUE(reaches(number, TaskPhase::stopped));
    for (const auto& folder : group.folders()) EXPECT_FALSE(fs::exists(folder)) << folder;
    restart();  // one that only adopts tidies up too
    start(task(number + 2, kServe));
    ASSERT_TRUE(reaches(number + 2, TaskPhase::running));
    restart();
    runtime_->stop(id(number + 2));
    ASSERT_TRUE(reaches(number + 2, TaskPhase::stopped));
    const std::string instance = fs::path(group.folders().front()).parent_path();
    runtime_.reset();
    EXPECT_FALSE(fs::exists(instance));
  }
}

TEST(Processes, use_is_summed_over_a_process_and_its_children) {
  const auto own = use_of_processes(getpid());
  ASSERT_TRUE(own);
  EXPECT_GT(own->memory_bytes, 1 << 20);
  EXPECT_FALSE(use_of_processes(1 << 30));
}

INSTANTIATE_TEST_SUITE_P(Runtimes, LimitsTest, ::testing::Values(kOnHost, kOwnNetwork, kOci), name_of);

}  // namespace
}  // namespace weir::runtime
