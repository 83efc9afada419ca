#include "runtime/shim.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <vector>

#include "net/loop.h"
#include "net/signal_watch.h"
#include "net/socket.h"
#include "runtime/cgroups.h"
#include "runtime/container_process.h"
#include "runtime/files.h"
#include "runtime/health_probe.h"
#include "runtime/image_store.h"
#include "runtime/limits.h"
#include "runtime/log_pipe.h"
#include "runtime/oci_container.h"
#include "runtime/processes.h"
#include "runtime/shim_peer.h"
#include "runtime/start_order.h"
#include "runtime/task_log.h"
#include "runtime/task_network.h"
#include "runtime/task_record.h"

namespace weir::runtime {
namespace {

constexpr const char* kShimOomScore = "-500";  // rather a container than the one who reports its end
constexpr std::size_t kMaxSpecBytes = 64 << 20;
constexpr const char* kOutOfMemory = "OutOfMemoryError: Container killed due to memory usage";

// A container while it runs.
struct Container {
  Container(net::Loop& loop, LogWriter& writer, StartedProcess made)
      : pid(made.pid),
        log(writer),
        out(loop, std::move(made.out), LogStream::out, log),
        error(loop, std::move(made.error), LogStream::error, log),
        kill_timer(loop, [this] { kill(-pid, SIGKILL); }) {}

  void drain() {
    out.drain();
    error.drain();
  }

  pid_t pid;
  std::int64_t oom_kills = 0;  // in its cgroup, before it began
  LogWriter& log;
  LogPipe out, error;
  net::Timer kill_timer;
  std::unique_ptr<HealthProbe> probe;  // none where it has no health check
};

// What the task has besides its containers.
struct Surroundings {
  std::optional<HostEnd> host_end;  // of its own network
  bool own_mounts = false;

  // What is mounted after this is seen by the task alone, and gone with it.
  Result<> leave_hosts_mounts() {
    if (!own_mounts) TRY(enter_own_mounts());
    own_mounts = true;
    return {};
  }
};

Result<> make_group(const CgroupTrees& group, const ResourceLimits& limits, Holds what) {
  auto made = make_cgroup(group, what);
  if (made) made = limit(group, limits);
  if (made) return {};
  return fail("ResourceInitializationError", "unable to limit memory and cpu: " + made.error().message,
              ErrorSource::runtime);
}

Result<Surroundings> make_surroundings(const TaskRecord& record, const std::string& directory) {
  Surroundings around;
  if (record.group.version != 0) TRY(make_group(record.group, record.spec.limits, Holds::groups));
  if (record.network) {
    around.host_end = TRY(enter_network(*record.network, directory));
    around.own_mounts = true;
  }
  return around;
}

struct Plans {
  std::optional<OciContainer> oci;  // of an image with a root file system of its own
  ProcessPlan process;
  Result<ProcessPlan> check = {};  // what cannot be found is a check that fails
};

// The health check is a program of the container's own: its words, in the same environment and folder.
ContainerSpec as_check(const ContainerSpec& container) {
  ContainerSpec check = container;
  check.entry_point = container.health_check->command;
  check.command.clear();
  return check;
}

class Shim final : public net::FdHandler {
 public:
  Shim(std::string directory, TaskRecord record, Result<Surroundings> around, std::string oom_score, const Clock& clock)
      : directory_(std::move(directory)),
        record_(std::move(record)),
        around_(std::move(around)),
        loop_(clock),
        listening_(kShimSocket),
        seen_(observation_of(record_)),
        order_(record_.spec.containers),
        logs_(record_.spec.containers.size()),
        started_at_(record_.spec.containers.size()),
        running_(record_.spec.containers.size()),
        signals_(loop_, {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT}, [this](int number) { on_signal(number); }),
        wait_timer_(loop_,
                    [this] {
                      advance();
                      reap();
                    }),
        reap_timer_(loop_, [this] { reap(); }),
        retry_timer_(loop_, [this] { say_the_end(); }),
        oom_score_(std::move(oom_score)) {
    loop_.watch(listening_.get(), net::kReadable, *this);
  }
  ~Shim() override { loop_.unwatch(listening_.get()); }

  void run() {
    begin();
    reap();
    loop_.run();
  }

