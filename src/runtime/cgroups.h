// Cgroups: how much memory and processor a task and its containers may use, and
// how much they do use. Version 1 has a tree for each of memory, cpu and
// cpuacct; version 2 has one. Tasks' groups lie in a folder of their instance;
// each has one of its own and within it one per container. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace weir::runtime {

struct ResourceLimits {
  std::int64_t memory = 0;       // bytes; 0 for no limit
  std::int64_t reservation = 0;  // bytes that are taken from it last when memory is scarce; 0 for none
  std::int64_t cpu_shares = 0;   // its weight beside others, 1024 for a processor; 0 for the least
  std::int64_t cpu_quota = 0;    // 1024 for a whole processor, never more than that; 0 for no limit

  bool operator==(const ResourceLimits&) const = default;
};

struct ResourceUse {
  std::int64_t cpu_nanoseconds = 0;  // since it began, over all processors
  std::int64_t memory_bytes = 0;     // without the cached files that can be dropped
  std::int64_t memory_limit = 0;     // bytes; 0 for none
};

// The folders in which groups are made, one for each tree; empty where there is
// none.
struct CgroupTrees {
  int version = 0;  // 1, 2; 0: none at all
  std::string memory;
  std::string cpu;
  std::string accounting;

  // The distinct ones.
  std::vector<std::string> folders() const;
  CgroupTrees operator/(const std::string& name) const;
};

// Where a program may make groups: `mounts` and `groups` are what
// /proc/self/mountinfo and /proc/self/cgroup say.
CgroupTrees find_cgroups(const std::string& mounts, const std::string& groups);

enum class Holds { groups, processes };

// Makes the group where it is not there; the one above it is, and holds groups.
// Errors: "NotPermitted", "Io".
Result<> make_cgroup(const CgroupTrees& group, Holds what);
// Errors: "Io" with the file that could not be written.
Result<> limit(const CgroupTrees& group, const ResourceLimits& limits);
// The files that a process writes "0" to in order to become one of the group's.
std::vector<std::string> ways_in(const CgroupTrees& group);
// Removes the group and those within it, where no process is left in them.
void remove_cgroup(const CgroupTrees& group);

// Removes the empty group of that name beside this process's own, in every tree that there is: what runc made.
void remove_everywhere(const std::string& name);

// How many of its processes the kernel has ended for want of memory.
std::int64_t oom_kills(const CgroupTrees& group);
// None where nothing is counted.
std::optional<ResourceUse> resource_use(const CgroupTrees& group);

}  // namespace weir::runtime
