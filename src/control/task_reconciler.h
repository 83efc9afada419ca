// The life of one task as a pure function, in the order that spills nothing (DESIGN §5): what its document becomes,
// given what the runtime and the proxy say of it, and what the runtime is to be told once that document is stored.
// Asked again with its own result it changes nothing; after a crash between the write and its effect it asks for the
// same effect again. Any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/moment.h"
#include "control/target_life.h"
#include "model/documents.h"
#include "runtime/runtime.h"

namespace weir::control {

struct TaskView {
  const runtime::TaskObservation* observation = nullptr;  // null: the runtime knows no such task
  std::vector<TargetView> targets;                        // in the order of Task.targets
  Duration pace{};                                        // how long each state on its way to RUNNING lasts at least
  // Whether names are answered as the task's document says; none: nobody waits for that.
  std::optional<bool> names_followed;
  const std::string* refusal = nullptr;  // why it can never start; null where nothing says so
};

// What the runtime is to be told after the document is stored.
enum class TaskEffect { none, start, stop, forget };

// What happened to the task in this step, for its service's events and back-off.
enum class TaskNews {
  registered,    // a target entered the table; with its target group
  deregistered,  // a target began to drain; with its target group
  drains,        // the task began to drain
  start_failed,  // it ended before its containers ran
  ended_early,   // it ended by itself before it had proved itself
  ended,         // it ended by itself after that
  lost,          // it was gone with its host: nobody's failure
};

struct TaskNewsItem {
  TaskNews news;
  std::string target_group;
};

struct TaskStep {
  model::Task task;
  bool changed = false;
  bool erase = false;  // its time of being kept is over
  TaskEffect effect = TaskEffect::none;
  std::vector<TaskNewsItem> news;
  std::optional<Moment> next;  // when time alone brings more
  bool awaits_acknowledgement = false;
  bool awaits_names = false;
  // It is up, and the proxy that runs now says so too: after a restart of the proxy that takes its first checks.
  bool serves_now = false;
};

TaskStep step_task(const model::Task& task, const TaskView& view, Now now);

// Whether the task has come to serve: its targets serve and every worker knows; without targets, it runs. Either way
// its containers' health checks, where it has any, have passed.
bool is_up(const model::Task& task);
// Whether its end is no failure to start.
bool has_proved_itself(const model::Task& task, Moment now);

}  // namespace weir::control
