#include "runtime/cgroups.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <map>
#include <sstream>

#include "net/fd.h"
#include "runtime/files.h"
#include "runtime/limits.h"

namespace weir::runtime {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxGroupFileBytes = 64 << 10;
constexpr std::int64_t kQuotaPeriodMicroseconds = 100'000;
constexpr std::int64_t kSharesOfProcessor = 1024;
constexpr std::int64_t kLeastShares = 2;  // as ECS has it for a container without cpu

// A mounted tree of groups and which of it is seen there.
struct Hierarchy {
  std::string folder, root;
};

struct Mounts {
  std::map<std::string, Hierarchy> by_controller;  // version 1
  std::optional<Hierarchy> unified;                // version 2
};

std::vector<std::string> split(const std::string& text, char by) {
  std::istringstream stream(text);
  std::vector<std::string> parts;
  for (std::string part; std::getline(stream, part, by);) parts.push_back(part);
  return parts;
}

// "32 31 0:29 /root /mount/point rw,relatime … - cgroup cgroup rw,memory"
Mounts read_mounts(const std::string& mountinfo) {
  Mounts all;
  for (const auto& line : split(mountinfo, '\n')) {
    const auto words = split(line, ' ');
    const auto dash = std::ranges::find(words, "-");
    if (words.size() < 5 || words.end() - dash < 4) continue;
    const Hierarchy mount{words[4], words[3]};
    if (dash[1] == "cgroup2") all.unified = mount;
    if (dash[1] != "cgroup") continue;
    for (const auto& option : split(dash[3], ',')) all.by_controller[option] = mount;
  }
  return all;
}

// The process's own group of a controller ("" for version 2), as a folder.
std::string own_folder(const Hierarchy& mount, const std::string& groups, const std::string& controller) {
  for (const auto& line : split(groups, '\n')) {
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const auto names = split(line.substr(first + 1, second - first - 1), ',');
    const bool its = controller.empty() ? names.empty() : std::ranges::find(names, controller) != names.end();
    if (!its) continue;
    std::string path = line.substr(second + 1);
    if (mount.root != "/" && path.starts_with(mount.root)) path = path.substr(mount.root.size());
    return path == "/" || path.empty() ? mount.folder : mount.folder + path;
  }
  return mount.folder;
}

Result<> write_group(const std::string& path, const std::string& value) {
  const net::Fd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (fd && write(fd.get(), value.data(), value.size()) == static_cast<ssize_t>(value.size())) return {};
  return fail("Io", fmt::format("{}: {}", path, std::strerror(errno)), ErrorSource::runtime);
}

bool lists(const std::string& path, std::string_view word) {
  const auto words = read_file(path, kMaxGroupFileBytes);
  if (!words) return false;
  const auto all = split(words->substr(0, words->find('\n')), ' ');
  return std::ranges::find(all, word) != all.end();
}

// Whether groups made in the folder can have limits; lets them.
bool hands_on(const std::string& folder) {
  for (const char* controller : {"memory", "cpu"}) {
    const std::string file = folder + "/cgroup.subtree_control";
    if (!lists(file, controller) && !write_group(file, std::string("+") + controller)) return false;
  }
  return access(folder.c_str(), W_OK) == 0;
}

// A group with processes cannot hand controllers on, so that it is the whole
// tree's root where its own does not.
CgroupTrees find_version_2(const Hierarchy& mount, const std::string& groups) {
  for (const auto& folder : {own_folder(mount, groups, ""), mount.folder}) {
    if (hands_on(folder)) return {.version = 2, .memory = folder, .cpu = folder, .accounting = folder};
  }
  return {};
}

// The number after a word at the beginning of a line, or alone in the file.
std::int64_t number_in(const std::string& path, std::string_view word = "") {
  const auto text = read_file(path, kMaxGroupFileBytes);
  if (!text) return 0;
  for (const auto& line : split(*text, '\n')) {
    const bool its = word.empty() || (line.starts_with(word) && line.substr(word.size()).starts_with(' '));
    if (!its) continue;
    const auto digits = line.substr(word.empty() ? 0 : word.size() + 1);
    std::int64_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
  }
  return 0;
}

Result<> limit_version_1(const CgroupTrees& group, const ResourceLimits& limits) {
  if (!group.memory.empty() && limits.memory > 0) {
    TRY(write_group(group.memory + "/memory.limit_in_bytes", std::to_string(limits.memory)));
    // Where swap is counted too, it gives no more room than the limit does.
    const std::string with_swap = group.memory + "/memory.memsw.limit_in_bytes";
    if (access(with_swap.c_str(), F_OK) == 0) TRY(write_group(with_swap, std::to_string(limits.memory)));
  }
  if (!group.memory.empty() && limits.reservation > 0) {
    TRY(write_group(group.memory + "/memory.soft_limit_in_bytes", std::to_string(limits.reservation)));
  }
  if (group.cpu.empty()) return {};
  TRY(write_group(group.cpu + "/cpu.shares", std::to_string(std::max(limits.cpu_shares, kLeastShares))));
  if (limits.cpu_quota == 0) return {};
  TRY(write_group(group.cpu + "/cpu.cfs_period_us", std::to_string(kQuotaPeriodMicroseconds)));
  return write_group(group.cpu + "/cpu.cfs_quota_us",
                     std::to_string(limits.cpu_quota * kQuotaPeriodMicroseconds / kSharesOfProcessor));
}

// As container runtimes do it: shares of 2 to 262144 become a weight of 1 to
// 10000.
std::int64_t weight_of(std::int64_t shares) {
  return 1 + (std::clamp<std::int64_t>(shares, 2, 262144) - 2) * 9999 / 262142;
}

Result<> limit_version_2(const CgroupTrees& group, const ResourceLimits& limits) {
  const std::string& folder = group.memory;
  if (limits.memory > 0) {
    TRY(write_group(folder + "/memory.max", std::to_string(limits.memory)));
    const std::string swap = folder + "/memory.swap.max";
    if (access(swap.c_str(), F_OK) == 0) TRY(write_group(swap, "0"));
  }
  if (limits.reservation > 0) TRY(write_group(folder + "/memory.low", std::to_string(limits.reservation)));
  TRY(write_group(folder + "/cpu.weight", std::to_string(weight_of(limits.cpu_shares))));
  if (limits.cpu_quota == 0) return {};
  return write_group(
      folder + "/cpu.max",
      fmt::format("{} {}", limits.cpu_quota * kQuotaPeriodMicroseconds / kSharesOfProcessor, kQuotaPeriodMicroseconds));
}

bool make_group_folder(const std::string& folder) { return mkdir(folder.c_str(), 0755) == 0 || errno == EEXIST; }

// Groups are folders whose files cannot be removed: from the innermost on, only
// the folders are.
void remove_group_folder(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> inner;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.is_directory(error)) inner.push_back(entry.path());
  }
  for (const auto& each : inner) remove_group_folder(each);
  rmdir(folder.c_str());
}

}  // namespace

