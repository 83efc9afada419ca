// What a service says of itself, in AWS's own words. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "model/documents.h"

namespace weir::control {

class ServiceEvents {
 public:
  explicit ServiceEvents(std::string service) : prefix_("(service " + std::move(service) + ")") {}
  // Of one of its task sets: "ecs-svc/…".
  ServiceEvents(const std::string& service, const std::string& task_set)
      : ServiceEvents(task_set.empty() ? service : service + ", taskSet " + task_set) {}

  std::string started(const std::vector<std::string>& task_ids) const;
  std::string stopped(const std::vector<std::string>& task_ids) const;
  std::string registered(int targets, const std::string& target_group) const;
  std::string deregistered(int targets, const std::string& target_group) const;
  std::string draining(int tasks) const;
  std::string unhealthy(int port, const std::string& target_group, const std::string& reason) const;
  std::string failed_container_checks(const std::string& task_id) const;
  std::string unable_to_place(const std::string& reason) const;
  std::string unable_to_start_consistently() const;
  std::string blocked_by_percentages() const;
  std::string deployment_completed(const std::string& deployment_id) const;
  // `why`: "tasks failed to start."
  std::string deployment_failed(const std::string& deployment_id, const std::string& why) const;
  std::string rolling_back(const std::string& deployment_id) const;
  std::string no_rollback_candidate(const std::string& deployment_id) const;
  std::string steady() const;
  // `why`: "Address already in use"
  std::string listener_fails(int port, const std::string& why) const;
  std::string listener_works(int port) const;

 private:
  std::string prefix_;
};

// Adds to the service's events; beyond kMostEvents the oldest go.
void add_event(model::ServiceState& state, std::string message, Now now, Random& random);

}  // namespace weir::control
