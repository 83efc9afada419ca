// RuntimeWatch: which of the runtime's tasks are not what they were when control looked last. After a restart all are
// new. One thread; owned by Control.
#pragma once

#include <map>
#include <set>
#include <string>

#include "runtime/runtime.h"

namespace weir::control {

class RuntimeWatch {
 public:
  explicit RuntimeWatch(const runtime::Runtime& runtime) : runtime_(runtime) {}

  // Somebody tells of changes: from now on only those told of are looked at.
  void tell(const std::string& task_id) {
    told_of_changes_ = true;
    told_.insert(task_id);
  }

  // The tasks that changed, came or went since the last call.
  std::set<std::string> take_changes();

 private:
  std::set<std::string> look_at_everything();

  const runtime::Runtime& runtime_;
  bool told_of_changes_ = false;
  bool looked_ = false;
  std::set<std::string> told_;
  std::map<std::string, runtime::TaskObservation> seen_;  // only while nobody tells of changes
};

}  // namespace weir::control
