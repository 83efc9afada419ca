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
#include "runtime/container_process.h"
#include "runtime/files.h"
#include "runtime/image_store.h"
#include "runtime/limits.h"
#include "runtime/processes.h"
#include "runtime/task_log.h"
#include "runtime/task_record.h"

namespace weir::runtime {
namespace {

constexpr const char* kShimOomScore = "-500";  // rather a container than the one who reports its end
constexpr std::size_t kMaxSpecBytes = 64 << 20;

// One of a container's pipes, read into its log.
class LogPipe final : public net::FdHandler {
 public:
  LogPipe(net::Loop& loop, net::Fd fd, LogStream stream, LogWriter& log)
      : loop_(loop), fd_(std::move(fd)), stream_(stream), log_(log) {
    loop_.watch(fd_.get(), net::kReadable, *this);
  }
  ~LogPipe() override { close(); }

  // Reads what is there without waiting.
  void drain() {
    while (fd_ && read_once()) continue;
  }

 private:
  void on_ready(std::uint32_t) override { read_once(); }
  void close() {
    if (!fd_) return;
    loop_.unwatch(fd_.get());
    fd_.reset();
  }
  bool read_once() {
    static thread_local char buffer[kLogReadBytes];
    const ssize_t count = read(fd_.get(), buffer, sizeof buffer);
    if (count > 0) log_.write(stream_, {buffer, static_cast<std::size_t>(count)});
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) close();
    return count > 0;
  }

  net::Loop& loop_;
  net::Fd fd_;
  LogStream stream_;
  LogWriter& log_;
};

// One runtime that watches: it is sent the newest state and may say "stop".
class Peer final : public net::FdHandler {
 public:
  Peer(net::Loop& loop, net::Fd fd, std::function<void()> stop)
      : loop_(loop), fd_(std::move(fd)), stop_(std::move(stop)) {
    loop_.watch(fd_.get(), net::kReadable, *this);
  }
  ~Peer() override { close(); }

  bool gone() const { return !fd_; }
  void send(const std::string& state) {
    if (!fd_) return;
    unsent_ = state;
    flush();
  }

 private:
  void on_ready(std::uint32_t events) override {
    if (events & net::kWritable) flush();
    if (fd_ && (events & ~std::uint32_t{net::kWritable})) receive();
  }
  void flush() {
    if (unsent_.empty()) return;
    const ssize_t count = ::send(fd_.get(), unsent_.data(), unsent_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOBUFS)) {
      loop_.change(fd_.get(), net::kReadable | net::kWritable);
      return;
    }
    unsent_.clear();
    if (count < 0) return close();
    loop_.change(fd_.get(), net::kReadable);
  }
  void receive() {
    char message[64];
    const ssize_t count = recv(fd_.get(), message, sizeof message, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) return close();
    if (std::string_view(message, static_cast<std::size_t>(count)) == "stop") stop_();
  }
  void close() {
    if (!fd_) return;
    loop_.unwatch(fd_.get());
    fd_.reset();
  }

  net::Loop& loop_;
  net::Fd fd_;
  std::function<void()> stop_;
  std::string unsent_;
};

// A container while it runs.
struct Container {
  Container(net::Loop& loop, const TaskRecord& record, const ContainerSpec& its, const Clock& clock,
            StartedProcess made)
      : pid(made.pid),
        log(record.logs, its.name, clock),
        out(loop, std::move(made.out), LogStream::out, log),
        error(loop, std::move(made.error), LogStream::error, log),
        kill_timer(loop, [this] { kill(-pid, SIGKILL); }) {}

  void drain() {
    out.drain();
    error.drain();
  }

  pid_t pid;
  LogWriter log;
  LogPipe out, error;
  net::Timer kill_timer;
};

class Shim final : public net::FdHandler {
 public:
  Shim(std::string directory, TaskRecord record, std::string oom_score, const Clock& clock)
      : directory_(std::move(directory)),
        record_(std::move(record)),
        loop_(clock),
        listening_(kShimSocket),
        seen_(observation_of(record_.spec)),
        running_(record_.spec.containers.size()),
        signals_(loop_, {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT}, [this](int number) { on_signal(number); }),
        reap_timer_(loop_, [this] { reap(); }),
        retry_timer_(loop_, [this] { say_the_end(); }),
        oom_score_(std::move(oom_score)) {
    loop_.watch(listening_.get(), net::kReadable, *this);
  }
  ~Shim() override { loop_.unwatch(listening_.get()); }

