// The shim: one small process per task, which starts the task's containers, keeps their logs and exit codes and stops
// them. It outlives the control process, and nothing of the task outlives it. Its main thread runs it all.
#pragma once

#include <string>

#include "base/clock.h"

namespace weir::runtime {

// Runs the task of `directory` (task_record.h) to its end. Descriptor kShimSocket is the listening socket; those after
// it reserve the task's ports or its address. Returns the process's exit code: 0 when the task has ended, 1 where it
// could not even be looked at (said on stderr).
int run_shim(const std::string& directory, const Clock& clock);

}  // namespace weir::runtime
