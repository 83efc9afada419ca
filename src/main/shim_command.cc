#include "main/shim_command.h"

#include <cstdio>

#include "base/clock.h"
#include "runtime/shim.h"

namespace weir {

int shim_command(std::span<const std::string> arguments) {
  if (arguments.size() != 1) {
    std::fputs("weir shim: give the folder of one task\n", stderr);
    return 2;
  }
  const SystemClock clock;
  return runtime::run_shim(arguments[0], clock);
}

}  // namespace weir
