#include "runtime/processes.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iterator>
#include <sstream>

#include "net/fd.h"
#include "runtime/files.h"
#include "runtime/limits.h"
#include "runtime/task_record.h"

namespace weir::runtime {
namespace {

void for_each_process(const std::function<void(pid_t)>& see) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename();
    pid_t pid = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), pid).ptr == name.data() + name.size()) see(pid);
  }
}

// The parent's pid: the second field after the name, which stands in brackets and may hold anything.
pid_t parent_of(pid_t pid) {
  const auto stat = read_file("/proc/" + std::to_string(pid) + "/stat", kMaxProcFileBytes);
  if (!stat) return 0;
  const std::size_t bracket = stat->rfind(')');
  if (bracket == std::string::npos || bracket + 4 > stat->size()) return 0;
  pid_t parent = 0;
  std::from_chars(stat->data() + bracket + 4, stat->data() + stat->size(), parent);
  return parent;
}

bool belongs_to(pid_t pid, const std::string& marker) {
  const auto environment = read_file("/proc/" + std::to_string(pid) + "/environ", kMaxProcFileBytes);
  if (!environment) return false;
  const std::size_t at = ('\0' + *environment).find('\0' + marker + '\0');
  return at != std::string::npos;
}

// Its children, as it and each of its threads has them.
std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> all;
  std::error_code error;
  for (const auto& thread : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid), error)) {
    const auto list = read_file(thread.path().string() + "/children", kMaxProcFileBytes);
    std::istringstream words(list ? *list : "");
    for (pid_t child; words >> child;) all.push_back(child);
  }
  return all;
}

}  // namespace

std::optional<ResourceUse> use_of_processes(pid_t root) {
  const auto stat = read_file(fmt::format("/proc/{}/stat", root), kMaxProcFileBytes);
  if (!stat) return std::nullopt;
  // Of the fields after the name in brackets: times of it and of its ended children, in ticks; resident pages.
  std::istringstream words(stat->substr(std::min(stat->rfind(')') + 2, stat->size())));
  const std::vector<std::string> fields(std::istream_iterator<std::string>(words), {});
  if (fields.size() < 22) return std::nullopt;
  std::int64_t ticks = 0;
  for (const std::size_t field : {11, 12, 13, 14}) ticks += std::atoll(fields[field].c_str());
  ResourceUse use{.cpu_nanoseconds = ticks * (1'000'000'000 / sysconf(_SC_CLK_TCK)),
                  .memory_bytes = std::atoll(fields[21].c_str()) * sysconf(_SC_PAGESIZE)};
  for (const pid_t child : children_of(root)) {
    const auto more = use_of_processes(child);
    if (!more) continue;
    use.cpu_nanoseconds += more->cpu_nanoseconds;
    use.memory_bytes += more->memory_bytes;
  }
  return use;
}

std::vector<pid_t> children_of_this_process() {
  std::vector<pid_t> children;
  const pid_t self = getpid();
  for_each_process([&](pid_t pid) {
    if (parent_of(pid) == self) children.push_back(pid);
  });
  return children;
}

int kill_processes_of_task(const std::string& task_id) {
  const std::string marker = std::string(kTaskVariable) + "=" + task_id;
  int found = 0;
  for_each_process([&](pid_t pid) {
    if (pid == getpid() || !belongs_to(pid, marker)) return;
    // The descriptor holds on to the process that is looked at now, whoever has its number a moment later.
    const net::Fd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    if (!process || !belongs_to(pid, marker)) return;
    if (syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0) == 0) ++found;
  });
  return found;
}

}  // namespace weir::runtime
