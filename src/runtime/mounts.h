// The volumes of a container: a mount namespace for its processes alone, in which folders of the host appear where the
// task definition says. Nothing of it is seen by others, and nothing of the host's own folders changes: a path that is
// not there is made in a copy of the folder above it, which shows what was in that folder at that moment. Called in a
// process that is about to execute a container's program.
#pragma once

#include <string>
#include <vector>

namespace weir::runtime {

struct Mount {
  std::string source;  // a folder or file of the host
  std::string target;  // absolute, without ".."
  bool read_only = false;
};

// `scratch`: an empty folder that nobody else uses; it stays empty. 0, or the errno of what failed: EPERM where this
// process may not mount.
int enter_mounts(const std::vector<Mount>& mounts, const std::string& scratch);

}  // namespace weir::runtime
