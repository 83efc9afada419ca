// DeploymentWitness: follows what the store says of services' deployments from write to write: the stages of one, the
// hooks that hold it up, and the record of what became of it. One thread; owned by the world.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "model/documents.h"
#include "sim/sim_clock.h"
#include "store/store.h"

namespace weir::sim {

// Deployments go through their stages in order and wait for their hooks; what has ended stays as it ended.
inline constexpr const char* kStageInvariant = "stage";

class DeploymentWitness {
 public:
  // Tells of what breaks kStageInvariant.
  using Breach = std::function<void(std::string what)>;
  DeploymentWitness(store::Store& store, const SimClock& clock, Breach breach)
      : store_(store), clock_(clock), breach_(std::move(breach)) {}

  // Something was committed.
  void look();
  // Somebody, or a hook's target, let the deployment go on.
  void on_answered(const std::string& hook) { answered_.insert(hook); }

  // Every word that was ever written for a state, a stop code, a stage: what the worlds have come by.
  const std::set<std::string>& visited() const { return visited_; }

 private:
  void visit(const model::ServiceState& state);
  void check_stages(const model::ServiceState& before, const model::ServiceState& after);
  void check_hooks(const model::StagedDeployment& before);
  void check_ends(const model::ServiceState& before, const model::ServiceState& after);
  void check_record(const model::ServiceDeployment& before, const model::ServiceDeployment& after);

  store::Store& store_;
  const SimClock& clock_;
  const Breach breach_;
  std::int64_t seen_ = 0;
  std::set<std::string> visited_;
  std::set<std::string> answered_;                           // HookRun.id
  std::map<std::string, model::ServiceState> states_;        // by key
  std::map<std::string, model::ServiceDeployment> records_;  // by key
};

}  // namespace weir::sim
