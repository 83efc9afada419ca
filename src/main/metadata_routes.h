// The task metadata endpoint, version 4, as containers of ECS know it: what ECS_CONTAINER_METADATA_URI_V4 leads to.
// Unsigned, as AWS has it. Control thread.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "main/container_stats.h"
#include "model/documents.h"
#include "runtime/runtime.h"
#include "store/store.h"
#include "wire/route.h"

namespace weir {

// All of them outlive the routes.
std::vector<wire::Route> metadata_routes(store::Store& store, const runtime::Runtime& runtime, const Clock& clock,
                                         ContainerStats& stats);

// The path of one container's metadata: "/_weir/v4/ACCOUNT/REGION/CLUSTER/TASK/CONTAINER".
std::string metadata_path(const model::Task& task, const std::string& container);

}  // namespace weir
