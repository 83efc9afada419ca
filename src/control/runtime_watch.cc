#include "control/runtime_watch.h"

#include <algorithm>
#include <utility>

namespace weir::control {

namespace {

using runtime::ContainerObservation;
using runtime::PortMapping;
using runtime::TaskObservation;

bool same_port(const PortMapping& a, const PortMapping& b) {
  return a.container_port == b.container_port && a.host_port == b.host_port;
}

bool same_container(const ContainerObservation& a, const ContainerObservation& b) {
  return a.name == b.name && a.running == b.running && a.pid == b.pid && a.exit_code == b.exit_code &&
         a.reason == b.reason && a.image_digest == b.image_digest && a.health == b.health && a.restarts == b.restarts &&
         std::equal(a.ports.begin(), a.ports.end(), b.ports.begin(), b.ports.end(), same_port);
}

bool same(const TaskObservation& a, const TaskObservation& b) {
  return a.phase == b.phase && a.address == b.address && a.mac == b.mac && a.failure == b.failure &&
         std::equal(a.containers.begin(), a.containers.end(), b.containers.begin(), b.containers.end(), same_container);
}

}  // namespace

std::set<std::string> RuntimeWatch::take_changes() {
  if (!told_of_changes_ || !looked_) {
    looked_ = true;
    told_.merge(look_at_everything());
  } else if (!seen_.empty()) {
    seen_.clear();
  }
  return std::exchange(told_, {});
}

std::set<std::string> RuntimeWatch::look_at_everything() {
  std::set<std::string> changed;
  std::map<std::string, TaskObservation> now;
  for (auto& id : runtime_.list()) {
    auto observation = runtime_.find(id);
    if (!observation) continue;
    const auto before = seen_.find(id);
    if (before == seen_.end() || !same(before->second, *observation)) changed.insert(id);
    now.emplace(std::move(id), std::move(*observation));
  }
  for (const auto& [id, observation] : seen_) {
    if (!now.contains(id)) changed.insert(id);
  }
  seen_ = std::move(now);
  return changed;
}

}  // namespace weir::control