 private:
  bool stopping() const { return seen_.phase >= TaskPhase::stopping; }

  void begin() {
    // What could not be told apart later from a task that never began is not begun.
    if (!tell()) return give_up({"CannotStartContainerError", "the task's state cannot be written"});
    if (!around_) return give_up(around_.error());
    if (auto prepared = prepare_all(); !prepared) return give_up(prepared.error());
    // It may have been told to stop meanwhile: one turn to accept who tells it, one to hear it.
    loop_.run_once(Duration(0));
    loop_.run_once(Duration(0));
    advance();
  }

  void give_up(const Error& error) {
    seen_.failure = error.code + ": " + error.message.substr(0, kMaxReasonBytes);
    stop();
  }

  Result<> prepare_all() {
    const ImageStore images(record_.images);
    for (std::size_t i = 0; i < seen_.containers.size(); ++i) {
      auto plans = prepare(images, record_.spec.containers[i], seen_.containers[i]);
      if (!plans) return failed(i, plans.error());
      plans_.push_back(std::move(*plans));
    }
    return {};
  }

  // Starts those that no longer wait for others. Called whenever something has changed that they may wait for.
  void advance() {
    if (seen_.phase != TaskPhase::starting || plans_.empty()) return;
    bool changed = false;
    while (const auto i = order_.next(seen_.containers)) {
      if (auto started = start_container(*i); !started) return give_up(failed(*i, started.error()).error());
      changed = true;
    }
    if (const auto stuck = order_.stuck(seen_.containers, loop_.clock().now())) {
      return give_up(failed(stuck->container, {"CannotStartContainerError", stuck->why}).error());
    }
    if (const auto until = order_.deadline(seen_.containers)) wait_timer_.arm(*until);
    if (order_.all_started()) seen_.phase = TaskPhase::running;
    if (changed) tell();
  }

  CgroupTrees group_of(std::size_t i) const {
    return record_.group.version == 0 ? CgroupTrees{} : record_.group / record_.spec.containers[i].name;
  }

  Result<> start_container(std::size_t i) {
    const CgroupTrees group = group_of(i);
    if (group.version != 0) TRY(make_group(group, record_.spec.containers[i].limits, Holds::processes));
    if (plans_[i].oci) plans_[i].oci->clean();
    const auto oom_kills_before = oom_kills(group);
    StartedProcess made = TRY(start_process(plans_[i].process, oom_score_));
    started_at_[i] = loop_.clock().now();
    order_.note_started(i, loop_.clock().now());
    seen_.containers[i].running = true;
    seen_.containers[i].pid = made.pid;
    const auto& wished = record_.spec.containers[i];
    if (!logs_[i]) logs_[i] = std::make_unique<LogWriter>(record_.logs, wished.name, loop_.clock());
    running_[i] = std::make_unique<Container>(loop_, *logs_[i], std::move(made));
    running_[i]->oom_kills = oom_kills_before;
    if (wished.health_check) running_[i]->probe = probe_of(i);
    return {};
  }

  std::unique_ptr<HealthProbe> probe_of(std::size_t i) {
    const auto& container = record_.spec.containers[i];
    return std::make_unique<HealthProbe>(loop_, *container.health_check, plans_[i].check, oom_score_, [this, i] {
      if (stopping()) return;
      seen_.containers[i].health = running_[i]->probe->health();
      tell();
      advance();
    });
  }

  Plans plans_of_own_program(const ContainerSpec& container) {
    Plans plans{.oci = {}, .process = plan_own_program(record_.spec.id, container, container.command)};
    if (container.health_check) {
      plans.check = plan_own_program(record_.spec.id, container, container.health_check->command);
    }
    if (record_.group.version != 0) plans.process.groups = ways_in(record_.group / container.name);
    plans.check->groups = plans.process.groups;
    return plans;
  }

