#include "runtime/container_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>

#include "runtime/files.h"
#include "runtime/limits.h"
#include "runtime/task_record.h"

namespace weir::runtime {
namespace {

namespace fs = std::filesystem;
using Environment = std::map<std::string, std::string>;

constexpr const char* kPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::unexpected<Error> cannot_start(std::string why) {
  return fail("CannotStartContainerError", std::move(why), ErrorSource::runtime);
}

Environment environment_of(const std::string& task_id, const ContainerSpec& container, const ImageConfig& image,
                           const std::string& root) {
  Environment all{{"PATH", kPath}, {"HOME", root}};
  for (const auto& setting : image.environment) {
    const std::size_t equals = setting.find('=');
    if (equals != std::string::npos) all[setting.substr(0, equals)] = setting.substr(equals + 1);
  }
  for (const auto& [name, value] : container.environment) all[name] = value;
  for (const auto& port : container.ports) {
    all["PORT_" + std::to_string(port.container_port)] = std::to_string(port.host_port);
  }
  if (!container.ports.empty()) all["PORT"] = std::to_string(container.ports.front().host_port);
  all[kTaskVariable] = task_id;
  all["WEIR_CONTAINER_NAME"] = container.name;
  return all;
}

// The folder to start in: within the image, whether it is written absolute or not.
Result<std::string> directory_of(const std::string& wished, const std::string& root) {
  fs::path path(root);
  for (const auto& part : fs::path(wished).relative_path()) {
    if (part == "..") return cannot_start(fmt::format("the working directory {} leads out of the image", wished));
    path /= part;
  }
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    return cannot_start(fmt::format("the working directory {} is not in the image", wished));
  }
  return path.string();
}

// 0 where the file can be executed, otherwise why not.
int why_not_executable(const std::string& path) {
  struct stat seen {};
  if (stat(path.c_str(), &seen) != 0) return errno;
  if (S_ISDIR(seen.st_mode)) return EISDIR;
  return access(path.c_str(), X_OK) == 0 && (seen.st_mode & 0111) != 0 ? 0 : EACCES;
}

std::vector<std::string> places_of(const std::string& word, const std::string& directory, const std::string& root,
                                   const std::string& path) {
  if (word.starts_with('/')) return {root + word, word};
  if (word.find('/') != std::string::npos) return {directory + "/" + word};
  std::vector<std::string> in_image{root + "/" + word}, on_host;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    const std::string folder = path.substr(at, end - at);
    at = end + 1;
    if (!folder.starts_with('/')) continue;
    in_image.push_back(root + folder + "/" + word);
    on_host.push_back(folder + "/" + word);
  }
  in_image.insert(in_image.end(), on_host.begin(), on_host.end());
  return in_image;
}

Result<std::string> find_program(const std::string& word, const std::string& directory, const std::string& root,
                                 const std::string& path) {
  int worst = ENOENT;
  for (const auto& place : places_of(word, directory, root, path)) {
    const int why = why_not_executable(place);
    if (why == 0) return place;
    if (why != ENOENT && why != ENOTDIR) worst = why;
  }
  if (worst == ENOENT && word.find('/') == std::string::npos) {
    return cannot_start(fmt::format("exec: \"{}\": executable file not found in $PATH", word));
  }
  const char* words = worst == ENOENT ? "no such file or directory" : "permission denied";
  return cannot_start(fmt::format("exec: \"{}\": {}", word, worst == EISDIR ? "is a directory" : words));
}

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> all;
  for (const auto& word : words) all.push_back(const_cast<char*>(word.c_str()));
  all.push_back(nullptr);
  return all;
}

// What the child needs; made before the fork.
struct Start {
  const ProcessPlan& plan;
  const std::string& oom_score;
  std::vector<char*> arguments;
  std::vector<char*> environment;
  pid_t parent;
  int out, error, report;
};

// What the child was doing when it failed, and the errno.
enum class Step : std::int32_t { exec, group, mount, limit, user };
struct Report {
  Step step = Step::exec;
  std::int32_t why = 0;
};

struct LimitName {
  const char* name;
  __rlimit_resource resource;
};
constexpr LimitName kLimitNames[] = {
    {"core", RLIMIT_CORE},         {"cpu", RLIMIT_CPU},
    {"data", RLIMIT_DATA},         {"fsize", RLIMIT_FSIZE},
    {"locks", RLIMIT_LOCKS},       {"memlock", RLIMIT_MEMLOCK},
    {"msgqueue", RLIMIT_MSGQUEUE}, {"nice", RLIMIT_NICE},
    {"nofile", RLIMIT_NOFILE},     {"nproc", RLIMIT_NPROC},
    {"rss", RLIMIT_RSS},           {"rtprio", RLIMIT_RTPRIO},
    {"rttime", RLIMIT_RTTIME},     {"sigpending", RLIMIT_SIGPENDING},
    {"stack", RLIMIT_STACK},
};

rlim_t bound(std::int64_t value) { return value < 0 ? RLIM_INFINITY : static_cast<rlim_t>(value); }

