// `weir shim DIR`: keeps one task's processes. `weir serve` starts it; nobody types it.
#pragma once

#include <span>
#include <string>

namespace weir {

int shim_command(std::span<const std::string> arguments);

}  // namespace weir
