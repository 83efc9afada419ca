// bench_task_starts [TASKS]: how long the process runtime takes from the wish for TASKS (200) tasks until all of them
// run, until another control process has adopted them all, and until all have ended; on the host's network and, where
// this machine permits it, with a network for each. In seconds. It is also the shim that it starts.
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "net/loop.h"
#include "runtime/image_store.h"
#include "runtime/process_runtime.h"
#include "runtime/shim.h"

namespace {

using namespace weir;
using namespace weir::runtime;
namespace fs = std::filesystem;

constexpr std::chrono::seconds kBound{120};

class Measure {
 public:
  Measure(int tasks, NetworkWish network) : tasks_(tasks), network_(network) {
    std::string pattern = fs::temp_directory_path() / "weir-starts-XXXXXX";
    state_ = mkdtemp(pattern.data());
    fs::create_directories(state_ + "/image");
    { std::ofstream(state_ + "/image/nothing") << ""; }
    MUST(ImageStore(state_ + "/images").import_directory("sh:1", state_ + "/image"));
  }
  ~Measure() {
    runtime_.reset();
    fs::remove_all(state_);
  }

  void run(const char* name) {
    open();
    const double started = seconds_of([&] {
      for (int number = 0; number < tasks_; ++number) MUST(runtime_->start(task(number)));
      await(TaskPhase::running);
    });
    const double adopted = seconds_of([&] {
      runtime_.reset();
      open();
      await(TaskPhase::running);
    });
    const double ended = seconds_of([&] {
      for (const auto& id : runtime_->list()) runtime_->stop(id);
      await(TaskPhase::stopped);
    });
    fmt::print("{:<16} {} tasks: all run after {:.2f} s, adopted after {:.2f} s, ended after {:.2f} s\n", name, tasks_,
               started, adopted, ended);
  }

 private:
  void open() {
    runtime_ = MUST(ProcessRuntime::open(
        loop_, log_, {.state_directory = state_, .shim_command = {"/proc/self/exe", "shim"}, .network = network_}));
  }
  TaskSpec task(int number) const {
    return {.id = fmt::format("{}{:08}", prefix_, number),
            .containers = {{.name = "app",
                            .image = "sh:1",
                            .command = {"sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"},
                            .ports = {{8080, 0}},
                            .limits = {.memory = 64 << 20}}},
            .own_network = true};
  }
  void await(TaskPhase phase) {
    const Instant end = clock_.now() + kBound;
    for (;;) {
      int there = 0;
      for (const auto& id : runtime_->list()) there += runtime_->find(id)->phase == phase;
      if (there == tasks_) return;
      if (clock_.now() > end) {
        fmt::print(stderr, "only {} of {} tasks got there\n", there, tasks_);
        std::exit(1);
      }
      loop_.run_once(std::chrono::milliseconds(5));
    }
  }
  template <class Work>
  double seconds_of(const Work& work) {
    const Instant begin = clock_.now();
    work();
    return std::chrono::duration<double>(clock_.now() - begin).count();
  }

  const int tasks_;
  const NetworkWish network_;
  const std::string prefix_ = Random(system_seed()).hex(24);
  SystemClock clock_;
  NoLog log_;
  net::Loop loop_{clock_};
  std::string state_;
  std::unique_ptr<ProcessRuntime> runtime_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "shim") {
    const SystemClock clock;
    return run_shim(argv[2], clock);
  }
  const int tasks = argc > 1 ? std::atoi(argv[1]) : 200;
  Measure(tasks, NetworkWish::host).run("host network");
  if (try_networks()) Measure(tasks, NetworkWish::own_or_fail).run("own networks");
}