int set_ulimits(const std::vector<Ulimit>& limits) {
  for (const auto& limit : limits) {
    for (const auto& [name, resource] : kLimitNames) {
      const rlimit value{bound(limit.soft), bound(limit.hard)};
      if (limit.name == name && setrlimit(resource, &value) != 0) return errno;
    }
  }
  return 0;
}

// The signal of the parent's death is forgotten with the former user.
int become_user(const User& user, pid_t parent) {
  const bool same = user.uid == geteuid() && user.gid == getegid();
  if (same && geteuid() != 0) return 0;
  if (setgroups(user.groups.size(), user.groups.data()) != 0) return errno;
  if (setresgid(user.gid, user.gid, user.gid) != 0 || setresuid(user.uid, user.uid, user.uid) != 0) return errno;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  return 0;
}

void write_small(const char* path, const std::string& text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  // Not to be allowed is no reason not to start.
  [[maybe_unused]] const ssize_t count = write(fd, text.data(), text.size());
  close(fd);
}

void reset_signals() {
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void give_up(const Start& start, const Report& report) {
  [[maybe_unused]] const ssize_t count = write(start.report, &report, sizeof report);
  _exit(127);
}

// What runs without its limits is not what was asked for.
void enter_groups(const Start& start) {
  for (const auto& group : start.plan.groups) {
    const int fd = open(group.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, "0", 1) != 1) give_up(start, {Step::group, errno});
    close(fd);
  }
}

// Returns only where it fails.
Report run_program(const Start& start) {
  const auto& plan = start.plan;
  if (!plan.mounts.empty()) {
    if (const int why = enter_mounts(plan.mounts, plan.scratch)) return {Step::mount, why};
  }
  if (chdir(plan.directory.c_str()) != 0) return {Step::exec, errno};
  if (const int why = set_ulimits(plan.ulimits)) return {Step::limit, why};
  if (plan.user) {
    if (const int why = become_user(*plan.user, start.parent)) return {Step::user, why};
  }
  execve(plan.program.c_str(), start.arguments.data(), start.environment.data());
  return {Step::exec, errno};
}

[[noreturn]] void become(const Start& start) {
  setsid();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != start.parent) _exit(127);  // it was killed before the line above
  reset_signals();
  enter_groups(start);
  if (!start.oom_score.empty()) write_small("/proc/self/oom_score_adj", start.oom_score);
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  dup2(null, STDIN_FILENO);
  dup2(start.out, STDOUT_FILENO);
  dup2(start.error, STDERR_FILENO);
  syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
  umask(022);
  give_up(start, run_program(start));
}

struct Pipe {
  net::Fd reading, writing;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return cannot_start(fmt::format("no pipe: {}", std::strerror(errno)));
  return Pipe{net::Fd(ends[0]), net::Fd(ends[1])};
}

Result<Pipe> nowhere() {
  net::Fd null(open("/dev/null", O_WRONLY | O_CLOEXEC));
  if (!null) return cannot_start(fmt::format("no /dev/null: {}", std::strerror(errno)));
  return Pipe{net::Fd(), std::move(null)};
}

// What the child reports; nothing where its program runs.
std::optional<Report> await_report(int fd) {
  Report report;
  ssize_t count;
  do {
    count = read(fd, &report, sizeof report);
  } while (count < 0 && errno == EINTR);
  return count == sizeof report ? std::optional(report) : std::nullopt;
}

std::string sentence(const Report& report, const ProcessPlan& plan) {
  const char* why = std::strerror(report.why);
  switch (report.step) {
    case Step::group:
      return fmt::format("its cgroup cannot be entered: {}", why);
    case Step::mount:
      return fmt::format("the volumes cannot be mounted: {}{}", why,
                         report.why == EPERM ? " (Weir does not run as root)" : "");
    case Step::limit:
      return fmt::format("error setting rlimits: {}", why);
    case Step::user:
      return fmt::format("cannot become user {}:{}: {}", plan.user->uid, plan.user->gid, why);
    case Step::exec:
      break;
  }
  return fmt::format("exec: \"{}\": {}", plan.arguments.front(),
                     report.why == ENOENT ? "its interpreter is not there" : why);
}

Result<std::vector<Mount>> plan_mounts(const std::vector<MountSpec>& wished, const std::string& root,
                                       const std::string& folder) {
  std::vector<Mount> mounts;
  for (const auto& mount : wished) {
    const std::string source = TRY(volume_source(mount, folder));
    const fs::path target = fs::path("/" + mount.container_path).lexically_normal();
    if (target == "/") return cannot_start("a volume cannot take the place of the root folder");
    mounts.push_back({source, target, mount.read_only});
    std::error_code error;
    const fs::path in_image = root + target.string();
    if (fs::is_directory(in_image.parent_path(), error)) mounts.push_back({source, in_image, mount.read_only});
  }
  return mounts;
}

