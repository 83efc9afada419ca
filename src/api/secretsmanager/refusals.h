// The parameters that secretsmanager refuses, a table an operation. Constant; any thread.
#pragma once

#include "api/refused.h"

namespace weir::api::secretsmanager {

std::span<const Refused> refused_of_create_secret();
std::span<const Refused> refused_of_put_secret_value();
std::span<const Refused> refused_of_update_secret();
std::span<const Refused> refused_of_list_secrets();

}  // namespace weir::api::secretsmanager
