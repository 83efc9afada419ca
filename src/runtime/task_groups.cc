#include "runtime/task_groups.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <filesystem>

#include "runtime/files.h"
#include "runtime/limits.h"
#include "runtime/sha256.h"

namespace weir::runtime {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNames = "weir-";
constexpr int kTries = 3;

bool has_processes(const fs::path& group) {
  const auto own = read_file(group.string() + "/cgroup.procs", kMaxProcFileBytes);
  if (own && !own->empty()) return true;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(group, error)) {
    if (entry.is_directory(error) && has_processes(entry.path())) return true;
  }
  return false;
}

net::Fd open_folder(const std::string& path) { return net::Fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)); }

}  // namespace

TaskGroups::TaskGroups(Log& log, const std::string& state_directory)
    : log_(log), name_(kNames + digest_of(state_directory).substr(7, 6)) {}

TaskGroups::~TaskGroups() {
  if (!tasks_) return;
  for (const auto& folder : tasks_->folders()) {
    std::error_code not_empty;
    fs::remove(folder, not_empty);
  }
}

CgroupTrees TaskGroups::group_of(const std::string& task_id) {
  if (!tasks_) prepare();
  return *tasks_ / task_id;
}

void TaskGroups::prepare() {
  tasks_ = CgroupTrees{};
  const auto mounts = read_file("/proc/self/mountinfo", kMaxProcFileBytes);
  const auto groups = read_file("/proc/self/cgroup", kMaxProcFileBytes);
  const CgroupTrees found = mounts && groups ? find_cgroups(*mounts, *groups) : CgroupTrees{};
  Result<> made = found.version == 0 ? fail("NotPermitted",
                                            "this process may not make cgroups with "
                                            "memory and cpu controllers")
                                     : make(found);
  if (!made) {
    log_.warning("limits of tasks' memory and cpu are not enforced: " + made.error().message);
    return;
  }
  if (found.memory.empty() || found.cpu.empty()) {
    log_.warning(fmt::format("limits of tasks' {} are not enforced: there is no such cgroup that this process may use",
                             found.memory.empty() ? "memory" : "cpu"));
  }
  tasks_ = found / name_;
  sweep(found);
}

// Whoever sweeps may remove the folders until they are locked.
Result<> TaskGroups::make(const CgroupTrees& found) {
  const CgroupTrees own = found / name_;
  for (int tries = 0; tries < kTries; ++tries) {
    TRY(make_cgroup(own, Holds::groups));
    alive_.clear();
    bool whole = true;
    for (const auto& folder : own.folders()) {
      alive_.push_back(open_folder(folder));
      whole = whole && alive_.back() && flock(alive_.back().get(), LOCK_EX) == 0 && fs::exists(folder);
    }
    if (whole) return {};
  }
  return fail("Io", "another instance removes this one's cgroups", ErrorSource::runtime);
}

// What a killed instance left behind: groups without a process, which nobody is about to use.
void TaskGroups::sweep(const CgroupTrees& trees) const {
  for (const auto& folder : trees.folders()) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
      const std::string name = entry.path().filename();
      if (!name.starts_with(kNames) || name.size() != name_.size() || name == name_) continue;
      const net::Fd its = open_folder(entry.path());
      if (!its || flock(its.get(), LOCK_EX | LOCK_NB) != 0 || has_processes(entry.path())) continue;
      remove_cgroup({.version = trees.version, .memory = entry.path()});
    }
  }
}

}  // namespace weir::runtime
