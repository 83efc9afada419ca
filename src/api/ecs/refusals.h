// The parameters that ecs refuses, a table an operation. Constant; any thread.
#pragma once

#include "api/refused.h"

namespace weir::api::ecs {

std::span<const Refused> refused_of_create_cluster();
std::span<const Refused> refused_of_register_task_definition();
std::span<const Refused> refused_of_create_service();
std::span<const Refused> refused_of_update_service();
std::span<const Refused> refused_of_create_task_set();
std::span<const Refused> refused_of_list_tasks();
std::span<const Refused> refused_of_run_task();
std::span<const Refused> refused_of_start_task();
std::span<const Refused> refused_of_list_container_instances();
std::span<const Refused> refused_of_describe_container_instances();
std::span<const Refused> refused_of_update_cluster();
std::span<const Refused> refused_of_put_cluster_capacity_providers();

}  // namespace weir::api::ecs
