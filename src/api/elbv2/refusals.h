// The parameters that elbv2 refuses, a table an operation. Constant; any thread.
#pragma once

#include "api/refused.h"

namespace weir::api::elbv2 {

std::span<const Refused> refused_of_create_load_balancer();
std::span<const Refused> refused_of_set_subnets();
std::span<const Refused> refused_of_set_security_groups();
std::span<const Refused> refused_of_set_ip_address_type();
std::span<const Refused> refused_of_create_target_group();
std::span<const Refused> refused_of_modify_target_group();
std::span<const Refused> refused_of_create_listener();
std::span<const Refused> refused_of_modify_listener();
std::span<const Refused> refused_of_create_trust_store();
std::span<const Refused> refused_of_modify_trust_store();
std::span<const Refused> refused_of_create_rule();
std::span<const Refused> refused_of_modify_rule();
std::span<const Refused> refused_of_describe_target_health();
std::span<const Refused> refused_of_register_targets();
std::span<const Refused> refused_of_deregister_targets();

}  // namespace weir::api::elbv2
