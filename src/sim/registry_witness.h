// RegistryWitness: holds what stands in Cloud Map against the tasks that it stands for: each enters as UNHEALTHY once
// its containers run, is HEALTHY only while it runs, and is out before its SIGTERM, for good. One thread; owned by the
// world.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "model/discovery_documents.h"
#include "model/documents.h"
#include "sim/sim_runtime.h"
#include "sim/wishes.h"
#include "store/store.h"

namespace weir::sim {

// Cloud Map tells of no task that is not there, and of each that is.
inline constexpr const char* kRegistryInvariant = "registry";

class RegistryWitness {
 public:
  using Breach = std::function<void(std::string what)>;
  RegistryWitness(store::Store& store, Wishes& wishes, Breach breach)
      : store_(store), wishes_(wishes), breach_(std::move(breach)) {}

  // Something was committed.
  void look();
  void on_sigterm(const SimTask& task);
  // What is said of a task that runs, where it should not be so after a while of quiet.
  std::optional<std::string> difference_of(const model::Task& task) const;

  const std::set<std::string>& visited() const { return visited_; }

 private:
  void take(const std::string& name, const model::DiscoveryInstance& instance);
  void check_entry(const model::DiscoveryInstance& instance, const std::optional<model::Task>& task);
  void leave(const std::string& name);
  void check_end(const std::string& id);
  void say(const std::string& task, const std::string& what);

  store::Store& store_;
  Wishes& wishes_;
  const Breach breach_;
  std::int64_t seen_ = 0;
  std::map<std::string, model::DiscoveryInstance> instances_;  // by key
  std::set<std::string> gone_;                                 // keys
  std::set<std::string> visited_;
};

}  // namespace weir::sim
