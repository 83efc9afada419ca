// The parameters that acm refuses, a table an operation. Constant; any thread.
#pragma once

#include "api/refused.h"

namespace weir::api::acm {

std::span<const Refused> refused_of_list_certificates();

}  // namespace weir::api::acm
