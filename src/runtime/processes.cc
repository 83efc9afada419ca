#include "runtime/processes.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <functional>

#include "net/fd.h"
#include "runtime/files.h"
#include "runtime/task_record.h"

namespace weir::runtime {
namespace {

constexpr std::size_t kMaxProcFileBytes = 4 << 20;

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

}  // namespace

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
