// Which boot of the machine this is: its monotonic clock goes on for as long. Any thread.
#pragma once

#include <string>

namespace weir {

// A UUID; empty where the kernel does not say.
std::string boot_id();

}  // namespace weir
