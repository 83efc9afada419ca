// The files of one task's folder, DIR/tasks/<id>/: spec.json, what the shim shall run (the runtime writes it once);
// state.json, how the task is (the shim writes it at each change; the runtime where no shim lives); socket, on which
// the shim listens; shim.err, what it has to complain of. The first two are JSON, state.json's content is also what the
// shim sends. Any thread.
#pragma once

#include <optional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "runtime/runtime.h"
#include "runtime/task_network.h"

namespace weir::runtime {

inline constexpr const char* kSpecFile = "/spec.json";
inline constexpr const char* kStateFile = "/state.json";
inline constexpr const char* kSocketFile = "/socket";
inline constexpr const char* kErrorFile = "/shim.err";
// The folder of the task's own volumes, and an empty one that mounts need.
inline constexpr const char* kVolumesFolder = "/volumes";
inline constexpr const char* kScratchFolder = "/scratch";
// The descriptor on which a shim finds its listening socket; the sockets that reserve its ports follow.
inline constexpr int kShimSocket = 3;
// In the environment of every process of a task.
inline constexpr const char* kTaskVariable = "WEIR_TASK_ID";

struct TaskRecord {
  TaskSpec spec;                       // with true host ports
  std::string images;                  // folder of the ImageStore
  std::string logs;                    // folder of this task's logs
  std::optional<TaskNetwork> network;  // none: the host's
  CgroupTrees group;                   // of version 0: none
};

Json to_json(const TaskRecord& record);
// Errors: "Json".
Result<TaskRecord> read_task_record(const Json& json);

Json to_json(const TaskObservation& observation);
// Errors: "Json".
Result<TaskObservation> read_observation(const Json& json);

// How many descriptors the shim holds for its task's ports, or for its address.
std::size_t reservations_of(const TaskRecord& record);

// The task as it is before anything happened.
TaskObservation observation_of(const TaskRecord& record);

}  // namespace weir::runtime
