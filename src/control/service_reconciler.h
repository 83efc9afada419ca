// One service as a pure function: what its documents become, which tasks it starts and which it lets go, given its
// wish and its tasks after their own step. Asked again with its own result it changes nothing. Chance (for ids) is a
// parameter. Any thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "control/hook_runs.h"
#include "control/task_reconciler.h"
#include "control/traffic.h"
#include "model/documents.h"

namespace weir::control {

// The definition of one of a service's task sets.
struct TaskSetDefinition {
  const model::ecs::TaskDefinition* definition = nullptr;  // null where it is not there
  const std::vector<model::ecs::Tag>* tags = nullptr;      // null for none
};

struct ServiceView {
  model::Service service;
  model::ServiceState state;                                      // a new one where the store has none
  std::vector<TaskStep> tasks;                                    // every task of the service, erased ones too
  const model::ecs::TaskDefinition* definition = nullptr;         // of the wish; null where it is not there
  const std::vector<model::ecs::Tag>* definition_tags = nullptr;  // null for none
  std::optional<model::ServiceDeployment> record;                 // of the wished deployment, while it goes on
  const model::ServiceRevision* fallback = nullptr;  // of the last completed deployment; null where there is none
  const model::ecs::TaskDefinition* fallback_definition = nullptr;
  const std::vector<model::ecs::Tag>* fallback_tags = nullptr;
  std::map<std::string, TaskSetDefinition> task_sets;  // by id
  RouteViews routes;                                   // those that a deployment in stages may shift
  std::vector<HookReply> replies;                      // of its hooks' targets
  std::map<std::string, Timestamp> alarms;             // those it watches that are in ALARM, and since when
  Duration alarm_bake{};                               // how long its alarms are watched once its tasks serve
  Duration minute = std::chrono::minutes(1);
};

struct ServiceStep {
  model::Service service;
  bool service_changed = false;
  model::ServiceState state;
  bool state_changed = false;
  std::optional<model::ServiceDeployment> record;
  bool record_changed = false;
  bool erase = false;  // its time of being kept is over: service and state
  std::vector<TaskStep> tasks;
  std::vector<model::Task> started;
  std::map<std::string, Actions> routes;  // what rules and listeners are to say, by ARN
  std::vector<HookCall> calls;            // to be made once all of this is stored
  bool awaits_acknowledgement = false;    // besides its tasks
  std::optional<Moment> next;             // when time alone brings more, tasks' own included
};

ServiceStep step_service(ServiceView view, Now now, Random& random);

// Tells a task of a service to go, as the scheduler does. False where it was told already.
bool tell_to_stop(TaskStep& task, std::string reason);

}  // namespace weir::control
