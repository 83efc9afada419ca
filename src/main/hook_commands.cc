#include "main/hook_commands.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "net/timer.h"

namespace weir {

namespace {

constexpr std::size_t kLongestOutput = 64 * 1024;
constexpr std::size_t kMostCommands = 100;  // at once

// In the child, between fork and exec: only calls that are safe there.
[[noreturn]] void become_shell(const char* command, int input, int output) {
  ::setsid();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // the next control process calls again
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ::dup2(input, 0);
  ::dup2(output, 1);
  ::execl("/bin/sh", "sh", "-c", command, static_cast<char*>(nullptr));
  ::_exit(127);
}

// What it says fits into the file, which does not grow.
net::Fd output_file() {
  net::Fd file(::memfd_create("weir-hook-output", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (file && (::ftruncate(file.get(), kLongestOutput) != 0 || ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_GROW) != 0)) {
    file.reset();
  }
  return file;
}

net::Fd input_file(const std::string& text) {
  net::Fd file(::memfd_create("weir-hook-input", MFD_CLOEXEC));
  const auto size = static_cast<ssize_t>(text.size());
  if (file && (::write(file.get(), text.data(), text.size()) != size || ::lseek(file.get(), 0, SEEK_SET) != 0)) {
    file.reset();
  }
  return file;
}

std::string text_of(const net::Fd& output) {
  std::string text(kLongestOutput, '\0');
  const ssize_t got = ::pread(output.get(), text.data(), text.size(), 0);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  text.resize(text.find_last_not_of(std::string_view("\0 \t\r\n", 5)) + 1);
  return text;
}

}  // namespace

// One command that runs.
class HookCommands::Run final : public net::FdHandler {
 public:
  Run(HookCommands& owner, control::HookCall wished)
      : call(std::move(wished)), owner_(owner), late_(owner.loop_, [this] { time_out(); }) {}
  ~Run() override {
    if (!process_) return;
    owner_.loop_.unwatch(process_.get());
    ::kill(-pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  // Errors: one sentence's end.
  Result<> start(const std::string& command) {
    const net::Fd input = input_file(call.payload);
    output_ = output_file();
    if (!input || !output_) return fail("Io", "there is no memory for its input and output");
    pid_ = ::fork();
    if (pid_ < 0) return fail_errno("it cannot be started", errno);
    if (pid_ == 0) become_shell(command.c_str(), input.get(), output_.get());
    process_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    if (!process_) {
      const int error = errno;
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
      return fail_errno("it cannot be watched", error);
    }
    owner_.loop_.watch(process_.get(), net::kReadable, *this);
    late_.arm(owner_.loop_.now() + owner_.longest_);
    return {};
  }

  const control::HookCall call;

 private:
  void on_ready(std::uint32_t) override {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    forget_process();
    control::HookReply reply{.id = call.id, .number = call.number, .output = text_of(output_)};
    if (WIFSIGNALED(status)) reply.error = fmt::format("its command was ended by signal {}", WTERMSIG(status));
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0) {
      reply.error = fmt::format("its command ended with status {}", WEXITSTATUS(status));
    }
    // A command that is content and says nothing.
    if (!reply.error && reply.output.empty()) reply.output = R"({"hookStatus":"SUCCEEDED"})";
    owner_.end(*this, std::move(reply));
  }

  void time_out() {
    ::kill(-pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    forget_process();
    owner_.end(*this, {.id = call.id, .number = call.number, .error = "its command did not end in time"});
  }

  void forget_process() {
    owner_.loop_.unwatch(process_.get());
    process_.reset();
    late_.cancel();
  }

  HookCommands& owner_;
  net::Timer late_;
  pid_t pid_ = -1;
  net::Fd process_;
  net::Fd output_;
};

HookCommands::HookCommands(net::Loop& loop, Log& log, HookCommandsByName commands, Duration longest, Reply reply)
    : loop_(loop), log_(log), commands_(std::move(commands)), longest_(longest), reply_(std::move(reply)) {}
HookCommands::~HookCommands() = default;

void HookCommands::call(const control::HookCall& call) {
  const auto refuse = [&](std::string why) {
    loop_.post(
        [this, call, why = std::move(why)] { reply_(call, {.id = call.id, .number = call.number, .error = why}); });
  };
  const std::string name = function_name(call.target);
  const auto command = commands_.find(name);
  if (name.empty()) return refuse("its ARN is none of a Lambda function");
  if (command == commands_.end()) {
    return refuse(fmt::format("no command is known for it: weir serve --hook {}=COMMAND", name));
  }
  if (runs_.size() >= kMostCommands) return refuse("too many hooks run at once");
  runs_.emplace_back(*this, call);
  if (const auto started = runs_.back().start(command->second); !started) {
    runs_.pop_back();
    return refuse(started.error().message);
  }
  log_.info(fmt::format("hook {} runs for {}", name, call.service));
}

void HookCommands::end(Run& run, control::HookReply reply) {
  const control::HookCall call = run.call;
  loop_.post([this, &run] { runs_.remove_if([&](const Run& each) { return &each == &run; }); });
  reply_(call, std::move(reply));
}

std::string function_name(std::string_view arn) {
  constexpr std::string_view kFunction = ":function:";
  const auto at = arn.find(kFunction);
  if (!arn.starts_with("arn:") || arn.find(":lambda:") == std::string_view::npos || at == std::string_view::npos) {
    return "";
  }
  const std::string_view name = arn.substr(at + kFunction.size());
  return std::string(name.substr(0, name.find(':')));
}

}  // namespace weir
