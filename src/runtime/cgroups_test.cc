// Cgroups on folders that stand for the kernel's; runtime tests try the real
// ones.
#include "runtime/cgroups.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "runtime/files.h"

namespace weir::runtime {
namespace {

namespace fs = std::filesystem;

class CgroupsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "weir-cgroups-XXXXXX";
    root_ = mkdtemp(pattern.data());
  }
  void TearDown() override { fs::remove_all(root_); }

  void put(const std::string& file, const std::string& text) {
    fs::create_directories(fs::path(root_ + file).parent_path());
    std::ofstream(root_ + file) << text;
  }
  std::string get(const std::string& file) { return MUST(read_file(root_ + file, 1 << 20)); }
  std::string mounts(const std::string& lines) {
    std::string all = lines;
    for (std::size_t at; (at = all.find('@')) != std::string::npos;) all.replace(at, 1, root_);
    return all;
  }

  std::string root_;
};

TEST_F(CgroupsTest, version_1_is_found_in_the_processs_own_groups) {
  fs::create_directories(root_ + "/memory/user/me");
  fs::create_directories(root_ + "/cpu,cpuacct/one");
  const auto found = find_cgroups(mounts("30 25 0:26 / @/memory rw - cgroup cgroup rw,memory\n"
                                         "31 25 0:27 /box @/cpu,cpuacct rw shared:9 - cgroup "
                                         "cgroup rw,cpu,cpuacct\n"
                                         "32 25 0:28 / @/unified rw - cgroup2 cgroup2 rw\n"),
                                  "5:memory:/user/me\n3:cpu,cpuacct:/box/one\n0::/\n");
  EXPECT_EQ(found.version, 1);
  EXPECT_EQ(found.memory, root_ + "/memory/user/me");
  EXPECT_EQ(found.cpu, root_ + "/cpu,cpuacct/one");
  EXPECT_EQ(found.folders().size(), 2u);
}

TEST_F(CgroupsTest, version_2_is_found_where_controllers_are_handed_on) {
  put("/own/slice/cgroup.subtree_control", "cpu memory pids\n");
  put("/cgroup.subtree_control", "\n");
  const std::string line = mounts("30 25 0:26 / @ rw,nosuid - cgroup2 cgroup2 rw\n");
  const auto found = find_cgroups(line, "0::/own/slice\n");
  EXPECT_EQ(found.version, 2);
  EXPECT_EQ(found.memory, root_ + "/own/slice");
  EXPECT_EQ(find_cgroups(line, "0::/nowhere\n").memory, root_);
  EXPECT_EQ(find_cgroups("30 25 0:26 / /nowhere rw - cgroup2 cgroup2 rw\n", "0::/\n").version, 0);
  EXPECT_EQ(find_cgroups("", "").version, 0);
}

TEST_F(CgroupsTest, limits_of_version_1) {
  for (const char* file :
       {"/m/memory.limit_in_bytes", "/m/memory.memsw.limit_in_bytes", "/m/memory.soft_limit_in_bytes", "/c/cpu.shares",
        "/c/cpu.cfs_period_us", "/c/cpu.cfs_quota_us"}) {
    put(file, "");
  }
  const CgroupTrees group{.version = 1, .memory = root_ + "/m", .cpu = root_ + "/c", .accounting = root_ + "/c"};
  MUST(limit(group, {.memory = 64 << 20, .reservation = 32 << 20, .cpu_shares = 512, .cpu_quota = 256}));
  EXPECT_EQ(get("/m/memory.limit_in_bytes"), "67108864");
  EXPECT_EQ(get("/m/memory.memsw.limit_in_bytes"), "67108864");
  EXPECT_EQ(get("/m/memory.soft_limit_in_bytes"), "33554432");
  EXPECT_EQ(get("/c/cpu.shares"), "512");
  EXPECT_EQ(get("/c/cpu.cfs_quota_us"), "25000");
  EXPECT_EQ(ways_in(group).size(), 2u);
  fs::remove(root_ + "/c/cpu.shares");
  const auto refused = limit(group, {});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("cpu.shares"), std::string::npos);
}

TEST_F(CgroupsTest, limits_of_version_2) {
  for (const char* file : {"/memory.max", "/memory.swap.max", "/memory.low", "/cpu.weight", "/cpu.max"}) put(file, "");
  const CgroupTrees group{.version = 2, .memory = root_, .cpu = root_, .accounting = root_};
  MUST(limit(group, {.memory = 64 << 20, .reservation = 1 << 20, .cpu_shares = 1024, .cpu_quota = 512}));
  EXPECT_EQ(get("/memory.max"), "67108864");
  EXPECT_EQ(get("/memory.swap.max"), "0");
  EXPECT_EQ(get("/memory.low"), "1048576");
  EXPECT_EQ(get("/cpu.weight"), "39");
  EXPECT_EQ(get("/cpu.max"), "50000 100000");
  EXPECT_EQ(ways_in(group), std::vector<std::string>{root_ + "/cgroup.procs"});
}

TEST_F(CgroupsTest, use_and_kills_are_read_in_both_versions) {
  put("/m/memory.usage_in_bytes", "5000\n");
  put("/m/memory.stat", "inactive_file 1\ntotal_inactive_file 1000\n");
  put("/m/memory.limit_in_bytes", "9223372036854771712\n");
  put("/m/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
  put("/c/cpuacct.usage", "77\n");
  const CgroupTrees first{.version = 1, .memory = root_ + "/m", .cpu = root_ + "/c", .accounting = root_ + "/c"};
  EXPECT_EQ(resource_use(first)->memory_bytes, 4000);
  EXPECT_EQ(resource_use(first)->memory_limit, 0);
  EXPECT_EQ(resource_use(first)->cpu_nanoseconds, 77);
  EXPECT_EQ(oom_kills(first), 3);
  put("/2/memory.current", "5000\n");
  put("/2/memory.stat", "anon 7\ninactive_file 2000\n");
  put("/2/memory.max", "8000\n");
  put("/2/memory.events", "low 0\nhigh 0\nmax 9\noom 1\noom_kill 2\n");
  put("/2/cpu.stat", "usage_usec 12\nuser_usec 10\n");
  const CgroupTrees second{.version = 2, .memory = root_ + "/2", .cpu = root_ + "/2", .accounting = root_ + "/2"};
  EXPECT_EQ(resource_use(second)->memory_bytes, 3000);
  EXPECT_EQ(resource_use(second)->memory_limit, 8000);
  EXPECT_EQ(resource_use(second)->cpu_nanoseconds, 12000);
  EXPECT_EQ(oom_kills(second), 2);
  EXPECT_FALSE(resource_use(second / "gone"));
  EXPECT_FALSE(resource_use({}));
}

TEST_F(CgroupsTest, groups_lie_within_groups_and_are_removed_from_the_innermost_on) {
  put("/2/cgroup.subtree_control", "cpu memory\n");
  const CgroupTrees base{.version = 2, .memory = root_ + "/2", .cpu = root_ + "/2", .accounting = root_ + "/2"};
  ASSERT_FALSE(make_cgroup(base / "task", Holds::groups)) << "a folder that hands nothing on";
  fs::remove(root_ + "/2/task/cgroup.subtree_control");
  MUST(make_cgroup(base / "task" / "web", Holds::processes));
  remove_cgroup(base / "task");
  EXPECT_FALSE(fs::exists(root_ + "/2/task"));
  EXPECT_TRUE(fs::exists(root_ + "/2"));
}

}  // namespace
}  // namespace weir::runtime