// What the starter said last, without what it says of itself.
std::string last_words(int fd) {
  char buffer[kMaxReasonBytes];
  const ssize_t count = fd < 0 ? 0 : read(fd, buffer, sizeof buffer);
  std::string words(buffer, static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  if (const auto at = words.find("container process: "); at != std::string::npos) words.erase(0, at + 19);
  while (words.ends_with('\n')) words.pop_back();
  return words;
}

// Waits for a starter; the process that it started is this one's child, since this one adopts orphans.
Result<pid_t> await_started(pid_t starter, const ProcessPlan& plan, int errors) {
  int status = 0;
  while (waitpid(starter, &status, 0) < 0 && errno == EINTR) continue;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return cannot_start(last_words(errors));
  const auto written = read_file(plan.pid_file, kMaxReasonBytes);
  const pid_t pid = written ? std::atoi(written->c_str()) : 0;
  if (pid <= 0) return cannot_start("no process id in " + plan.pid_file);
  return pid;
}

Result<std::vector<std::string>> words_of(const ContainerSpec& container, const ImageConfig& image) {
  const bool own_entry = !container.entry_point.empty();
  std::vector<std::string> words = own_entry ? container.entry_point : image.entry_point;
  const auto& command = !container.command.empty() || own_entry ? container.command : image.command;
  words.insert(words.end(), command.begin(), command.end());
  if (words.empty() || words.front().empty()) {
    return cannot_start("no command specified: neither the task definition nor the image names a program");
  }
  return words;
}

std::vector<std::string> settings_of(const Environment& environment) {
  std::vector<std::string> settings;
  for (const auto& [name, value] : environment) settings.push_back(name + "=" + value);
  return settings;
}

const std::string& wished_directory(const ContainerSpec& container, const ImageConfig& image) {
  return container.working_directory.empty() ? image.working_directory : container.working_directory;
}

}  // namespace

Result<std::string> volume_source(const MountSpec& mount, const std::string& folder) {
  const std::string source = mount.host_path.empty() ? folder + kVolumesFolder + "/" + mount.volume : mount.host_path;
  std::error_code error;
  if (!fs::exists(source, error)) fs::create_directories(source, error);
  if (error) return cannot_start(fmt::format("the volume {} cannot be made: {}", source, error.message()));
  return source;
}

Result<ProcessPlan> plan_process(const std::string& task_id, const ContainerSpec& container, const ImageConfig& image,
                                 const std::string& root, const std::string& folder) {
  ProcessPlan plan{.arguments = TRY(words_of(container, image))};
  plan.directory = TRY(directory_of(wished_directory(container, image), root));
  const Environment environment = environment_of(task_id, container, image, root);
  plan.program = TRY(find_program(plan.arguments.front(), plan.directory, root, environment.at("PATH")));
  plan.environment = settings_of(environment);
  plan.ulimits = container.ulimits;
  plan.user = TRY(choose_user(container.user, image.user, root));
  plan.mounts = TRY(plan_mounts(container.mounts, root, folder));
  if (!plan.mounts.empty()) {
    plan.scratch = folder + kScratchFolder;
    std::error_code error;
    fs::create_directories(plan.scratch, error);
  }
  return plan;
}

Result<ProcessPlan> plan_in_image(const std::string& task_id, const ContainerSpec& container,
                                  const ImageConfig& image) {
  ProcessPlan plan{.arguments = TRY(words_of(container, image))};
  const std::string& directory = wished_directory(container, image);
  plan.directory = directory.starts_with('/') ? directory : "/" + directory;
  plan.environment = settings_of(environment_of(task_id, container, image, "/root"));
  return plan;
}

ProcessPlan plan_own_program(const std::string& task_id, const ContainerSpec& container,
                             const std::vector<std::string>& words) {
  ProcessPlan plan{.program = "/proc/self/exe", .arguments = {"weir"}, .directory = "/"};
  plan.arguments.insert(plan.arguments.end(), words.begin(), words.end());
  plan.environment = settings_of(environment_of(task_id, container, {}, "/"));
  plan.ulimits = container.ulimits;
  return plan;
}

Result<StartedProcess> start_process(const ProcessPlan& plan, const std::string& oom_score, Output output) {
  const bool kept = output == Output::kept;
  Pipe out = TRY(kept ? make_pipe() : nowhere()), error = TRY(kept ? make_pipe() : nowhere());
  Pipe report_pipe = TRY(make_pipe());
  const Start start{plan,     oom_score,         pointers(plan.arguments), pointers(plan.environment),
                    getpid(), out.writing.get(), error.writing.get(),      report_pipe.writing.get()};
  pid_t pid = fork();
  if (pid == 0) become(start);
  if (pid < 0) return cannot_start(fmt::format("fork: {}", std::strerror(errno)));
  report_pipe.writing.reset();
  if (const auto report = await_report(report_pipe.reading.get())) {
    waitpid(pid, nullptr, 0);
    return cannot_start(sentence(*report, plan));
  }
  if (!plan.pid_file.empty()) {
    error.writing.reset();
    auto started = await_started(pid, plan, error.reading.get());
    if (!started) return std::unexpected(started.error());
    pid = *started;
  }
  if (kept) {
    fcntl(out.reading.get(), F_SETFL, O_NONBLOCK);
    fcntl(error.reading.get(), F_SETFL, O_NONBLOCK);
  }
  return StartedProcess{pid, std::move(out.reading), std::move(error.reading)};
}

}  // namespace weir::runtime
