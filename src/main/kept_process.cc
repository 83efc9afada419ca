#include "main/kept_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "main/process_identity.h"

namespace weir {

namespace {

constexpr Duration kFirstPause = std::chrono::milliseconds(100);
constexpr Duration kLongestPause = std::chrono::seconds(5);
constexpr Duration kSteadyAfter = std::chrono::seconds(10);

// In the child, between fork and exec: only calls that are safe there.
[[noreturn]] void become(char* const* argv, int log) {
  ::setsid();
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  ::dup2(null, 0);
  ::dup2(log, 1);
  ::dup2(log, 2);
  ::execv(argv[0], argv);
  ::_exit(127);
}

}  // namespace

KeptProcess::KeptProcess(net::Loop& loop, Log& log, KeptProcessOptions options)
    : loop_(loop), log_(log), options_(std::move(options)) {
  again_ = std::make_unique<net::Timer>(loop_, [this] {
    if (auto spawned = spawn(); !spawned) {
      log_.error("cannot start the " + options_.what + ": " + spawned.error().message);
      again_->arm(loop_.now() + kLongestPause);
    }
  });
}

KeptProcess::~KeptProcess() {
  if (pidfd_) loop_.unwatch(pidfd_.get());
}

Result<> KeptProcess::start() {
  if (adopt()) return {};
  return spawn();
}

bool KeptProcess::adopt() {
  const auto pid = pid_of(options_.pid_file);
  if (!pid || !watch(*pid)) return false;
  log_.info(fmt::format("took over the running {}, process {}", options_.what, *pid));
  return true;
}

void KeptProcess::look_again() {
  const auto pid = pid_of(options_.pid_file);
  if (!pid || *pid == pid_ || stopping_) return;
  if (pidfd_) loop_.unwatch(pidfd_.get());
  again_->cancel();
  if (watch(*pid)) log_.info(fmt::format("another {} serves now, process {}", options_.what, *pid));
}

bool KeptProcess::outdated() const {
  const std::vector<std::string> arguments(options_.command.begin() + 1, options_.command.end());
  return pid_ != 0 && (!runs_own_program(pid_) || arguments_of(pid_) != arguments);
}

std::vector<std::string> KeptProcess::up_to_date_command() const {
  std::vector<std::string> command = options_.command;
  command.front() = own_program();
  return command;
}

Result<> KeptProcess::spawn() {
  const net::Fd log(::open(options_.log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!log) return fail_errno("cannot open " + options_.log_file, errno);
  std::vector<char*> argv;
  for (auto& word : options_.command) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) return fail_errno("cannot fork", errno);
  if (pid == 0) become(argv.data(), log.get());
  started_at_ = loop_.now();
  TRY(watch(pid));
  TRY(write_pid_file(options_.pid_file, pid));
  return {};
}

Result<> KeptProcess::watch(pid_t pid) {
  net::Fd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!fd) return fail_errno(fmt::format("cannot watch process {}", pid), errno);
  pid_ = pid;
  pidfd_ = std::move(fd);
  loop_.watch(pidfd_.get(), net::kReadable, *this);
  return {};
}

void KeptProcess::on_ready(std::uint32_t) {
  loop_.unwatch(pidfd_.get());
  pidfd_.reset();
  int status = 0;
  ::waitpid(pid_, &status, WNOHANG);  // an adopted proxy is nobody's child here; its status is init's
  const auto follower = pid_of(options_.pid_file);
  if (!follower || *follower == pid_ || !watch(*follower)) return gone();
  log_.info(fmt::format("the {} has been followed by another one, process {}", options_.what, *follower));
  if (stopping_) ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGTERM, nullptr, 0);
}

void KeptProcess::gone() {
  const pid_t pid = std::exchange(pid_, 0);
  if (stopping_) {
    std::error_code ignored;
    std::filesystem::remove(options_.pid_file, ignored);
    if (ended_) std::exchange(ended_, nullptr)();
    return;
  }
  failures_ = loop_.now() - started_at_ > kSteadyAfter ? 0 : std::min(failures_ + 1, 16u);
  const Duration pause = std::min(kFirstPause * (1u << failures_) / 2, kLongestPause);
  log_.warning(
      fmt::format("the {}, process {}, has ended; see {}; starting it again", options_.what, pid, options_.log_file));
  again_->arm(loop_.now() + (failures_ == 0 ? Duration(0) : pause));
}

Result<> KeptProcess::replace() {
  net::Fd before = std::move(pidfd_);
  loop_.unwatch(before.get());
  if (auto spawned = spawn(); !spawned) {
    pidfd_ = std::move(before);
    loop_.watch(pidfd_.get(), net::kReadable, *this);
    return spawned;
  }
  ::syscall(SYS_pidfd_send_signal, before.get(), SIGTERM, nullptr, 0);
  return {};
}

void KeptProcess::stop(std::function<void()> ended) {
  stopping_ = true;
  ended_ = std::move(ended);
  again_->cancel();
  if (pid_ == 0) return gone();
  ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGTERM, nullptr, 0);
}

void KeptProcess::kill() {
  if (pid_ != 0) ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
}

}  // namespace weir
