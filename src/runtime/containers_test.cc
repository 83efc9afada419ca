// Containers that wait for each other, and their health checks; over every runtime.
#include <gtest/gtest.h>

#include "runtime/test_runtime.h"

namespace weir::runtime {
namespace {

class ContainersTest : public SharedFolderTest {
 protected:
  TaskSpec pair(const std::string& first, const std::string& second, DependencyCondition condition) const {
    TaskSpec spec = task(1, second);
    spec.containers[0].depends_on = {{"first", condition}};
    spec.containers.push_back({.name = "first", .image = "sh:1", .command = {"sh", "-c", first}, .essential = false});
    return spec;
  }
  static HealthCheckSpec check(const std::string& line) {
    return {.command = {"/bin/sh", "-c", line}, .interval = seconds(1), .timeout = seconds(1), .retries = 1};
  }
  bool becomes(ContainerHealth health, std::size_t container = 0) {
    return until([&] { return seen(1).containers.at(container).health == health; });
  }
};

TEST_P(ContainersTest, one_waits_until_another_has_done_its_work) {
  for (const auto condition : {DependencyCondition::complete, DependencyCondition::success}) {
    const std::string made = file("made");
    start(pair("sleep 0.3; touch " + made, "test -e " + made + " && echo found; " + kServe, condition));
    ASSERT_TRUE(until([&] { return seen(1).containers[1].running; }));
    EXPECT_EQ(seen(1).phase, TaskPhase::starting);
    EXPECT_EQ(seen(1).containers[0].pid, 0);
    ASSERT_TRUE(reaches(1, TaskPhase::running));
    EXPECT_TRUE(logs(1, "found"));
    EXPECT_EQ(seen(1).containers[1].exit_code, 0);
    runtime_->stop(id(1));
    ASSERT_TRUE(reaches(1, TaskPhase::stopped));
    runtime_->forget(id(1));
    fs::remove(made);
  }
}

TEST_P(ContainersTest, an_end_with_another_code_is_complete_but_no_success) {
  start(pair("exit 3", kServe, DependencyCondition::complete));
  ASSERT_TRUE(reaches(1, TaskPhase::running));
  runtime_->stop(id(1));
  ASSERT_TRUE(reaches(1, TaskPhase::stopped));
  runtime_->forget(id(1));
  EXPECT_EQ(failure_of(pair("exit 3", kServe, DependencyCondition::success)),
            "CannotStartContainerError: container web depends on container first being SUCCESS, and that ended with "
            "exit code 3");
  EXPECT_NE(seen(1).containers[0].reason, "");
  EXPECT_EQ(seen(1).containers[0].pid, 0);
}

TEST_P(ContainersTest, one_waits_until_another_is_healthy) {
  TaskSpec spec = pair(kServe, kServe, DependencyCondition::healthy);
  const std::string ready = file("ready");
  spec.containers[1].environment = {{"READY", ready}};
  spec.containers[1].health_check = check("test -e $READY");
  spec.containers[1].health_check->start_period = seconds(60);
  start(spec);
  ASSERT_TRUE(logs(1, "started", "first"));
  EXPECT_EQ(seen(1).containers[1].health, ContainerHealth::unknown);
  EXPECT_EQ(seen(1).phase, TaskPhase::starting);
  { std::ofstream made(ready); }
  ASSERT_TRUE(reaches(1, TaskPhase::running));
  EXPECT_EQ(seen(1).containers[1].health, ContainerHealth::healthy);
  EXPECT_EQ(seen(1).containers[0].health, ContainerHealth::unchecked);
}

TEST_P(ContainersTest, a_start_timeout_ends_the_wait) {
  TaskSpec spec = pair(kServe, kServe, DependencyCondition::healthy);
  spec.containers[1].health_check = check("false");
  spec.containers[1].start_timeout = seconds(1);
  const std::string failure = failure_of(spec);
  EXPECT_NE(failure.find("within its start timeout of 1 seconds"), std::string::npos) << failure;
}

TEST_P(ContainersTest, a_task_is_stopped_in_the_reverse_order) {
  start(pair("trap 'echo last >>" + file("ends") + "; exit 0' TERM; echo started; sleep 1000 & wait",
             "trap 'sleep 0.3; echo first >>" + file("ends") + "; exit 0' TERM; echo started; sleep 1000 & wait",
             DependencyCondition::start));
  ASSERT_TRUE(logs(1, "started"));
  ASSERT_TRUE(logs(1, "started", "first"));
  runtime_->stop(id(1));
  ASSERT_TRUE(reaches(1, TaskPhase::stopped));
  EXPECT_EQ(MUST(read_file(file("ends"), 100)), "first\nlast\n");
}

TEST_P(ContainersTest, a_task_that_still_waits_can_be_stopped) {
  start(pair(kServe, kServe, DependencyCondition::complete));
  ASSERT_TRUE(logs(1, "started", "first"));
  runtime_->stop(id(1));
  ASSERT_TRUE(reaches(1, TaskPhase::stopped));
  EXPECT_EQ(seen(1).failure, "");
  EXPECT_FALSE(seen(1).containers[0].exit_code);
  EXPECT_EQ(seen(1).containers[1].exit_code, 0);
}

TEST_P(ContainersTest, health_is_lost_and_found_again) {
  TaskSpec spec = task(1, kServe);
  const std::string sick = file("sick");
  spec.containers[0].health_check = check("echo checked; test ! -e " + sick);
  start(spec);
  ASSERT_TRUE(becomes(ContainerHealth::healthy));
  { std::ofstream made(sick); }
  ASSERT_TRUE(becomes(ContainerHealth::unhealthy));
  fs::remove(sick);
  ASSERT_TRUE(becomes(ContainerHealth::healthy));
  EXPECT_EQ(seen(1).phase, TaskPhase::running);
  EXPECT_EQ(log(1).find("checked"), std::string::npos) << "what a check writes is not the container's";
  restart();
  EXPECT_EQ(seen(1).containers[0].health, ContainerHealth::healthy);
}

TEST_P(ContainersTest, a_check_that_hangs_or_cannot_run_fails) {
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"sleep", "1000"}, {"/nowhere"}, {"/plain"}}) {
    TaskSpec spec = task(1, kServe);
    spec.containers[0].health_check = check("");
    spec.containers[0].health_check->command = command;
    start(spec);
    ASSERT_TRUE(becomes(ContainerHealth::unhealthy)) << command[0];
    runtime_->stop(id(1));
    ASSERT_TRUE(reaches(1, TaskPhase::stopped));
    runtime_->forget(id(1));
  }
}

INSTANTIATE_TEST_SUITE_P(EveryRuntime, ContainersTest, ::testing::Values(kOnHost, kOwnNetwork, kOci), name_of);

}  // namespace
}  // namespace weir::runtime
