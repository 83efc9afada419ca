// What is particular to images with a root file system of their own. The rest is the suite that runs over every
// runtime.
#include <gtest/gtest.h>

#include "runtime/test_runtime.h"

namespace weir::runtime {
namespace {

class OciTest : public RuntimeTest {};

TEST_P(OciTest, a_container_sees_its_own_files_and_pids_and_keeps_what_it_writes_to_itself) {
  start(task(1, "echo pid $$; ls /; echo mine >/written; cat /written; test -e /work || echo no host"));
  ASSERT_TRUE(reaches(1, TaskPhase::stopped));
  EXPECT_EQ(seen(1).failure, "");
  EXPECT_EQ(seen(1).containers[0].exit_code, 0);
  for (const char* line : {" stdout pid 1\n", " stdout hello\n", " stdout mine\n", " stdout no host\n"}) {
    EXPECT_NE(log(1).find(line), std::string::npos) << line << log(1);
  }
  start(task(2, "ls /"));
  ASSERT_TRUE(reaches(2, TaskPhase::stopped));
  EXPECT_EQ(log(2).find("written"), std::string::npos);
  const std::string task_folder = state_ + "/tasks/" + id(1);
  EXPECT_TRUE(fs::is_empty(task_folder + "/roots/web/root")) << "mounted for its task alone";
}

TEST_P(OciTest, a_start_that_fails_says_why) {
  const struct {
    const char* command;
    const char* expected;
  } rows[] = {{"/nowhere", "no such file or directory"},
              {"nowhere", "executable file not found in $PATH"},
              {"/plain", "permission denied"}};
  int number = 0;
  for (const auto& row : rows) {
    TaskSpec spec = task(++number, "");
    spec.containers[0].command = {row.command};
    const std::string failure = failure_of(spec);
    EXPECT_TRUE(failure.starts_with("CannotStartContainerError: exec: \"")) << failure;
    EXPECT_NE(failure.find(row.expected), std::string::npos) << failure;
  }
}

TEST_P(OciTest, an_image_says_who_runs_it_and_what_is_whose) {
  { std::ofstream(source_ + "/etc/passwd") << "app:x:1234:1235::/home/app:/bin/sh\n"; }
  fs::create_directories(source_ + "/home/app");
  ASSERT_EQ(chown((source_ + "/home/app").c_str(), 1234, 1235), 0);
  MUST(ImageStore(state_ + "/images").import_directory("app:1", source_, {.user = "app"}, RootFiles::own));
  TaskSpec spec = task(1, "id -u; id -g; echo kept >/home/app/file && cat /home/app/file; touch /bin/new || echo refused");
  spec.containers[0].image = "app:1";
  start(spec);
  ASSERT_TRUE(reaches(1, TaskPhase::stopped));
  for (const char* line : {" stdout 1234\n", " stdout 1235\n", " stdout kept\n", " stdout refused\n"}) {
    EXPECT_NE(log(1).find(line), std::string::npos) << line << log(1);
  }
  spec = task(2, "id -u");
  spec.containers[0].image = "app:1";
  spec.containers[0].user = "7";
  start(spec);
  ASSERT_TRUE(reaches(2, TaskPhase::stopped));
  EXPECT_NE(log(2).find(" stdout 7\n"), std::string::npos) << log(2);
}

TEST_P(OciTest, health_is_checked_within_the_container) {
  TaskSpec spec = task(1, "trap 'exit 0' TERM; sleep 0.5; touch /ready; sleep 3; echo ill; : >/ill; sleep 1000 & wait");
  spec.containers[0].health_check = HealthCheckSpec{.command = {"/bin/sh", "-c", "test -e /ready && test ! -e /ill"},
                                                    .interval = seconds(1),
                                                    .timeout = seconds(5),
                                                    .retries = 1,
                                                    .start_period = seconds(0)};
  start(spec);
  ASSERT_TRUE(until([&] { return seen(1).containers[0].health == ContainerHealth::healthy; }));
  ASSERT_TRUE(until([&] { return seen(1).containers[0].health == ContainerHealth::unhealthy; }));
}

TEST_P(OciTest, no_group_of_runc_is_left) {
  for (const bool killed : {false, true}) {
    const int number = killed ? 2 : 1;
    start(task(number, kServe));
    ASSERT_TRUE(logs(number, "started"));
    ASSERT_TRUE(reaches(number, TaskPhase::running));
    if (killed) {
      kill(shim_of(seen(number).containers[0].pid), SIGKILL);
    } else {
      runtime_->stop(id(number));
    }
    ASSERT_TRUE(reaches(number, TaskPhase::stopped));
    std::error_code error;
    for (const auto& entry : fs::recursive_directory_iterator("/sys/fs/cgroup", error)) {
      EXPECT_EQ(entry.path().string().find(id(number)), std::string::npos) << entry.path();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Runtimes, OciTest, ::testing::Values(kOci), name_of);

}  // namespace
}  // namespace weir::runtime