  Result<Plans> prepare(const ImageStore& images, const ContainerSpec& container, ContainerObservation& seen) {
    if (container.own_program) return plans_of_own_program(container);
    const Image image = TRY(images.resolve(container.image));
    seen.image_digest = image.digest;
    const std::string root = TRY(images.unpack(image));
    Plans plans;
    if (image.files == RootFiles::own) {
      TRY(around_->leave_hosts_mounts());
      plans.oci = TRY(OciContainer::make(directory_, record_, container, image.config, root));
      plans.process = plans.oci->start();
      if (container.health_check) plans.check = plans.oci->check(*container.health_check);
    } else {
      plans.process = TRY(plan_process(record_.spec.id, container, image.config, root, directory_));
    }
    if (!plans.oci && container.health_check) {
      plans.check = plan_process(record_.spec.id, as_check(container), image.config, root, directory_);
    }
    if (record_.group.version != 0) plans.process.groups = ways_in(record_.group / container.name);
    if (plans.check) plans.check->groups = plans.process.groups;
    return plans;
  }

  std::unexpected<Error> failed(std::size_t container, const Error& error) {
    seen_.containers[container].reason = error.code + ": " + error.message.substr(0, kMaxReasonBytes);
    return std::unexpected(error);
  }

  void stop() {
    if (stopping()) return;
    seen_.phase = TaskPhase::stopping;
    stop_next();
    tell();
  }

  // SIGTERM to the process group of each container on which no other that runs depends, and SIGKILL when its time is
  // over.
  void stop_next() {
    for (const std::size_t i : order_.may_stop(seen_.containers)) {
      if (running_[i]->kill_timer.armed()) continue;
      kill(-running_[i]->pid, SIGTERM);
      running_[i]->kill_timer.arm(loop_.clock().now() + record_.spec.containers[i].stop_timeout);
    }
  }

  void on_signal(int number) {
    if (number == SIGCHLD) return reap();
    if (number == SIGHUP) return;
    stop();
    reap();
  }

  // Takes the exit codes of what has ended, and ends the task when its last container has.
  void reap() {
    bool changed = false, none_left = false;
    for (;;) {
      siginfo_t ended{};
      if (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0) {
        none_left = errno == ECHILD;
        if (errno == EINTR) continue;
        break;
      }
      if (ended.si_pid == 0) break;
      changed |= note_end(ended);
      waitpid(ended.si_pid, nullptr, 0);
    }
    if (changed) after_ends();
    for (const auto& container : running_) {
      if (container) return;
    }
    none_left ? finish() : kill_the_rest();
  }

  // Whether it was a container.
  bool note_end(const siginfo_t& ended) {
    for (std::size_t i = 0; i < running_.size(); ++i) {
      if (!running_[i]) continue;
      if (running_[i]->pid == ended.si_pid) {
        on_exit(i, ended);
        return true;
      }
      if (running_[i]->probe && running_[i]->probe->pid() == ended.si_pid) {
        running_[i]->probe->on_exit(ended.si_code == CLD_EXITED && ended.si_status == 0);
      }
    }
    return false;
  }

  // Others may have waited for it, to start or to stop.
  void after_ends() {
    advance();
    if (stopping()) stop_next();
    tell();
  }

  void on_exit(std::size_t i, const siginfo_t& ended) {
    auto& container = *running_[i];
    // Not reaped yet, so the number is still its group's.
    kill(-container.pid, SIGKILL);
    container.drain();
    container.log.finish();
    auto& seen = seen_.containers[i];
    seen.running = false;
    seen.exit_code = ended.si_code == CLD_EXITED ? ended.si_status : 128 + ended.si_status;
    if (seen.exit_code == 128 + SIGKILL && oom_kills(group_of(i)) > container.oom_kills) seen.reason = kOutOfMemory;
    running_[i].reset();
    if (may_restart(i)) return restart(i);
    if (record_.spec.containers[i].essential) stop();
  }

  bool may_restart(std::size_t i) const {
    const Duration ran = loop_.clock().now() - started_at_[i];
    return !stopping() && is_restarted(record_.spec.containers[i], *seen_.containers[i].exit_code, ran);
  }

  void restart(std::size_t i) {
    auto& seen = seen_.containers[i];
    if (auto started = start_container(i); !started) {
      (void)failed(i, started.error());
      if (record_.spec.containers[i].essential) stop();
      return;
    }
    seen.exit_code.reset();
    seen.reason.clear();
    ++seen.restarts;
    if (seen.health != ContainerHealth::unchecked) seen.health = ContainerHealth::unknown;
  }

