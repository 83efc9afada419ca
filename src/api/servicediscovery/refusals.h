// The parameters that servicediscovery refuses, a table an operation. Constant; any thread.
#pragma once

#include "api/refused.h"

namespace weir::api::servicediscovery {

std::span<const Refused> refused_of_create_service();
std::span<const Refused> refused_of_update_service();

}  // namespace weir::api::servicediscovery
