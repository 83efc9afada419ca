// What Weir's own program is told where it is a container of a task. Constant; any thread.
#pragma once

namespace weir::runtime {

// In its environment where the task has a network of its own: the task's address.
inline constexpr const char* kTaskAddressVariable = "WEIR_TASK_ADDRESS";

}  // namespace weir::runtime
