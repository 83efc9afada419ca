// What the kernel tells of processes beyond one's own children: whose they are, and how to end the last of a task.
// Any thread.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "runtime/cgroups.h"

namespace weir::runtime {

// The children of this process, exited ones too.
std::vector<pid_t> children_of_this_process();

// What the process and its descendants use, where no cgroup counts it. None where there is no such process.
std::optional<ResourceUse> use_of_processes(pid_t root);

// Sends SIGKILL to every process that was started for the task (its environment says so) and that this user may
// signal. How many there were: when it is 0, none is left.
int kill_processes_of_task(const std::string& task_id);

}  // namespace weir::runtime
