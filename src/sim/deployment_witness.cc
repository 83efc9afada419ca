#include "sim/deployment_witness.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "rollout/lifecycle.h"

namespace weir::sim {

using model::ServiceDeployment;
using model::ServiceState;

namespace {

// Each step of the shift begins with a stage of its own: those two take turns.
bool may_follow(const std::string& before, const std::string& after) {
  if (before == "PRODUCTION_TRAFFIC_SHIFT" && after == "PRE_PRODUCTION_TRAFFIC_SHIFT") return true;
  return rollout::lifecycle_of(before) <= rollout::lifecycle_of(after);
}

template <class D, class Visit, class See>
void take(store::Store& store, const std::string& name, std::map<std::string, D>& known, Visit visit, See see) {
  const auto found = MUST(store::load<D>(store, name));
  if (!found) {
    known.erase(name);
    return;
  }
  visit(found->document);
  const auto before = known.find(name);
  if (before != known.end()) see(before->second, found->document);
  known.insert_or_assign(name, found->document);
}

}  // namespace

void DeploymentWitness::look() {
  std::set<store::Key> keys;
  for (const auto& change : MUST(store_.changes(seen_))) keys.insert(change.key);
  seen_ = store_.revision();
  for (const auto& key : keys) {
    if (key.kind == ServiceState::kKind) {
      const auto see = [this](const ServiceState& before, const ServiceState& after) {
        check_stages(before, after);
        check_ends(before, after);
      };
      take(
          store_, key.name, states_, [this](const ServiceState& state) { visit(state); }, see);
    } else if (key.kind == ServiceDeployment::kKind) {
      const auto see = [this](const auto& before, const auto& after) { check_record(before, after); };
      take(
          store_, key.name, records_, [this](const auto& record) { visited_.insert(record.status); }, see);
    }
  }
}

void DeploymentWitness::visit(const ServiceState& state) {
  for (const auto& deployment : state.deployments) visited_.insert({deployment.strategy, deployment.rollout_state});
  if (!state.staged) return;
  visited_.insert(state.staged->going_back ? "back at " + state.staged->stage : state.staged->stage);
  if (state.staged->frozen) visited_.insert("frozen");
  for (const auto& hook : state.staged->hooks) visited_.insert(hook.target_type + " " + hook.status);
}

void DeploymentWitness::check_stages(const ServiceState& before, const ServiceState& after) {
  if (!before.staged || !after.staged || before.staged->deployment != after.staged->deployment) return;
  const auto& from = *before.staged;
  const auto& to = *after.staged;
  if (from.going_back && !to.going_back) breach_(before.name + " went back, and goes on");
  const bool superseded = after.deployments.empty() || after.deployments.front().id != to.deployment;
  if (to.going_back || to.frozen || superseded) return;
  if (!may_follow(from.stage, to.stage))
    breach_(fmt::format("{} comes to {} from {}", before.name, to.stage, from.stage));
  if (to.production_percent < from.production_percent) {
    breach_(fmt::format("{} takes requests away from what it deploys: {} percent after {}", before.name,
                        to.production_percent, from.production_percent));
  }
  if (to.stage != from.stage || to.production_percent > from.production_percent) check_hooks(from);
}

void DeploymentWitness::check_hooks(const model::StagedDeployment& before) {
  for (const auto& hook : before.hooks) {
    const bool waits = hook.status == "AWAITING_ACTION" || hook.status == "IN_PROGRESS";
    if (waits && !answered_.contains(hook.id) && clock_.moment() < hook.expires)
      breach_(fmt::format("{} does not wait for its hook at {}", before.deployment, before.stage));
  }
}

void DeploymentWitness::check_ends(const ServiceState& before, const ServiceState& after) {
  for (const auto& deployment : before.deployments) {
    const auto now = std::ranges::find(after.deployments, deployment.id, &model::Deployment::id);
    if (now == after.deployments.end() || deployment.rollout_state == "IN_PROGRESS") continue;
    // What was completed before may be what a failed one goes back to.
    const bool again = deployment.id == before.completed_deployment && now->rollout_state == "IN_PROGRESS";
    if (now->rollout_state != deployment.rollout_state && !again) {
      breach_(fmt::format("deployment {} of {} was {}, and is {}", deployment.id, before.name, deployment.rollout_state,
                          now->rollout_state));
    }
  }
}

void DeploymentWitness::check_record(const ServiceDeployment& before, const ServiceDeployment& after) {
  if (has_ended(before) && to_json_shape(before) != to_json_shape(after))
    breach_(
        fmt::format("the record of {} is written after its end: {}, {}", before.service, before.status, after.status));
  if (has_ended(after) && after.status != "STOPPED" && !after.finished_at)
    breach_(fmt::format("the record of {} is {} without a time", before.service, after.status));
  const bool goes_back = before.status == "ROLLBACK_IN_PROGRESS";
  if (goes_back && !has_ended(after) && after.status != before.status)
    breach_(fmt::format("the record of {} is {} after {}", before.service, after.status, before.status));
}

}  // namespace weir::sim
