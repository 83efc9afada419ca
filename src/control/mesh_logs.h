// The access logs of virtual nodes: App Mesh has each Envoy write its own, so each task has a log of what it called and
// of what it was sent. What its proxy would write to its output goes through a pipe to `weir sidecar`, whose output it
// then is. Pure; any thread.
#pragma once

#include <optional>
#include <string>

#include "control/mesh_tls.h"
#include "model/documents.h"
#include "route/traffic_log.h"
#include "runtime/runtime.h"

namespace weir::control {

// In the environment of `weir sidecar`: where its pipe is.
inline constexpr const char* kAccessLogVariable = "WEIR_ACCESS_LOG";

// `access_logs`: the folder of access logs.
std::string sidecar_pipe(const std::string& access_logs, const std::string& task_id);
// Tells the sidecar among the containers, if there is one, where its pipe is.
void connect_sidecar(runtime::TaskSpec& task, const std::string& pipe);

// The log of a task of `node`; none where the node names none. `folders`: of the proxy's container.
std::optional<route::TrafficLog> mesh_log(const model::VirtualNode& node, const model::Task& task,
                                          const FilePlaces& folders, const std::string& pipe);

}  // namespace weir::control
