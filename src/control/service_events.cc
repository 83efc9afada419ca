#include "control/service_events.h"

#include <fmt/format.h>

#include <utility>

#include "base/uuid.h"
#include "control/limits.h"

namespace weir::control {

namespace {
std::string list_of(const std::vector<std::string>& task_ids) {
  std::string text;
  for (const auto& id : task_ids) text += (text.empty() ? "(task " : " (task ") + id + ")";
  return text;
}
}  // namespace

std::string ServiceEvents::started(const std::vector<std::string>& task_ids) const {
  return fmt::format("{} has started {} tasks: {}.", prefix_, task_ids.size(), list_of(task_ids));
}
std::string ServiceEvents::stopped(const std::vector<std::string>& task_ids) const {
  return fmt::format("{} has stopped {} running tasks: {}.", prefix_, task_ids.size(), list_of(task_ids));
}
std::string ServiceEvents::registered(int targets, const std::string& target_group) const {
  return fmt::format("{} registered {} targets in (target-group {})", prefix_, targets, target_group);
}
std::string ServiceEvents::deregistered(int targets, const std::string& target_group) const {
  return fmt::format("{} deregistered {} targets in (target-group {})", prefix_, targets, target_group);
}
std::string ServiceEvents::draining(int tasks) const {
  return fmt::format("{} has begun draining connections on {} tasks.", prefix_, tasks);
}
std::string ServiceEvents::unhealthy(int port, const std::string& target_group, const std::string& reason) const {
  return fmt::format("{} (port {}) is unhealthy in (target-group {}) due to (reason {})", prefix_, port, target_group,
                     reason);
}
std::string ServiceEvents::failed_container_checks(const std::string& task_id) const {
  return fmt::format("{} (task {}) failed container health checks.", prefix_, task_id);
}
std::string ServiceEvents::unable_to_place(const std::string& reason) const {
  return fmt::format("{} was unable to place a task. Reason: {}", prefix_, reason);
}
std::string ServiceEvents::unable_to_start_consistently() const {
  return prefix_ +
         " is unable to consistently start tasks successfully. For more information, see the Troubleshooting section "
         "of "
         "the Amazon ECS Developer Guide.";
}
std::string ServiceEvents::blocked_by_percentages() const {
  return prefix_ +
         " was unable to stop or start tasks during a deployment because of the service deployment configuration. "
         "Update the minimumHealthyPercent or maximumPercent value and try again.";
}
std::string ServiceEvents::deployment_completed(const std::string& deployment_id) const {
  return fmt::format("{} (deployment {}) deployment completed.", prefix_, deployment_id);
}
std::string ServiceEvents::deployment_failed(const std::string& deployment_id, const std::string& why) const {
  return fmt::format("{} (deployment {}) deployment failed: {}", prefix_, deployment_id, why);
}
std::string ServiceEvents::rolling_back(const std::string& deployment_id) const {
  return fmt::format("{} rolling back to deployment {}.", prefix_, deployment_id);
}
std::string ServiceEvents::no_rollback_candidate(const std::string& deployment_id) const {
  return fmt::format("{} (deployment {}) deployment failed: no rollback candidate was found to run the rollback.",
                     prefix_, deployment_id);
}
std::string ServiceEvents::steady() const { return prefix_ + " has reached a steady state."; }

std::string ServiceEvents::listener_fails(int port, const std::string& why) const {
  return fmt::format("{} is not reachable through its load balancer's listener on port {}: {}", prefix_, port, why);
}

std::string ServiceEvents::listener_works(int port) const {
  return fmt::format("{} is reachable again through its load balancer's listener on port {}.", prefix_, port);
}

void add_event(model::ServiceState& state, std::string message, Now now, Random& random) {
  state.events.insert(state.events.begin(), {uuid(random), now.date, now.moment, std::move(message)});
  if (state.events.size() > kMostEvents) state.events.resize(kMostEvents);
}

}  // namespace weir::control
