// The parameters that logs refuses, a table an operation. Constant; any thread.
#pragma once

#include "api/refused.h"

namespace weir::api::logs {

std::span<const Refused> refused_of_create_log_group();
std::span<const Refused> refused_of_describe_log_groups();

}  // namespace weir::api::logs