  void run() {
    // What could not be told apart later from a task that never began is not begun.
    const bool written = tell();
    auto started = written ? start_all() : fail("CannotStartContainerError", "the task's state cannot be written");
    if (!started) {
      seen_.failure = started.error().code + ": " + started.error().message.substr(0, kMaxReasonBytes);
      stop();
    } else if (!stopping()) {
      seen_.phase = TaskPhase::running;
      tell();
    }
    reap();
    loop_.run();
  }

 private:
  bool stopping() const { return seen_.phase == TaskPhase::stopping || seen_.phase == TaskPhase::stopped; }

  Result<> start_all() {
    const ImageStore images(record_.images);
    std::vector<ProcessPlan> plans;
    for (std::size_t i = 0; i < seen_.containers.size(); ++i) {
      const auto& container = record_.spec.containers[i];
      auto plan = prepare(images, container, seen_.containers[i]);
      if (!plan) return failed(i, plan.error());
      plans.push_back(std::move(*plan));
    }
    // It may have been told to stop meanwhile: one turn to accept who tells it, one to hear it.
    loop_.run_once(Duration(0));
    loop_.run_once(Duration(0));
    for (std::size_t i = 0; i < plans.size() && !stopping(); ++i) {
      auto made = start_process(plans[i], oom_score_);
      if (!made) return failed(i, made.error());
      seen_.containers[i].running = true;
      seen_.containers[i].pid = made->pid;
      running_[i] =
          std::make_unique<Container>(loop_, record_, record_.spec.containers[i], loop_.clock(), std::move(*made));
    }
    return {};
  }

  Result<ProcessPlan> prepare(const ImageStore& images, const ContainerSpec& container, ContainerObservation& seen) {
    const Image image = TRY(images.resolve(container.image));
    seen.image_digest = image.digest;
    return plan_process(record_.spec.id, container, image.config, TRY(images.unpack(image)));
  }

  Result<> failed(std::size_t container, const Error& error) {
    seen_.containers[container].reason = error.code + ": " + error.message.substr(0, kMaxReasonBytes);
    return std::unexpected(error);
  }

  // SIGTERM to each container's process group, and SIGKILL when its time is over.
  void stop() {
    if (stopping()) return;
    seen_.phase = TaskPhase::stopping;
    for (std::size_t i = 0; i < running_.size(); ++i) {
      if (!running_[i]) continue;
      kill(-running_[i]->pid, SIGTERM);
      running_[i]->kill_timer.arm(loop_.clock().now() + record_.spec.containers[i].stop_timeout);
    }
    tell();
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
      for (std::size_t i = 0; i < running_.size(); ++i) {
        if (running_[i] && running_[i]->pid == ended.si_pid) {
          on_exit(i, ended);
          changed = true;
        }
      }
      waitpid(ended.si_pid, nullptr, 0);
    }
    if (changed) tell();
    for (const auto& container : running_) {
      if (container) return;
    }
    none_left ? finish() : kill_the_rest();
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
    running_[i].reset();
    if (record_.spec.containers[i].essential) stop();
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
    if (seen_.phase == TaskPhase::stopped) return;
    seen_.phase = TaskPhase::stopped;
    // Who reads of the end may give the ports away at once.
    std::size_t reserved = 0;
    for (const auto& container : record_.spec.containers) reserved += container.ports.size();
    for (std::size_t i = 0; i < reserved; ++i) close(kShimSocket + 1 + static_cast<int>(i));
    say_the_end();
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
  net::Loop loop_;
  net::Fd listening_;
  TaskObservation seen_;
  std::vector<std::unique_ptr<Container>> running_;
  std::vector<std::unique_ptr<Peer>> peers_;
  net::SignalWatch signals_;
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
  Shim shim(directory, std::move(*record), lower_oom_score(), clock);
  shim.run();
  return 0;
}

}  // namespace weir::runtime
