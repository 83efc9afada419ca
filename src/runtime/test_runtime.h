// The fixture of the suite that runs over every runtime, with real small processes. Its program is also the shim that
// they start: see main in runtime_test.cc.
#pragma once

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
#include "runtime/runtime.h"
#include "runtime/shim.h"
#include "runtime/shim_link.h"
#include "runtime/task_log.h"
#include "runtime/task_record.h"

namespace weir::runtime {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Runs until told; ends with code 0 on SIGTERM.
constexpr const char* kServe = "trap 'echo bye; exit 0' TERM; echo started; sleep 1000 & wait";

constexpr const char* kBusybox = "/usr/bin/busybox";

// Every runtime that the suite runs over.
struct Kind {
  const char* name;
  NetworkWish network = NetworkWish::host;
  RootFiles files = RootFiles::on_host;
};
constexpr Kind kOnHost{"process"}, kOwnNetwork{"process_with_network", NetworkWish::own_or_fail},
    kOci{"oci", NetworkWish::host, RootFiles::own},
    kOciWithNetwork{"oci_with_network", NetworkWish::own_or_fail, RootFiles::own};

inline std::string name_of(const ::testing::TestParamInfo<Kind>& kind) { return kind.param.name; }

inline Result<std::unique_ptr<ProcessRuntime>> open_runtime(const Kind& kind, net::Loop& loop, Log& log,
                                                            const std::string& state) {
  return ProcessRuntime::open(
      loop, log, {.state_directory = state, .shim_command = {"/proc/self/exe", "shim"}, .network = kind.network});
}

class RuntimeTest : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    if (GetParam().network == NetworkWish::own_or_fail) {
      if (const auto tried = try_networks(); !tried) GTEST_SKIP() << tried.error().message;
    }
    if (is_oci() && (geteuid() != 0 || !fs::exists(kBusybox) || !fs::exists("/usr/sbin/runc"))) {
      GTEST_SKIP() << "wants root, runc and busybox-static";
    }
    std::string pattern = ::testing::TempDir() + "weir-runtime-XXXXXX";
    root_ = mkdtemp(pattern.data());
    state_ = root_ + "/state";
    source_ = root_ + "/source";
    fs::create_directories(source_ + "/sub");
    { std::ofstream(source_ + "/plain") << "#!/bin/sh\n"; }
    { std::ofstream(source_ + "/hello") << "#!/bin/sh\necho hello from $(pwd) $*\n"; }
    { std::ofstream(source_ + "/lost") << "#!/no/such/interpreter\n"; }
    for (const char* name : {"/hello", "/lost"}) fs::permissions(source_ + name, fs::perms(0755));
    if (is_oci()) add_root_files();
    MUST(ImageStore(state_ + "/images")
             .import_directory("sh:1", source_, {.environment = {"FROM=image", "ALSO=image"}}, GetParam().files));
    begin();
  }
  void TearDown() override {
    if (root_.empty()) return;
    if (!runtime_) begin();
    for (const auto& id : runtime_->list()) runtime_->stop(id);
    for (const auto& id : runtime_->list()) EXPECT_TRUE(reaches(id, TaskPhase::stopped)) << id;
    for (const auto& id : runtime_->list()) EXPECT_EQ(kill_processes_of_task(id), 0) << id;
    runtime_.reset();
    fs::remove_all(root_);
  }

  static bool is_oci() { return GetParam().files == RootFiles::own; }
  // A root file system: busybox, and its programs as links, one of them absolute.
  void add_root_files() {
    for (const char* name : {"/bin", "/tmp", "/etc"}) fs::create_directories(source_ + name);
    fs::copy_file(kBusybox, source_ + "/bin/busybox");
    fs::create_symlink("/bin/busybox", source_ + "/bin/sh");
    for (const char* name : {"env", "sleep", "touch", "true", "false", "setsid", "ls", "cat", "grep", "test", "id"}) {
      fs::create_symlink("busybox", source_ + "/bin/" + name);
    }
  }

  // The runtime of a new control process; the former must be gone.
  void begin() {
    runtime_ = MUST(open_runtime(GetParam(), loop_, log_, state_));
    runtime_->on_change([this](const std::string& id) { told_.push_back(id); });
  }
  void restart() {
    runtime_.reset();
    begin();
  }

  // Another run of this program may be under way: a task's processes are known by its id.
  std::string id(int number) const {
    const std::string digits = std::to_string(number);
    return ids_ + std::string(8 - digits.size(), '0') + digits;
  }
  TaskSpec task(int number, const std::string& script, std::vector<PortMapping> ports = {}) const {
    return {
        .id = id(number),
        .containers = {{.name = "web", .image = "sh:1", .command = {"sh", "-c", script}, .ports = std::move(ports)}},
        .own_network = true};
  }
  // A SIGTERM that comes before the first process of a root file system has its trap is ignored by the kernel: what
  // waits for an end must not wait for the default of 30 s.
  virtual void start(TaskSpec spec) {
    for (auto& container : spec.containers) container.stop_timeout = std::min(container.stop_timeout, seconds(5));
    MUST(runtime_->start(spec));
  }

  bool until(const std::function<bool()>& condition, Duration bound = seconds(10)) {
    const Instant end = clock_.now() + bound;
    while (!condition()) {
      if (clock_.now() > end) return false;
      loop_.run_once(milliseconds(5));
    }
    return true;
  }
  bool reaches(const std::string& task_id, TaskPhase phase) {
    return until([&] { return seen(task_id).phase == phase; });
  }
  bool reaches(int number, TaskPhase phase) { return reaches(id(number), phase); }
  TaskObservation seen(const std::string& task_id) {
    auto found = runtime_->find(task_id);
    EXPECT_TRUE(found) << task_id;
    return found ? *found : TaskObservation{};
  }
  TaskObservation seen(int number) { return seen(id(number)); }
  // A start that fails, and why.
  std::string failure_of(const TaskSpec& spec) {
    start(spec);
    EXPECT_TRUE(reaches(spec.id, TaskPhase::stopped));
    return seen(spec.id).failure;
  }
  std::string log(int number, const char* container = "web") {
    const auto chunk = TaskLog(state_ + "/logs").read(id(number), container, 0);
    return chunk ? chunk->text : "";
  }
  bool logs(int number, const std::string& text, const char* container = "web") {
    return until([&] { return log(number, container).find(text) != std::string::npos; });
  }
  // The shim of a running container.
  static pid_t shim_of(std::int64_t pid) {
    const std::string stat = MUST(read_file("/proc/" + std::to_string(pid) + "/stat", 4096));
    return std::atoi(stat.c_str() + stat.rfind(')') + 4);
  }
  static bool alive(std::int64_t pid) {
    const auto stat = read_file("/proc/" + std::to_string(pid) + "/stat", 4096);
    return stat && stat->find(") Z") == std::string::npos;
  }

  SystemClock clock_;
  NoLog log_;
  net::Loop loop_{clock_};
  const std::string ids_ = Random(system_seed()).hex(24);
  std::string root_, state_, source_;
  std::unique_ptr<Runtime> runtime_;
  std::vector<std::string> told_;
};

// Its containers see the test's folder where it is, whatever their root file system.
class SharedFolderTest : public RuntimeTest {
 protected:
  std::string file(const char* name) const { return root_ + "/" + name; }
  void start(TaskSpec spec) override {
    for (auto& container : spec.containers) {
      if (is_oci()) container.mounts.push_back({.volume = "test", .host_path = root_, .container_path = root_});
    }
    RuntimeTest::start(std::move(spec));
  }
};

}  // namespace weir::runtime
