// `weir serve`: constructs the control process and connects its parts; the story of how they come together.
#pragma once

#include <span>
#include <string>

namespace weir {

// Runs until SIGINT or SIGTERM. Returns the exit code: 1 with one line on stderr where it could not start, 2 for a
// command line that makes no sense.
int serve_command(std::span<const std::string> arguments);

}  // namespace weir
