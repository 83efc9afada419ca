// The parameters that ssm refuses, a table an operation. Constant; any thread.
#pragma once

#include "api/refused.h"

namespace weir::api::ssm {

std::span<const Refused> refused_of_put_parameter();
std::span<const Refused> refused_of_describe_parameters();

}  // namespace weir::api::ssm
