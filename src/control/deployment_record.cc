#include "control/deployment_record.h"

#include <algorithm>
#include <utility>

#include "rollout/circuit_breaker.h"

namespace weir::control {

namespace {

using model::Deployment;

class Record {
 public:
  Record(model::ServiceDeployment& record, const model::Service& service, const model::ServiceState& state,
         Timestamp now)
      : record_(record), service_(service), state_(state), now_(now) {}

  bool follow() {
    if (has_ended(record_) || state_.deployments.empty()) return false;
    const Deployment& primary = state_.deployments.front();
    const bool is_primary = primary.id == record_.deployment_id;
    if (is_primary && record_.status == "PENDING") move("IN_PROGRESS", "");
    if (is_primary && !record_.started_at) set(record_.started_at, std::optional(now_));
    note_breaker();
    if (service_.revision_id != record_.target_revision) {
      roll_back(primary);
    } else if (is_primary && primary.rollout_state == "COMPLETED") {
      move("SUCCESSFUL", "");
      set(record_.finished_at, std::optional(now_));
    } else if (is_primary && primary.rollout_state == "FAILED") {
      move("STOPPED", primary.rollout_state_reason);
      set(record_.stopped_at, std::optional(now_));
    }
    if (has_ended(record_) && record_.breaker == "MONITORING") set(record_.breaker, std::string("MONITORING_COMPLETE"));
    if (changed_) record_.updated_at = now_;
    return changed_;
  }

 private:
  template <class T>
  void set(T& slot, T value) {
    if (slot == value) return;
    slot = std::move(value);
    changed_ = true;
  }
  void move(const char* status, const std::string& reason) {
    set(record_.status, std::string(status));
    set(record_.status_reason, reason);
  }

  const Deployment* own() const {
    const auto& all = state_.deployments;
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const auto& d) { return d.id == record_.deployment_id; });
    return found == all.end() ? nullptr : &*found;
  }

  void note_breaker() {
    const Deployment* target = own();
    if (!target || !has_breaker(service_) || record_.rollback_started_at) return;
    set(record_.breaker_failures, target->failed_tasks);
    set(record_.breaker_threshold, rollout::failure_threshold(service_.desired_count));
    const bool tripped =
        target->rollout_state == "FAILED" && target->rollout_state_reason.starts_with("ECS deployment circuit breaker");
    if (record_.breaker == "TRIGGERED" || target->rollout_state == "COMPLETED") return;
    set(record_.breaker, std::string(tripped ? "TRIGGERED" : "MONITORING"));
  }

  // The service is on its way back, or has come back, to an earlier revision.
  void roll_back(const Deployment& primary) {
    if (!record_.rollback_started_at) {
      const Deployment* failed = own();
      set(record_.rollback_reason, failed ? failed->rollout_state_reason : std::string());
      set(record_.rollback_revision, service_.revision_id);
      set(record_.rollback_started_at, std::optional(now_));
      move("ROLLBACK_IN_PROGRESS", record_.rollback_reason);
    }
    if (primary.id != service_.deployment_id || primary.rollout_state == "IN_PROGRESS") return;
    move(primary.rollout_state == "COMPLETED" ? "ROLLBACK_SUCCESSFUL" : "ROLLBACK_FAILED", record_.rollback_reason);
    set(record_.finished_at, std::optional(now_));
  }

  model::ServiceDeployment& record_;
  const model::Service& service_;
  const model::ServiceState& state_;
  const Timestamp now_;
  bool changed_ = false;
};

}  // namespace

bool has_breaker(const model::Service& service) {
  const auto& given = service.deployment_configuration;
  return given && given->deploymentCircuitBreaker && given->deploymentCircuitBreaker->enable;
}

bool rolls_back(const model::Service& service) {
  return has_breaker(service) && service.deployment_configuration->deploymentCircuitBreaker->rollback;
}

bool follow(model::ServiceDeployment& record, const model::Service& service, const model::ServiceState& state,
            Timestamp now) {
  return Record(record, service, state, now).follow();
}

bool follow_stages(model::ServiceDeployment& record, const model::StagedDeployment& staged, Timestamp now) {
  if (has_ended(record) || record.deployment_id != staged.deployment) return false;
  model::ServiceDeployment after = record;
  after.lifecycle_stage = staged.stage;
  if (!staged.routes.empty()) after.production_percent = staged.production_percent;
  const bool tested = std::any_of(staged.routes.begin(), staged.routes.end(),
                                  [](const auto& route) { return !route.test_rule.empty(); });
  if (tested) after.test_percent = staged.test_percent;
  after.hooks = staged.hooks;
  if (to_json_shape(after) == to_json_shape(record)) return false;
  record = std::move(after);
  record.updated_at = now;
  return true;
}

}  // namespace weir::control
