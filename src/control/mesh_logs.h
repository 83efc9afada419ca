// The access logs of virtual nodes and gateways: App Mesh has each Envoy write its own, so each task has a log of what
// it called and of what it was sent. What its proxy would write to its output goes through a pipe to `weir sidecar`,
// whose output it then is. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

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

// A task that is the Envoy of a virtual gateway.
struct GatewayTask {
  const model::Task* task = nullptr;
  FilePlaces folders;  // of its container
};

// The logs of a gateway, none where it names none: of what comes by each of its tasks, the oldest first, and of what
// comes to its listeners (ids of the table) from elsewhere. In a volume of the newest task all is in one file.
std::vector<route::TrafficLog> gateway_logs(const model::VirtualGateway& gateway, const std::vector<GatewayTask>& tasks,
                                            const std::vector<std::string>& listeners, const std::string& access_logs);
// Where lines of gateways go that are in no task's output.
std::string gateway_log_folder(const std::string& access_logs);

}  // namespace weir::control
