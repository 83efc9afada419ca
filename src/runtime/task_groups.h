// TaskGroups: where on this machine tasks' cgroups are made, if anywhere.
// Nothing is looked at before the first task; the instance's folder goes when
// it ends without tasks. One thread (the runtime's).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "net/fd.h"
#include "runtime/cgroups.h"

namespace weir::runtime {

class TaskGroups {
 public:
  // `state_directory` is what an instance is known by.
  TaskGroups(Log& log, const std::string& state_directory);
  ~TaskGroups();

  // The group that the task's shim is to make; of version 0 where limits cannot
  // be enforced, which the log says once.
  CgroupTrees group_of(const std::string& task_id);
  // Of a task that is adopted: this instance made it.
  void hold(const CgroupTrees& group) {
    if (group.version != 0 && !tasks_) prepare();
  }

 private:
  void prepare();
  Result<> make(const CgroupTrees& found);
  void sweep(const CgroupTrees& trees) const;

  Log& log_;
  const std::string name_;  // "weir-" and six hexadecimal digits
  std::optional<CgroupTrees> tasks_;
  // Its folders, locked: so others, also those in other network namespaces, know that this instance lives.
  std::vector<net::Fd> alive_;
};

}  // namespace weir::runtime
