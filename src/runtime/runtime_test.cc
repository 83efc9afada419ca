// One suite over every runtime, with real small processes. This program is also the shim that they start: see main.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>

#include "base/random.h"
#include "runtime/files.h"
#include "runtime/image_store.h"
#include "runtime/process_runtime.h"
#include "runtime/processes.h"
#include "runtime/shim.h"
#include "runtime/shim_link.h"
#include "runtime/task_log.h"
#include "runtime/task_record.h"
#include "runtime/test_runtime.h"

namespace weir::runtime {
namespace {

TEST_P(RuntimeTest, a_task_starts_runs_and_stops_when_told) {
  start(task(1, kServe));
  EXPECT_EQ(seen(1).phase, TaskPhase::starting);
  ASSERT_TRUE(reaches(1, TaskPhase::running));
  ASSERT_TRUE(logs(1, " stdout started\n"));
  const auto container = seen(1).containers.at(0);
  EXPECT_TRUE(container.running);
  EXPECT_TRUE(alive(container.pid));
  EXPECT_TRUE(container.image_digest.starts_with("sha256:"));
  EXPECT_FALSE(container.exit_code);
  runtime_->stop(id(1));
  runtime_->stop(id(1));
  ASSERT_TRUE(reaches(1, TaskPhase::stopped));
  EXPECT_EQ(seen(1).containers[0].exit_code, 0);
  EXPECT_FALSE(seen(1).containers[0].running);
  EXPECT_EQ(seen(1).failure, "");
  EXPECT_FALSE(alive(container.pid));
  EXPECT_NE(log(1).find("stdout bye"), std::string::npos);
  EXPECT_NE(std::ranges::find(told_, id(1)), told_.end());
}

TEST_P(RuntimeTest, an_end_is_told_with_its_exit_code) {
  const struct {
    const char* script;
    int code;
  } rows[] = {{"exit 0", 0}, {"exit 3", 3}, {"kill -9 $$", 137}, {"kill -TERM $$", 143}};
  int number = 0;
  for (const auto& row : rows) {
    // The first process of a root file system's own pids is not ended by its own signals.
    if (is_oci() && row.code > 128) continue;
    start(task(++number, row.script));
    ASSERT_TRUE(reaches(number, TaskPhase::stopped)) << row.script;
    EXPECT_EQ(seen(number).containers[0].exit_code, row.code) << row.script;
    EXPECT_EQ(seen(number).failure, "");
  }
}

TEST_P(RuntimeTest, a_kill_of_a_container_is_seen_at_once) {
  start(task(1, kServe));
  ASSERT_TRUE(logs(1, "started"));
  ASSERT_TRUE(reaches(1, TaskPhase::running));
  kill(static_cast<pid_t>(seen(1).containers[0].pid), SIGKILL);
  const Instant begin = clock_.now();
  ASSERT_TRUE(reaches(1, TaskPhase::stopped));
  EXPECT_LT(clock_.now() - begin, seconds(1));
  EXPECT_EQ(seen(1).containers[0].exit_code, 137);
}

TEST_P(RuntimeTest, a_task_that_ignores_sigterm_is_killed_after_its_stop_timeout) {
  TaskSpec spec = task(1, "trap '' TERM; echo ready; while :; do sleep 0.1; done");
  spec.containers[0].stop_timeout = seconds(1);
  start(spec);
  ASSERT_TRUE(logs(1, "ready"));
  const Instant begin = clock_.now();
  runtime_->stop(id(1));
  ASSERT_TRUE(reaches(1, TaskPhase::stopping));
  ASSERT_TRUE(reaches(1, TaskPhase::stopped));
  EXPECT_GE(clock_.now() - begin, milliseconds(950));
  EXPECT_LT(clock_.now() - begin, seconds(5));
  EXPECT_EQ(seen(1).containers[0].exit_code, 137);
}

TEST_P(RuntimeTest, a_stop_that_comes_right_after_the_start_is_kept) {
  start(task(1, kServe));
  runtime_->stop(id(1));
  ASSERT_TRUE(reaches(1, TaskPhase::stopped));
}

TEST_P(RuntimeTest, the_end_of_an_essential_container_ends_the_others) {
  TaskSpec spec = task(1, kServe);
  spec.containers.push_back({.name = "main", .image = "sh:1", .command = {"sh", "-c", "sleep 0.2; exit 5"}});
  start(spec);
  ASSERT_TRUE(reaches(1, TaskPhase::stopped));
  EXPECT_EQ(seen(1).containers[1].exit_code, 5);
  EXPECT_EQ(seen(1).containers[0].exit_code.has_value(), true);
}

TEST_P(RuntimeTest, the_end_of_another_container_leaves_the_task_running) {
  TaskSpec spec = task(1, kServe);
  spec.containers.push_back({.name = "init", .image = "sh:1", .command = {"sh", "-c", "exit 7"}, .essential = false});
  start(spec);
  ASSERT_TRUE(until([&] { return seen(1).containers[1].exit_code.has_value(); }));
  EXPECT_EQ(seen(1).containers[1].exit_code, 7);
  ASSERT_TRUE(reaches(1, TaskPhase::running));
  EXPECT_TRUE(seen(1).containers[0].running);
}

TEST_P(RuntimeTest, nothing_of_a_task_is_left_behind) {
  // A grandchild in a session of its own, which ignores SIGTERM and outlives its parent.
  start(task(1,
             "setsid sh -c 'trap \"\" TERM; echo $$; touch said; exec sleep 1000' & "
             "until [ -e said ]; do sleep 0.01; done; exit 0"));
  ASSERT_TRUE(reaches(1, TaskPhase::stopped));
  EXPECT_EQ(kill_processes_of_task(id(1)), 0);
  if (is_oci()) return;  // the number that it logs is that of its own pids
  const std::string line = log(1);
  const std::size_t at = line.find("stdout ");
  ASSERT_NE(at, std::string::npos) << line;
  const int grandchild = std::atoi(line.c_str() + at + 7);
  ASSERT_GT(grandchild, 1);
  EXPECT_FALSE(alive(grandchild));
}

TEST_P(RuntimeTest, a_container_gets_its_environment_ports_and_folder) {
  TaskSpec spec = task(1, "env; echo arguments: $0 $1; pwd", {{.container_port = 8080}, {.container_port = 9090}});
  auto& container = spec.containers[0];
  container.entry_point = {"sh", "-c"};
  container.command = {container.command[2], "zero", "one"};
  container.environment = {{"FROM", "task"}, {"PORT", "1"}};
  container.working_directory = "/sub";
  start(spec);
  ASSERT_TRUE(reaches(1, TaskPhase::stopped));
  const auto ports = seen(1).containers[0].ports;
  ASSERT_EQ(ports.size(), 2u);
  if (GetParam().network == NetworkWish::host) {
    EXPECT_GE(ports[0].host_port, kFirstHostPort);
    EXPECT_LE(ports[0].host_port, kLastHostPort);
    EXPECT_NE(ports[0].host_port, ports[1].host_port);
  } else {
    EXPECT_EQ(ports[0].host_port, 8080);
    EXPECT_EQ(ports[1].host_port, 9090);
  }
  const std::string first = std::to_string(ports[0].host_port), second = std::to_string(ports[1].host_port);
  for (const std::string& line :
       {std::string("FROM=task"), std::string("ALSO=image"), "PORT=" + first, "PORT_8080=" + first,
        "PORT_9090=" + second, "WEIR_TASK_ID=" + id(1), std::string("arguments: zero one")}) {
    EXPECT_NE(log(1).find(" stdout " + line + "\n"), std::string::npos) << line << "\n" << log(1);
  }
  EXPECT_NE(log(1).find("/sub\n"), std::string::npos);
}

TEST_P(RuntimeTest, a_program_of_the_image_is_found_by_any_path) {
  int number = 0;
  for (const char* word : {"/hello", "./hello", "hello"}) {
    if (is_oci() && *word == 'h') continue;  // PATH does not lead there
    TaskSpec spec = task(++number, "");
    spec.containers[0].command = {word, "x"};
    start(spec);
    ASSERT_TRUE(reaches(number, TaskPhase::stopped));
    EXPECT_EQ(seen(number).failure, "") << word;
    EXPECT_NE(log(number).find("hello from "), std::string::npos) << word;
  }
}

TEST_P(RuntimeTest, a_start_that_fails_says_why_in_the_words_of_ecs) {
  if (is_oci()) return;  // runc's words: see oci_test.cc
  TaskSpec spec = task(1, "");
  spec.containers[0].image = "sh:2";
  EXPECT_EQ(failure_of(spec), "CannotPullContainerError: image sh:2 not found");
  EXPECT_EQ(seen(1).containers[0].reason, "CannotPullContainerError: image sh:2 not found");
  const struct {
    std::vector<std::string> command;
    const char* folder;
    const char* expected;
  } rows[] = {
      {{"/nowhere"}, "", "exec: \"/nowhere\": no such file or directory"},
      {{"nowhere"}, "", "exec: \"nowhere\": executable file not found in $PATH"},
      {{"/plain"}, "", "exec: \"/plain\": permission denied"},
      {{"/sub"}, "", "exec: \"/sub\": is a directory"},
      {{"/lost"}, "", "exec: \"/lost\": its interpreter is not there"},
      {{}, "", "no command specified: neither the task definition nor the image names a program"},
      {{"hello"}, "/none", "the working directory /none is not in the image"},
      {{"hello"}, "../..", "the working directory ../.. leads out of the image"},
  };
  int number = 1;
  for (const auto& row : rows) {
    spec = task(++number, "");
    spec.containers[0].command = row.command;
    spec.containers[0].working_directory = row.folder;
    EXPECT_EQ(failure_of(spec), std::string("CannotStartContainerError: ") + row.expected);
    EXPECT_FALSE(seen(number).containers[0].exit_code);
  }
}

TEST_P(RuntimeTest, a_container_that_cannot_start_takes_the_others_with_it) {
  TaskSpec spec = task(1, kServe);
  spec.containers.push_back({.name = "bad", .image = "sh:1", .command = {is_oci() ? "/nowhere" : "/lost"}});
  EXPECT_NE(failure_of(spec), "");
  EXPECT_NE(seen(1).containers[1].reason, "");
  EXPECT_EQ(seen(1).containers[0].reason, "");
  EXPECT_FALSE(seen(1).containers[0].running);
}

TEST_P(RuntimeTest, tasks_outlive_the_control_process_and_are_found_again) {
  start(task(1, kServe, {{80, 0}}));
  start(task(2, "exit 4"));
  ASSERT_TRUE(reaches(1, TaskPhase::running));
  ASSERT_TRUE(reaches(2, TaskPhase::stopped));
  const auto before = seen(1);
  restart();
  EXPECT_EQ(seen(1).phase, TaskPhase::running);
  EXPECT_EQ(seen(1).containers[0].pid, before.containers[0].pid);
  EXPECT_EQ(seen(1).containers[0].ports[0].host_port, before.containers[0].ports[0].host_port);
  EXPECT_EQ(seen(2).phase, TaskPhase::stopped);
  EXPECT_EQ(seen(2).containers[0].exit_code, 4);
  kill(static_cast<pid_t>(before.containers[0].pid), SIGKILL);
  ASSERT_TRUE(reaches(1, TaskPhase::stopped));
  EXPECT_EQ(seen(1).containers[0].exit_code, 137);
}

TEST_P(RuntimeTest, what_ended_while_no_control_process_lived_is_known_afterwards) {
  start(task(1, "sleep 0.2; exit 9"));
  ASSERT_TRUE(reaches(1, TaskPhase::running));
  const std::int64_t pid = seen(1).containers[0].pid;
  const pid_t shim = shim_of(pid);
  runtime_.reset();
  ASSERT_TRUE(until([&] { return !alive(shim); }));
  begin();
  EXPECT_EQ(seen(1).phase, TaskPhase::stopped);
  EXPECT_EQ(seen(1).containers[0].exit_code, 9);
}

TEST_P(RuntimeTest, an_exit_code_that_cannot_be_written_down_waits_for_someone_to_hear_it) {
  for (const bool control_lives : {true, false}) {
    const int number = control_lives ? 1 : 2;
    start(task(number, kServe));
    ASSERT_TRUE(logs(number, "started"));
    ASSERT_TRUE(reaches(number, TaskPhase::running));
    const std::int64_t pid = seen(number).containers[0].pid;
    // A folder of that name stands for the disk that refuses the file.
    const std::string state = state_ + "/tasks/" + id(number) + "/state.json";
    fs::remove(state);
    fs::create_directories(state + "/in-the-way");
    if (control_lives) {
      runtime_->stop(id(number));
    } else {
      runtime_.reset();
      kill(static_cast<pid_t>(pid), SIGTERM);
      ASSERT_TRUE(until([&] { return !alive(pid); }));
      begin();
    }
    ASSERT_TRUE(reaches(number, TaskPhase::stopped));
    EXPECT_EQ(seen(number).containers[0].exit_code, 0);
    EXPECT_EQ(seen(number).failure, "");
  }
}

TEST_P(RuntimeTest, a_restart_at_any_moment_of_a_start_loses_nothing) {
  for (int number = 1; number <= 5; ++number) {
    start(task(number, kServe));
    for (int turn = 0; turn < number; ++turn) loop_.run_once(milliseconds(1));
    restart();
    ASSERT_TRUE(reaches(number, TaskPhase::running));
  }
}

TEST_P(RuntimeTest, a_wish_that_was_only_written_down_is_carried_out_after_a_restart) {
  start(task(1, "exit 0"));
  ASSERT_TRUE(reaches(1, TaskPhase::stopped));
  // As if the control process had been killed before it could start the shim.
  runtime_.reset();
  fs::remove(state_ + "/tasks/" + id(1) + "/state.json");
  begin();
  ASSERT_TRUE(reaches(1, TaskPhase::stopped));
  EXPECT_EQ(seen(1).containers[0].exit_code, 0);
}

TEST_P(RuntimeTest, when_a_shim_is_killed_its_containers_end_and_the_task_is_stopped_with_a_reason) {
  for (const bool control_lives : {true, false}) {
    const int number = control_lives ? 1 : 2;
    start(task(number, "setsid sh -c 'echo $$; exec sleep 1000' & trap '' TERM; while :; do sleep 0.1; done"));
    ASSERT_TRUE(logs(number, "stdout "));
    ASSERT_TRUE(reaches(number, TaskPhase::running));
    const std::int64_t pid = seen(number).containers[0].pid;
    const std::string line = log(number);
    const int grandchild = std::atoi(line.c_str() + line.find("stdout ") + 7);
    const pid_t shim = shim_of(pid);
    ASSERT_GT(shim, 1);
    if (!control_lives) runtime_.reset();
    kill(shim, SIGKILL);
    if (!control_lives) {
      ASSERT_TRUE(until([&] { return !alive(shim); }));
      begin();
    }
    ASSERT_TRUE(reaches(number, TaskPhase::stopped));
    EXPECT_FALSE(alive(pid));
    EXPECT_TRUE(is_oci() || !alive(grandchild));  // runc's containers have pids of their own
    EXPECT_EQ(seen(number).containers[0].exit_code, 137);
    EXPECT_EQ(seen(number).containers[0].reason, "the task's shim ended unexpectedly");
  }
}

TEST_P(RuntimeTest, a_forgotten_task_is_gone_but_its_log_stays) {
  start(task(1, "echo last words"));
  runtime_->forget(id(1));  // not while it runs
  ASSERT_TRUE(reaches(1, TaskPhase::stopped));
  runtime_->forget(id(1));
  runtime_->forget(id(1));
  runtime_->stop(id(1));
  EXPECT_FALSE(runtime_->find(id(1)));
  restart();
  EXPECT_TRUE(runtime_->list().empty());
  EXPECT_NE(log(1).find("last words"), std::string::npos);
}

TEST_P(RuntimeTest, a_start_is_done_once_however_often_it_is_asked_for) {
  start(task(1, kServe));
  start(task(1, "exit 1"));
  ASSERT_TRUE(reaches(1, TaskPhase::running));
  start(task(1, "exit 1"));
  EXPECT_EQ(seen(1).phase, TaskPhase::running);
  EXPECT_EQ(runtime_->list().size(), 1u);
}

TEST_P(RuntimeTest, a_name_that_leads_elsewhere_is_refused) {
  TaskSpec spec = task(1, "");
  spec.id = "../x";
  EXPECT_FALSE(runtime_->start(spec));
  spec = task(1, "");
  spec.containers[0].name = "a/b";
  EXPECT_FALSE(runtime_->start(spec));
  spec.containers.clear();
  EXPECT_FALSE(runtime_->start(spec));
  EXPECT_TRUE(runtime_->list().empty());
}

TEST_P(RuntimeTest, both_streams_are_logged_to_the_last_byte) {
  start(task(1, "echo out; echo err >&2; printf unfinished"));
  ASSERT_TRUE(reaches(1, TaskPhase::stopped));
  for (const char* line : {" stdout out\n", " stderr err\n", " stdout unfinished\n"}) {
    EXPECT_NE(log(1).find(line), std::string::npos) << line;
  }
}

TEST_P(RuntimeTest, many_tasks_start_and_stop_together) {
  const int many = is_oci() ? 8 : 50;
  for (int number = 1; number <= many; ++number) start(task(number, kServe, {{80, 0}}));
  std::set<std::string> places;
  for (int number = 1; number <= many; ++number) {
    ASSERT_TRUE(reaches(number, TaskPhase::running)) << number << seen(number).failure;
    places.insert(seen(number).address + ":" + std::to_string(seen(number).containers[0].ports[0].host_port));
  }
  EXPECT_EQ(places.size(), static_cast<std::size_t>(many));
  for (int number = 1; number <= many; ++number) runtime_->stop(id(number));
  for (int number = 1; number <= many; ++number) EXPECT_TRUE(reaches(number, TaskPhase::stopped)) << number;
}

INSTANTIATE_TEST_SUITE_P(Runtimes, RuntimeTest, ::testing::Values(kOnHost, kOwnNetwork, kOci), name_of);

class HostPortsTest : public RuntimeTest {};

TEST_P(HostPortsTest, a_wished_port_that_is_taken_is_refused_by_its_number) {
  const net::Fd taken(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(taken.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(getsockname(taken.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  ASSERT_EQ(listen(taken.get(), 1), 0);
  const std::uint16_t port = ntohs(address.sin_port);
  EXPECT_EQ(
      failure_of(task(1, kServe, {{80, port}})),
      "CannotStartContainerError: Ports are not available: host port " + std::to_string(port) + " is already in use");
}

TEST_P(HostPortsTest, a_port_belongs_to_one_task_until_that_has_stopped) {
  start(task(1, kServe, {{80, 0}}));
  ASSERT_TRUE(reaches(1, TaskPhase::running));
  const std::uint16_t port = seen(1).containers[0].ports[0].host_port;
  EXPECT_NE(failure_of(task(2, kServe, {{80, port}})), "");
  restart();
  EXPECT_NE(failure_of(task(3, kServe, {{80, port}})), "");
  runtime_->stop(id(1));
  ASSERT_TRUE(reaches(1, TaskPhase::stopped));
  start(task(4, kServe, {{80, port}}));
  ASSERT_TRUE(reaches(4, TaskPhase::running)) << seen(4).failure;
}

INSTANTIATE_TEST_SUITE_P(Runtimes, HostPortsTest, ::testing::Values(kOnHost), name_of);

class ProcessRuntimeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "weir-runtime-XXXXXX";
    state_ = mkdtemp(pattern.data());
  }
  void TearDown() override { fs::remove_all(state_); }
  Result<std::unique_ptr<ProcessRuntime>> open(std::vector<std::string> shim) {
    return ProcessRuntime::open(loop_, log_, {.state_directory = state_, .shim_command = std::move(shim)});
  }

  SystemClock clock_;
  NoLog log_;
  net::Loop loop_{clock_};
  std::string state_;
};

TEST_F(ProcessRuntimeTest, a_shim_that_does_not_run_is_a_failure_of_the_task) {
  const struct {
    std::vector<std::string> shim;
    const char* expected;
  } rows[] = {
      {{"/no/such/weir"}, "CannotStartContainerError: cannot run /no/such/weir: No such file or directory"},
      {{"/bin/false"}, "CannotStartContainerError: the task's shim ended unexpectedly"},
      {{"/bin/sh", "-c", "echo out of order >&2"},
       "CannotStartContainerError: the task's shim ended unexpectedly: out of order"},
  };
  int number = 0;
  for (const auto& row : rows) {
    auto runtime = MUST(open(row.shim));
    const std::string id = std::to_string(++number);
    MUST(runtime->start({id, {{.name = "web", .image = "sh:1"}}}));
    const Instant bound = clock_.now() + seconds(10);
    while (runtime->find(id)->phase != TaskPhase::stopped && clock_.now() < bound) loop_.run_once(milliseconds(5));
    EXPECT_EQ(runtime->find(id)->failure, row.expected);
  }
}

TEST_F(ProcessRuntimeTest, a_second_runtime_on_the_same_folder_is_refused) {
  const auto first = MUST(open({"/bin/false"}));
  const auto second = open({"/bin/false"});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, "Locked");
}

TEST_F(ProcessRuntimeTest, a_damaged_task_folder_is_dropped_and_the_rest_adopted) {
  fs::create_directories(state_ + "/tasks/bad");
  fs::create_directories(state_ + "/tasks/.new-x");
  { std::ofstream(state_ + "/tasks/bad/spec.json") << "{"; }
  auto runtime = MUST(open({"/bin/false"}));
  MUST(runtime->start({"good", {{.name = "web", .image = "sh:1"}}}));
  runtime.reset();
  runtime = MUST(open({"/bin/false"}));
  EXPECT_EQ(runtime->list(), std::vector<std::string>{"good"});
  EXPECT_FALSE(fs::exists(state_ + "/tasks/bad"));
  EXPECT_FALSE(fs::exists(state_ + "/tasks/.new-x"));
}

TEST(TaskRecord, comes_back_as_it_was) {
  TaskRecord record{.images = "/i", .logs = "/l"};
  record.spec = {"0a", {{"web", "a:1", {"e"}, {"c", "d"}, {{"K", "\"v\"\n"}}, "/w", {{80, 20001}}, false, seconds(3)}}};
  record.spec.own_network = true;
  record.network = {"l", "169.254.172.2", "169.254.172.1", "0a:58:a9:fe:ac:02", "nameserver 1.2.3.4\n"};
  auto& container = record.spec.containers[0];
  container.depends_on = {{"a", DependencyCondition::success}, {"b", DependencyCondition::healthy}};
  container.start_timeout = seconds(9);
  container.health_check = {{"x"}, seconds(7), seconds(3), 2, seconds(8)};
  const auto again = MUST(read_task_record(to_json(record)));
  EXPECT_EQ(to_json(again).dump(), to_json(record).dump());
  EXPECT_TRUE(again.spec.own_network);
  EXPECT_EQ(again.network->mac, record.network->mac);
  EXPECT_EQ(again.spec.containers[0].depends_on[1].condition, DependencyCondition::healthy);
  EXPECT_EQ(again.spec.containers[0].health_check->start_period, seconds(8));
  TaskObservation seen{.id = "0a", .phase = TaskPhase::stopping, .failure = "F: x"};
  seen.containers = {{.name = "web",
                      .running = true,
                      .pid = 7,
                      .exit_code = 0,
                      .reason = "r",
                      .ports = {{80, 20001}},
                      .health = ContainerHealth::healthy}};
  EXPECT_EQ(MUST(read_observation(to_json(seen))).containers[0].health, ContainerHealth::healthy);
  EXPECT_EQ(to_json(MUST(read_observation(to_json(seen)))).dump(), to_json(seen).dump());
  EXPECT_FALSE(read_observation(Json::object()));
  EXPECT_FALSE(read_task_record(Json::object()));
}

}  // namespace
}  // namespace weir::runtime

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "shim") {
    const weir::SystemClock clock;
    return weir::runtime::run_shim(argv[2], clock);
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