std::vector<std::string> CgroupTrees::folders() const {
  std::vector<std::string> all;
  for (const auto& folder : {memory, cpu, accounting}) {
    if (!folder.empty() && std::ranges::find(all, folder) == all.end()) all.push_back(folder);
  }
  return all;
}

CgroupTrees CgroupTrees::operator/(const std::string& name) const {
  CgroupTrees inner{.version = version};
  if (!memory.empty()) inner.memory = memory + "/" + name;
  if (!cpu.empty()) inner.cpu = cpu + "/" + name;
  if (!accounting.empty()) inner.accounting = accounting + "/" + name;
  return inner;
}

CgroupTrees find_cgroups(const std::string& mounts, const std::string& groups) {
  const Mounts mounted = read_mounts(mounts);
  CgroupTrees found{.version = 1};
  const auto place = [&](const char* controller) -> std::string {
    const auto mount = mounted.by_controller.find(controller);
    if (mount == mounted.by_controller.end()) return "";
    const std::string folder = own_folder(mount->second, groups, controller);
    return access(folder.c_str(), W_OK) == 0 ? folder : "";
  };
  found.memory = place("memory");
  found.cpu = place("cpu");
  found.accounting = place("cpuacct");
  if (!found.memory.empty() || !found.cpu.empty()) return found;
  return mounted.unified ? find_version_2(*mounted.unified, groups) : CgroupTrees{};
}

