#include "runtime/shim_link.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/limits.h"
#include "runtime/task_record.h"

namespace weir::runtime {
namespace {

constexpr int kAboveAllTargets = 256;  // where descriptors are kept until the child puts them in order

// The address of the socket in `directory`. A Unix socket's name holds 107 bytes and a state folder's path may be
// longer, so it is named through a descriptor.
struct SocketName {
  net::Fd directory;
  sockaddr_un address{};
};

Result<SocketName> name_of(const std::string& directory) {
  SocketName name{net::Fd(open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC))};
  if (!name.directory) return fail_errno("cannot open " + directory, errno);
  name.address.sun_family = AF_UNIX;
  const std::string path = fmt::format("/proc/self/fd/{}{}", name.directory.get(), kSocketFile);
  std::memcpy(name.address.sun_path, path.data(), path.size());
  return name;
}

Result<net::Fd> listen_in(const std::string& directory) {
  unlink((directory + kSocketFile).c_str());
  const SocketName name = TRY(name_of(directory));
  net::Fd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!fd || bind(fd.get(), reinterpret_cast<const sockaddr*>(&name.address), sizeof name.address) != 0 ||
      listen(fd.get(), 16) != 0) {
    return fail_errno("cannot listen in " + directory, errno);
  }
  return fd;
}

struct SpawnActions {
  SpawnActions() { posix_spawn_file_actions_init(&actions); }
  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  posix_spawn_file_actions_t actions;
};

struct SpawnAttributes {
  SpawnAttributes() {
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
  }
  ~SpawnAttributes() { posix_spawnattr_destroy(&attributes); }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  posix_spawnattr_t attributes;
};

}  // namespace

Result<StartedShim> start_shim(const std::vector<std::string>& command, const std::string& directory,
                               const std::vector<int>& reservations) {
  const net::Fd listening = TRY(listen_in(directory));
  StartedShim shim{0, TRY(connect_to_shim(directory))};
  std::vector<int> kept{listening.get()};
  kept.insert(kept.end(), reservations.begin(), reservations.end());
  std::vector<net::Fd> high;
  SpawnActions spawn;
  int target = kShimSocket;
  for (const int fd : kept) {
    high.emplace_back(fcntl(fd, F_DUPFD_CLOEXEC, kAboveAllTargets));
    if (!high.back()) return fail_errno("cannot keep a descriptor for the shim", errno);
    posix_spawn_file_actions_adddup2(&spawn.actions, high.back().get(), target++);
  }
  const std::string errors = directory + kErrorFile;
  posix_spawn_file_actions_addopen(&spawn.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&spawn.actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&spawn.actions, STDERR_FILENO, errors.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  posix_spawn_file_actions_addclosefrom_np(&spawn.actions, target);
  std::vector<char*> arguments;
  for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(const_cast<char*>(directory.c_str()));
  arguments.push_back(nullptr);
  char path[] = "PATH=/usr/local/bin:/usr/bin:/bin";
  char* environment[] = {path, nullptr};
  const SpawnAttributes session;
  const int why = posix_spawn(&shim.pid, command.front().c_str(), &spawn.actions, &session.attributes, arguments.data(),
                              environment);
  if (why != 0) return fail_errno("cannot run " + command.front(), why);
  return shim;
}

Result<net::Fd> connect_to_shim(const std::string& directory) {
  const SocketName name = TRY(name_of(directory));
  net::Fd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail_errno("cannot make a socket", errno);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&name.address), sizeof name.address) == 0) return fd;
  if (errno == ECONNREFUSED || errno == ENOENT) return fail("NoShim", "no shim lives in " + directory);
  return fail_errno("cannot connect to the shim in " + directory, errno);
}

ShimLink::ShimLink(net::Loop& loop, net::Fd connection, std::function<void(TaskObservation)> seen,
                   std::function<void()> ended)
    : loop_(loop), connection_(std::move(connection)), seen_(std::move(seen)), ended_(std::move(ended)) {
  loop_.watch(connection_.get(), net::kReadable, *this);
}

ShimLink::~ShimLink() {
  if (connection_) loop_.unwatch(connection_.get());
}

void ShimLink::stop() {
  if (stop_sent_) return;
  // One small message always fits an empty buffer.
  stop_sent_ = send(connection_.get(), "stop", 4, MSG_DONTWAIT | MSG_NOSIGNAL) == 4;
}

void ShimLink::on_ready(std::uint32_t) {
  std::string message(kMaxMessageBytes, '\0');
  const ssize_t count = recv(connection_.get(), message.data(), message.size(), MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) {
    loop_.unwatch(connection_.get());
    connection_.reset();
    const auto ended = std::move(ended_);  // it may destroy this
    return ended();
  }
  message.resize(static_cast<std::size_t>(count));
  const auto json = Json::parse(message);
  auto observation = json ? read_observation(*json) : Result<TaskObservation>(std::unexpected(json.error()));
  if (observation) seen_(std::move(*observation));
}

ChildWatch::ChildWatch(net::Loop& loop, pid_t child, std::function<void()> done)
    : loop_(loop), child_(child), pidfd_(static_cast<int>(syscall(SYS_pidfd_open, child, 0))), done_(std::move(done)) {
  if (pidfd_) loop_.watch(pidfd_.get(), net::kReadable, *this);
}

ChildWatch::~ChildWatch() {
  if (pidfd_) loop_.unwatch(pidfd_.get());
}

void ChildWatch::on_ready(std::uint32_t) {
  if (waitpid(child_, nullptr, WNOHANG) == 0) return;
  loop_.unwatch(pidfd_.get());
  pidfd_.reset();
  const auto done = std::move(done_);
  done();
}

}  // namespace weir::runtime
