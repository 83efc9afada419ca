#include "sim/row_witness.h"

#include <fmt/format.h>

#include <algorithm>

#include "control/limits.h"
#include "model/alarm_documents.h"
#include "model/discovery_documents.h"
#include "model/mesh_address.h"
#include "model/mesh_documents.h"
#include "model/time_line.h"
#include "sim/limits.h"

namespace weir::sim {

namespace {

std::string itself(const std::string& name) { return name; }
std::string folder_of(const std::string& name) { return name.substr(0, name.rfind('/')); }

}  // namespace

template <class D>
RowWitness::Judge RowWitness::goes_with(std::string (*owner)(const std::string& name)) {
  return [this, owner](const std::string& name) -> std::optional<std::string> {
    if (MUST(store_.get({D::kKind, owner(name)}))) return std::nullopt;
    return fmt::format("its {} is gone", D::kKind);
  };
}

RowWitness::RowWitness(store::Store& store, const SimClock& clock) : store_(store), clock_(clock) {
  for (const char* wished :
       {model::Cluster::kKind, model::TaskDefinition::kKind, model::LoadBalancer::kKind, model::TargetGroup::kKind,
        model::Listener::kKind, model::MetricAlarm::kKind, model::DiscoveryNamespace::kKind,
        model::DiscoveryService::kKind, model::Mesh::kKind, model::VirtualNode::kKind, model::VirtualRouter::kKind,
        model::VirtualService::kKind, model::Route::kKind, model::TimeLine::kKind}) {
    judges_[wished] = nullptr;
  }
  judges_[model::Task::kKind] = [this](const std::string& name) { return leak_of_task(name); };
  judges_[model::Service::kKind] = [this](const std::string& name) { return leak_of_service(name); };
  judges_[model::ServiceState::kKind] = [this](const std::string& name) { return leak_of_state(name); };
  judges_[model::DiscoveryInstance::kKind] = [this](const std::string& name) { return leak_of_instance(name); };
  judges_[model::ServiceDeployment::kKind] = goes_with<model::Service>(folder_of);
  judges_[model::ServiceRevision::kKind] = goes_with<model::Service>(folder_of);
  judges_[model::ListenerState::kKind] = goes_with<model::Listener>(itself);
  judges_[model::AlarmState::kKind] = goes_with<model::MetricAlarm>(itself);
  judges_[model::MeshAddress::kKind] = nullptr;  // kept for its name, as far as there are numbers
}

std::optional<std::string> RowWitness::leak() {
  for (const auto& row : MUST(store_.changes(0))) {
    const auto judge = judges_.find(row.key.kind);
    const auto why = judge == judges_.end() ? std::optional<std::string>("nobody knows that kind")
                     : judge->second        ? judge->second(row.key.name)
                                            : std::nullopt;
    if (why) return fmt::format("{} {} stays: {}", row.key.kind, row.key.name, *why);
  }
  return std::nullopt;
}

bool RowWitness::is_past(Moment ended) const {
  return clock_.moment() - ended > control::kKeepEnded + seconds(kExitKnownWithin);
}

std::optional<std::string> RowWitness::leak_of_task(const std::string& name) {
  const auto task = MUST(store::load<model::Task>(store_, name))->document;
  if (task.last_status != "STOPPED" || !is_past(task.since)) return std::nullopt;
  return "it has been STOPPED for long";
}

std::optional<std::string> RowWitness::leak_of_service(const std::string& name) {
  const auto service = MUST(store::load<model::Service>(store_, name))->document;
  const auto state = MUST(store::load<model::ServiceState>(store_, name));
  if (service.status != "INACTIVE" || (state && !is_past(state->document.ended))) return std::nullopt;
  return "it has been INACTIVE for long";
}

std::optional<std::string> RowWitness::leak_of_state(const std::string& name) {
  const auto service = MUST(store::load<model::Service>(store_, name));
  if (!service) return "its service is gone";
  const auto state = MUST(store::load<model::ServiceState>(store_, name))->document;
  for (const auto& set : state.task_sets) {
    if (std::ranges::find(service->document.task_sets, set.id, &model::TaskSet::id) ==
        service->document.task_sets.end())
      return "its task set " + set.id + " is gone";
  }
  return std::nullopt;
}

std::optional<std::string> RowWitness::leak_of_instance(const std::string& name) {
  const auto instance = MUST(store::load<model::DiscoveryInstance>(store_, name))->document;
  const auto task = MUST(store::load<model::Task>(store_, instance.task));
  if (task && task->document.last_status != "STOPPED") return std::nullopt;
  return "its task has ended";
}

}  // namespace weir::sim