Result<> make_cgroup(const CgroupTrees& group, Holds what) {
  for (const auto& folder : group.folders()) {
    // The instance's folder goes when it ends, also while a shim is about to begin.
    if (!make_group_folder(folder) && errno == ENOENT) {
      const std::string above = fs::path(folder).parent_path();
      if (make_group_folder(above) && group.version == 2) hands_on(above);
    }
    if (!make_group_folder(folder)) return fail_file("cannot make the cgroup " + folder, errno);
    if (group.version == 2 && what == Holds::groups && !hands_on(folder)) {
      return fail("NotPermitted", fmt::format("{} hands on neither memory nor cpu", folder), ErrorSource::runtime);
    }
  }
  return {};
}

Result<> limit(const CgroupTrees& group, const ResourceLimits& limits) {
  return group.version == 2 ? limit_version_2(group, limits) : limit_version_1(group, limits);
}

std::vector<std::string> ways_in(const CgroupTrees& group) {
  std::vector<std::string> files;
  for (const auto& folder : group.folders()) files.push_back(folder + "/cgroup.procs");
  return files;
}

void remove_cgroup(const CgroupTrees& group) {
  for (const auto& folder : group.folders()) remove_group_folder(folder);
}

void remove_everywhere(const std::string& name) {
  const auto mountinfo = read_file("/proc/self/mountinfo", kMaxProcFileBytes);
  const auto groups = read_file("/proc/self/cgroup", kMaxProcFileBytes);
  if (!mountinfo || !groups) return;
  const Mounts mounted = read_mounts(*mountinfo);
  for (const auto& [controller, mount] : mounted.by_controller) {
    rmdir((own_folder(mount, *groups, controller) + "/" + name).c_str());
  }
  if (mounted.unified) rmdir((own_folder(*mounted.unified, *groups, "") + "/" + name).c_str());
}

std::int64_t oom_kills(const CgroupTrees& group) {
  if (group.memory.empty()) return 0;
  if (group.version == 2) return number_in(group.memory + "/memory.events", "oom_kill");
  // Each group of version 1 counts its own alone; runc makes one within.
  std::int64_t kills = number_in(group.memory + "/memory.oom_control", "oom_kill");
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(group.memory, error)) {
    if (entry.is_directory(error)) kills += number_in(entry.path().string() + "/memory.oom_control", "oom_kill");
  }
  return kills;
}

std::optional<ResourceUse> resource_use(const CgroupTrees& group) {
  if (group.folders().empty() || access(group.folders().front().c_str(), F_OK) != 0) return std::nullopt;
  ResourceUse use;
  if (group.version == 2) {
    use.cpu_nanoseconds = number_in(group.cpu + "/cpu.stat", "usage_usec") * 1000;
    use.memory_bytes =
        number_in(group.memory + "/memory.current") - number_in(group.memory + "/memory.stat", "inactive_file");
    use.memory_limit = number_in(group.memory + "/memory.max");  // "max" is no number
  } else {
    if (!group.accounting.empty()) use.cpu_nanoseconds = number_in(group.accounting + "/cpuacct.usage");
    if (!group.memory.empty()) {
      use.memory_bytes = number_in(group.memory + "/memory.usage_in_bytes") -
                         number_in(group.memory + "/memory.stat", "total_inactive_file");
      const std::int64_t most = number_in(group.memory + "/memory.limit_in_bytes");
      use.memory_limit = most >= kNoMemoryLimit ? 0 : most;
    }
  }
  use.memory_bytes = std::max<std::int64_t>(use.memory_bytes, 0);
  return use;
}

}  // namespace weir::runtime
