// `weir proxy`: constructs the data plane and runs it until it is told to stop.
#pragma once

#include <span>
#include <string>

namespace weir {

// What `weir proxy --help` says of its options.
extern const char* const kProxyDetails;

// `args`: what follows "proxy" on the command line. Returns the exit code: 0 after a graceful end, 1 where it could not
// start, 2 for wrong arguments.
int proxy_command(std::span<const std::string> args);

}  // namespace weir
