// Containers that are started again, run as others, within limits and with volumes. Those that need the rights of root
// say clearly that they lack them where this is no root.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/test_runtime.h"
#include "runtime/user.h"

namespace weir::runtime {
namespace {

// Stays until it is told to stop.
const std::string kStay = "trap 'exit 0' TERM; sleep 1000 & wait";

class ContainerLifeTest : public SharedFolderTest {
 protected:
  static bool is_root() { return geteuid() == 0; }
  std::string text_of(const std::string& path) const { return read_file(path, 4096).value_or(""); }
};

TEST_P(ContainerLifeTest, a_container_is_started_again_where_it_ran_long_enough) {
  TaskSpec spec = task(
      1, "echo begun; test -e " + file("mark") + " && { " + kStay + "; }; : >" + file("mark") + "; sleep 1.2; exit 3");
  spec.containers[0].restart = RestartPolicy{.attempt_period = seconds(1)};
  start(spec);
  ASSERT_TRUE(reaches(1, TaskPhase::running));
  ASSERT_TRUE(until([&] { return seen(1).containers[0].restarts == 1; }));
  EXPECT_EQ(seen(1).phase, TaskPhase::running);
  EXPECT_TRUE(seen(1).containers[0].running);
  EXPECT_FALSE(seen(1).containers[0].exit_code);
  ASSERT_TRUE(until([&] { return log(1).find("begun", log(1).find("begun") + 1) != std::string::npos; }))
      << "its log goes on";
  restart();
  EXPECT_EQ(seen(1).containers[0].restarts, 1);
}

TEST_P(ContainerLifeTest, it_is_not_where_it_ran_too_shortly_or_ended_as_it_may) {
  TaskSpec quick = task(1, "exit 3");
  quick.containers[0].restart = RestartPolicy{.attempt_period = seconds(1)};
  start(quick);
  ASSERT_TRUE(reaches(1, TaskPhase::stopped));
  EXPECT_EQ(seen(1).containers[0].restarts, 0);
  EXPECT_EQ(seen(1).containers[0].exit_code, 3);
  TaskSpec ignored = task(2, "sleep 1.2; exit 7");
  ignored.containers[0].restart = RestartPolicy{.ignored_exit_codes = {0, 7}, .attempt_period = seconds(1)};
  start(ignored);
  ASSERT_TRUE(reaches(2, TaskPhase::stopped));
  EXPECT_EQ(seen(2).containers[0].exit_code, 7);
}

TEST_P(ContainerLifeTest, limits_are_those_of_the_definition) {
  TaskSpec spec = task(1, "ulimit -Sn; ulimit -Hn; ulimit -Sc; " + kStay);
  spec.containers[0].ulimits = {{"nofile", 123, 456}, {"core", 0, 0}};
  start(spec);
  EXPECT_TRUE(logs(1, "stdout 123\n"));
  EXPECT_TRUE(logs(1, "stdout 456\n"));
  EXPECT_TRUE(logs(1, "stdout 0\n"));
}

TEST_P(ContainerLifeTest, a_container_runs_as_its_user) {
  TaskSpec spec = task(1, "id -u; id -g; " + kStay);
  spec.containers[0].user = "65534:65533";
  if (!is_root()) {
    EXPECT_EQ(failure_of(spec), "CannotStartContainerError: cannot become user 65534:65533: Operation not permitted");
    return;
  }
  start(spec);
  EXPECT_TRUE(logs(1, "stdout 65534\n"));
  EXPECT_TRUE(logs(1, "stdout 65533\n"));
  // It dies with its shim although it is another's.
  ASSERT_TRUE(reaches(1, TaskPhase::running));
  const auto pid = seen(1).containers[0].pid;
  ::kill(shim_of(pid), SIGKILL);
  EXPECT_TRUE(until([&] { return !alive(pid); }));
}

TEST_P(ContainerLifeTest, a_user_that_is_not_there_is_no_start) {
  TaskSpec spec = task(1, kServe);
  spec.containers[0].user = "nobody-knows";
  EXPECT_EQ(failure_of(spec),
            "CannotStartContainerError: unable to find user nobody-knows: no matching entries in passwd file");
}

TEST_P(ContainerLifeTest, containers_share_a_volume_of_their_task_that_goes_with_it) {
  TaskSpec spec = task(1, "cat /weir-test-data/deep/said; echo x > /weir-test-data/deep/new || echo refused; " + kStay);
  spec.containers[0].mounts = {{.volume = "shared", .container_path = "/weir-test-data/deep", .read_only = true}};
  spec.containers[0].depends_on = {{"writer", DependencyCondition::success}};
  spec.containers.push_back(
      {.name = "writer",
       .image = "sh:1",
       .command = {"sh", "-c",
                   "echo hello > /weir-test-data/said; echo there > weir-test-data/two; ls /etc > /dev/null"},
       .essential = false,
       .mounts = {{.volume = "shared", .container_path = "/weir-test-data"}}});
  if (!is_root()) {
    EXPECT_EQ(failure_of(spec),
              "CannotStartContainerError: the volumes cannot be mounted: Operation not permitted (Weir does not run as "
              "root)");
    return;
  }
  start(spec);
  EXPECT_TRUE(logs(1, "stdout hello\n"));
  EXPECT_TRUE(logs(1, "stdout refused\n"));
  EXPECT_FALSE(fs::exists("/weir-test-data")) << "nothing of the host changes";
  EXPECT_EQ(text_of(state_ + "/tasks/" + id(1) + "/volumes/shared/two"), "there\n")
      << "it is within the image's folder too";
  runtime_->stop(id(1));
  ASSERT_TRUE(reaches(1, TaskPhase::stopped));
  runtime_->forget(id(1));
  EXPECT_FALSE(fs::exists(state_ + "/tasks/" + id(1)));
}

TEST_P(ContainerLifeTest, a_folder_of_the_host_appears_where_the_definition_says) {
  if (!is_root()) GTEST_SKIP() << "volumes need root";
  const std::string kept = file("kept"), below = file("there/below");
  fs::create_directories(file("there"));
  { std::ofstream(file("there/beside")) << "seen\n"; }
  TaskSpec spec = task(1, "cat " + file("there/beside") + "; echo hello > " + below + "/said; " + kStay);
  spec.containers[0].mounts = {{.volume = "v", .host_path = kept, .container_path = below}};
  RuntimeTest::start(spec);
  if (!is_oci()) {
    EXPECT_TRUE(logs(1, "stdout seen\n")) << "what is beside it stays in sight";
  }
  EXPECT_TRUE(until([&] { return text_of(kept + "/said") == "hello\n"; }));
  EXPECT_FALSE(fs::exists(below)) << "nothing of the host changes";
}

TEST(UserTest, is_found_by_name_in_the_image_first) {
  std::string pattern = ::testing::TempDir() + "weir-user-XXXXXX";
  const std::string root = mkdtemp(pattern.data());
  fs::create_directories(root + "/etc");
  { std::ofstream(root + "/etc/passwd") << "root:x:0:0::/:\napp:x:1234:56:App:/srv:/bin/sh\n"; }
  { std::ofstream(root + "/etc/group") << "app:x:56:\nextra:x:77:other,app\n"; }
  const User app = MUST(find_user("app", root));
  EXPECT_EQ(app.uid, 1234u);
  EXPECT_EQ(app.gid, 56u);
  EXPECT_EQ(app.groups, std::vector<gid_t>{77});
  EXPECT_EQ(MUST(find_user("1234", root)).gid, 56u);
  EXPECT_EQ(MUST(find_user("app:extra", root)).gid, 77u);
  EXPECT_EQ(MUST(find_user("7:8", root)).gid, 8u);
  EXPECT_EQ(MUST(find_user("7", root)).gid, 0u);
  EXPECT_FALSE(find_user("app:absent", root));
  EXPECT_FALSE(find_user("absent", root));
  fs::remove_all(root);
}

INSTANTIATE_TEST_SUITE_P(Runtimes, ContainerLifeTest, ::testing::Values(kOnHost, kOwnNetwork, kOci), name_of);

}  // namespace
}  // namespace weir::runtime
