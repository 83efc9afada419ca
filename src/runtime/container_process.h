// ContainerProcess: how one container becomes a process of this machine: which program, with which words, environment
// and folder; and the fork. In the shim, on its one thread.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/fd.h"
#include "runtime/image_store.h"
#include "runtime/mounts.h"
#include "runtime/runtime.h"
#include "runtime/user.h"

namespace weir::runtime {

// What is executed.
struct ProcessPlan {
  std::string program;  // a path
  std::vector<std::string> arguments;
  std::vector<std::string> environment;  // "NAME=value"
  std::string directory;
  std::vector<Mount> mounts;
  std::string scratch;  // for the mounts
  std::optional<User> user;
  std::vector<Ulimit> ulimits;
  std::vector<std::string> groups;  // files that take it into its cgroup
  // Where the program only starts what is meant and ends: the file in which it leaves the pid of that.
  std::string pid_file;
};

// Merges the task definition with the image, unpacked at `root`. As Docker does: an entry point of its own puts the
// image's command out of force. A program's path is looked for in the image first, then on the host; a word without a
// slash in the image's and then the host's PATH. PORT is the host port of the first mapping, PORT_<container port>
// that of each. Volumes appear at their paths of the host and, relative to it, in the image. The task's own volumes
// are in its `folder`. Errors: "CannotStartContainerError".
Result<ProcessPlan> plan_process(const std::string& task_id, const ContainerSpec& container, const ImageConfig& image,
                                 const std::string& root, const std::string& folder = "");

// The same for a program in a root file system of its own: arguments, environment and folder as they are seen there.
// Whether the program is there is found out when it starts.
Result<ProcessPlan> plan_in_image(const std::string& task_id, const ContainerSpec& container, const ImageConfig& image);

// The same for Weir's own program, which is that of the calling process: `words` follow its name.
ProcessPlan plan_own_program(const std::string& task_id, const ContainerSpec& container,
                             const std::vector<std::string>& words);

// The folder of the host that a volume is, made where it is absent; the task's own volumes are in its `folder`. Errors:
// "CannotStartContainerError".
Result<std::string> volume_source(const MountSpec& mount, const std::string& folder);

enum class Output { kept, dropped };

struct StartedProcess {
  pid_t pid = 0;
  net::Fd out;  // the reading ends of its pipes, non-blocking; none where its output is dropped
  net::Fd error;
};

// Starts the process in a session of its own. It dies with the calling thread. `oom_score` is written to its
// oom_score_adj where not empty. Errors: "CannotStartContainerError" with the kernel's word.
Result<StartedProcess> start_process(const ProcessPlan& plan, const std::string& oom_score,
                                     Output output = Output::kept);

}  // namespace weir::runtime