  // Processes that left their container's group: this process has become their parent.
  void kill_the_rest() {
    if (!stopping()) {
      seen_.phase = TaskPhase::stopping;
      tell();
    }
    for (const pid_t pid : children_of_this_process()) kill(pid, SIGKILL);
    reap_timer_.arm(loop_.clock().now() + kReapInterval);
  }

  void finish() {
    if (seen_.phase >= TaskPhase::releasing) return;
    seen_.phase = TaskPhase::releasing;
    tell();
    release();
    seen_.phase = TaskPhase::stopped;
    say_the_end();
  }

  void release() {
    clean_after_runc(directory_, record_.spec);
    if (record_.group.version != 0) remove_cgroup(record_.group);
    if (around_ && around_->host_end) around_->host_end->remove();
    // Who reads of the end may give the ports or the address away at once.
    for (std::size_t i = 0; i < reservations_of(record_); ++i) close(kShimSocket + 1 + static_cast<int>(i));
  }

  // Exit codes must not be lost: they are written, or someone heard them, before this process goes.
  void say_the_end() {
    const bool written = tell();
    const bool heard = std::ranges::any_of(peers_, [](const auto& peer) { return !peer->gone(); });
    if (written || heard) return loop_.stop();
    retry_timer_.arm(loop_.clock().now() + kStateRetry);
  }

  // Whether the state could be written down.
  bool tell() {
    const std::string state = to_json(seen_).dump();
    const auto written = write_file(directory_ + kStateFile, state, Durability::process);
    if (!written) std::fprintf(stderr, "weir shim: %s\n", written.error().message.c_str());
    for (const auto& peer : peers_) peer->send(state);
    return written.has_value();
  }

  void on_ready(std::uint32_t) override {
    std::erase_if(peers_, [](const auto& peer) { return peer->gone(); });
    while (auto accepted = net::accept_stream(listening_.get())) {
      peers_.push_back(std::make_unique<Peer>(loop_, std::move(*accepted), [this] {
        stop();
        reap();
      }));
      peers_.back()->send(to_json(seen_).dump());
    }
  }

  std::string directory_;
  TaskRecord record_;
  Result<Surroundings> around_;
  net::Loop loop_;
  net::Fd listening_;
  TaskObservation seen_;
  StartOrder order_;
  std::vector<Plans> plans_;                      // of all containers, once their images are there
  std::vector<std::unique_ptr<LogWriter>> logs_;  // of those that were started
  std::vector<Instant> started_at_;               // last
  std::vector<std::unique_ptr<Container>> running_;
  std::vector<std::unique_ptr<Peer>> peers_;
  net::SignalWatch signals_;
  net::Timer wait_timer_;  // when a start timeout is over
  net::Timer reap_timer_;
  net::Timer retry_timer_;
  std::string oom_score_;  // for containers
};

// Lowers this process's score where that is allowed, and returns what it was, for the containers.
std::string lower_oom_score() {
  const char* path = "/proc/self/oom_score_adj";
  const auto before = read_file(path, 64);
  const net::Fd fd(open(path, O_WRONLY | O_CLOEXEC));
  if (!before || !fd || write(fd.get(), kShimOomScore, 4) != 4) return "";
  return *before;
}

}  // namespace

int run_shim(const std::string& directory, const Clock& clock) {
  const auto json = read_json(directory + kSpecFile, kMaxSpecBytes);
  auto record = json ? read_task_record(*json) : Result<TaskRecord>(std::unexpected(json.error()));
  if (!record) {
    std::fprintf(stderr, "weir shim: %s\n", record.error().message.c_str());
    return 1;
  }
  syscall(SYS_close_range, static_cast<unsigned>(kShimSocket), ~0U, CLOSE_RANGE_CLOEXEC);
  fcntl(kShimSocket, F_SETFL, O_NONBLOCK);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  prctl(PR_SET_NAME, "weir-shim");
  signal(SIGPIPE, SIG_IGN);
  // Disk full is an error of a write, not an end.
  signal(SIGXFSZ, SIG_IGN);
  if (auto made = make_directories(record->logs); !made)
    std::fprintf(stderr, "weir shim: %s\n", made.error().message.c_str());
  auto around = make_surroundings(*record, directory);
  Shim shim(directory, std::move(*record), std::move(around), lower_oom_score(), clock);
  shim.run();
  return 0;
}

}  // namespace weir::runtime
