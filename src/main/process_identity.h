// Which process is it? Pid files, and the program that a process runs. Any thread.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace weir {

// The live process of a pid file; empty where there is none. The file holds "<pid> <start time>\n", which names a
// process for good.
std::optional<pid_t> pid_of(const std::string& pid_file);
// Replaces the file as a whole. Errors: "Io".
Result<> write_pid_file(const std::string& path, pid_t pid);

// The path of the program that this process runs: where its file has been replaced, that of the new one.
std::string own_program();
// Its command line, after the program; empty where it is gone.
std::vector<std::string> arguments_of(pid_t pid);
// Whether it runs the very file that this process runs.
bool runs_own_program(pid_t pid);

}  // namespace weir
