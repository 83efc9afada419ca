// TaskWitness: follows every task's document from write to write and holds it against the life of a task: one way
// through its states, times in their order, a reason for each end, and nothing that the machine belies. One thread;
// owned by the world.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/documents.h"
#include "sim/sim_runtime.h"
#include "sim/wishes.h"
#include "store/store.h"

namespace weir::sim {

// A task goes through its states in their order, with times, codes and reasons that are true.
inline constexpr const char* kLifeInvariant = "life";

class TaskWitness {
 public:
  // Tells of what breaks `invariant`.
  using Breach = std::function<void(const char* invariant, std::string what)>;
  TaskWitness(store::Store& store, SimRuntime& runtime, Wishes& wishes, Breach breach)
      : store_(store), runtime_(runtime), wishes_(wishes), breach_(std::move(breach)) {}

  // Told of each task whose document says from now on that it is to stop, once all of its commit is known.
  std::function<void(const model::Task& document)> on_end_wished;

  // Something was committed.
  void look();
  // Of the task's document; null where there is none.
  const model::Task* find(const std::string& id) const;
  // Its place among the states, PROVISIONING the first; -1 for a word that is none.
  static int place_of(const std::string& last_status);

  // Every word that was ever written for a state, a stop code, a stage: what the worlds have come by.
  const std::set<std::string>& visited() const { return visited_; }

 private:
  void take(const std::string& id);
  void check_step(const model::Task& before, const model::Task& after);
  void check_state(const model::Task& task);
  void check_times(const model::Task& task);
  void check_end(const model::Task& task);
  void check_cause(const model::Task& task);
  void check_exit_codes(const model::Task& task, const SimTask& real);
  void check_room(const model::Task& started);
  void check_room_of_set(const model::Task& started, const model::Service& service);
  void say(const model::Task& task, const std::string& what);

  store::Store& store_;
  SimRuntime& runtime_;
  Wishes& wishes_;
  const Breach breach_;
  std::int64_t seen_ = 0;
  std::set<std::string> visited_;
  std::map<std::string, model::Task> tasks_;  // by id
  std::vector<std::string> ending_;           // ids, of this commit
};

}  // namespace weir::sim
