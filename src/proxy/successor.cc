#include "proxy/successor.h"

#include <spawn.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <utility>

#include "proxy/limits.h"

namespace weir::proxy {
namespace {

constexpr int kLinkDescriptor = 3;  // in the successor, where nothing else is open beyond the standard three

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> all;
  for (const std::string& word : words) all.push_back(const_cast<char*>(word.c_str()));
  all.push_back(nullptr);
  return all;
}

std::vector<std::string> environment() {
  std::vector<std::string> all;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view variable = *each;
    if (variable.substr(0, variable.find('=')) != kPredecessorVariable) all.emplace_back(variable);
  }
  all.emplace_back(kPredecessorVariable);
  all.back() += "=" + std::to_string(kLinkDescriptor);
  return all;
}

// Not fork(): copying the page tables of a large process would make every worker wait.
Result<pid_t> spawn(const std::vector<std::string>& command, int link) {
  const std::vector<std::string> variables = environment();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, link, kLinkDescriptor);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, standard;
  sigemptyset(&none);
  sigemptyset(&standard);
  sigaddset(&standard, SIGCHLD);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &standard);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, command.front().c_str(), &actions, &attributes, pointers(command).data(),
                                pointers(variables).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return fail_errno("cannot start " + command.front(), error);
  return pid;
}

}  // namespace

Result<std::unique_ptr<Successor>> Successor::start(net::Loop& loop, const std::vector<std::string>& command,
                                                    Calls calls) {
  if (command.empty()) return weir::fail("Successor", "no program to start is known");
  std::signal(SIGCHLD, SIG_IGN);  // nobody waits for those that fail
  auto ends = TRY(KinLink::pair());
  std::unique_ptr<Successor> made(new Successor(loop, std::move(ends.first), std::move(calls)));
  // What it inherits waits for it before it is born, lest this process die in between.
  send_inheritance(*made->link_, made->calls_.inheritance());
  made->pid_ = TRY(spawn(command, ends.second.get()));
  made->pidfd_.reset(static_cast<int>(syscall(SYS_pidfd_open, made->pid_, 0)));
  return made;
}

Successor::Successor(net::Loop& loop, net::Fd socket, Calls calls)
    : loop_(loop),
      calls_(std::move(calls)),
      limit_(loop_, [this] { fail("it was not ready in time"); }),
      link_(std::make_unique<KinLink>(
          loop_, std::move(socket),
          KinLink::Calls{[this](const Json& message) { take(message); }, [this] { closed(); }})) {
  limit_.arm(loop_.now() + kSuccessorLimit);
}

Successor::~Successor() {
  if (state_ != State::serving && pidfd_) syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
}

void Successor::hang_up() {
  if (pidfd_) syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGHUP, nullptr, 0);
}

void Successor::take(const Json& message) {
  if (state_ == State::starting && message.find("ready") != nullptr) {
    if (!calls_.current(message["ready"].as_int())) return send_inheritance(*link_, calls_.inheritance());
    state_ = State::about_to_serve;
    calls_.about_to_serve();
  } else if (state_ == State::about_to_serve && message.find("serving") != nullptr) {
    state_ = State::serving;
    limit_.cancel();
    calls_.serves();
  } else if (state_ == State::serving) {
    calls_.message(message);
  } else {
    fail("it said something unexpected");
  }
}

void Successor::closed() {
  if (state_ == State::serving) return calls_.gone();
  fail("it ended before it served");
}

void Successor::fail(const std::string& why) {
  if (std::exchange(state_, State::failed) == State::failed) return;
  limit_.cancel();
  // Killed before the link closes: one that sees its predecessor gone serves.
  if (pidfd_) syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
  calls_.failed(why);
}

}  // namespace weir::proxy
