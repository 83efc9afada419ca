#include "sim/mutation.h"

#include <memory>

#include "model/discovery_documents.h"
#include "model/documents.h"
#include "model/mesh_address.h"
#include "model/mesh_documents.h"
#include "model/time_line.h"

namespace weir::sim {

using model::Task;

namespace {

// Reads documents of one kind otherwise.
template <class D, class Change>
std::function<void(store::Document&)> misread(Change change) {
  return [change](store::Document& document) {
    if (document.key.kind != D::kKind) return;
    auto read = MUST(store::decode<D>(document));
    change(read.document);
    document.body = std::make_shared<const store::Body>(to_json_shape(read.document).dump());
  };
}

void lose_minimum(model::Service& service) {
  service.minimum_healthy_percent = 0;
  service.maximum_percent = 100;
}

void admit_many(model::Service& service) { service.maximum_percent = 400; }

void wish_more_in_stages(model::Service& service) {
  const auto& given = service.deployment_configuration;
  if (given && given->strategy.value_or("ROLLING") != "ROLLING" && service.desired_count > 0) ++service.desired_count;
}

void shift_at_once(model::ServiceState& state) {
  if (!state.staged || state.staged->stage != "SCALE_UP") return;
  state.staged->stage = "PRODUCTION_TRAFFIC_SHIFT";
  state.staged->production_percent = 100;
}

void clean_up_at_once(model::ServiceState& state) {
  if (!state.staged || state.staged->stage != "PRODUCTION_TRAFFIC_SHIFT" || state.staged->going_back) return;
  state.staged->stage = "CLEAN_UP";
}

void lead_nowhere(model::Listener& listener) {
  auto& groups = *listener.listener.DefaultActions->front().ForwardConfig->TargetGroups;
  for (auto& group : groups) group.Weight = 0;
}

std::function<void(model::Service&)> with_breaker(bool enabled) {
  return [enabled](model::Service& service) {
    if (service.deployment_configuration) service.deployment_configuration->deploymentCircuitBreaker->enable = enabled;
  };
}

// Writes documents of one kind otherwise.
template <class D, class Change>
std::function<bool(store::Write&)> miswrite(Change change) {
  return [change](store::Write& write) {
    if (write.key.kind != D::kKind || !write.body) return false;
    auto document = MUST(from_json_shape<D>(MUST(Json::parse(*write.body))));
    change(document);
    write.body = to_json_shape(document).dump();
    return false;
  };
}

void end_early(Task& task) {
  if (task.last_status != "STOPPING") return;
  task.last_status = "STOPPED";
  task.stopped_at = task.execution_stopped_at = task.stopping_at;
  for (auto& container : task.containers) container.last_status = "STOPPED";
}

void end_with_leftovers(Task& task) {
  if (task.last_status != "DEPROVISIONING") return;
  task.last_status = "STOPPED";
  task.stopped_at = task.execution_stopped_at;
}

void crowd_sets(model::Service& service) {
  for (auto& set : service.task_sets) set.percent = 100;
}

void halve_sets(model::Service& service) {
  for (auto& set : service.task_sets) set.percent /= 2;
}

void keep_sets(model::Service& service) {
  for (auto& set : service.task_sets) set.status = "ACTIVE";
}

void double_daemon(model::Service& service) {
  if (service.scheduling_strategy == "DAEMON" && service.desired_count > 0) service.desired_count = 2;
}

// Loses the end of documents of one kind.
template <class D>
std::function<bool(store::Write&)> keep() {
  return [](const store::Write& write) { return write.key.kind == D::kKind && !write.body; };
}

void start_again(model::ServiceState& state) {
  if (state.staged && state.staged->stage == "BAKE_TIME") state.staged->stage = "SCALE_UP";
}

bool is_instance(const store::Write& write) { return write.key.kind == model::DiscoveryInstance::kKind; }

void pass_hooks(model::ServiceState& state) {
  if (!state.staged) return;
  for (auto& hook : state.staged->hooks) hook.status = "SUCCEEDED";
}

void reopen(model::ServiceDeployment& record) {
  if (record.status == "STOPPED") record.status = "IN_PROGRESS";
}

void take_any(model::VirtualNode& node) { node.spec.serviceDiscovery->awsCloudMap->attributes.reset(); }

void look_elsewhere(model::VirtualNode& node) { node.spec.serviceDiscovery->awsCloudMap->serviceName = "elsewhere"; }

void part_evenly(model::Route& route) {
  for (auto& target : route.spec.httpRoute->action.weightedTargets) target.weight = 1;
}

void stay(model::Service& service) {
  auto& given = service.deployment_configuration;
  if (given) given->deploymentCircuitBreaker->rollback = false;
  if (given && given->alarms) given->alarms->rollback = false;
}

}  // namespace

std::function<void(store::Document&)> misreading_of(Mutation mutation) {
  switch (mutation) {
    case Mutation::no_minimum:
      return misread<model::Service>(lose_minimum);
    case Mutation::crowd:
      return misread<model::Service>(admit_many);
    case Mutation::greedy_stages:
      return misread<model::Service>(wish_more_in_stages);
    case Mutation::hasty_shift:
      return misread<model::ServiceState>(shift_at_once);
    case Mutation::hasty_clean_up:
      return misread<model::ServiceState>(clean_up_at_once);
    case Mutation::deaf_stages:
      return misread<model::ServiceState>(pass_hooks);
    case Mutation::reopened_records:
      return misread<model::ServiceDeployment>(reopen);
    case Mutation::patient_breaker:
      return misread<model::Service>(with_breaker(false));
    case Mutation::nervous_breaker:
      return misread<model::Service>(with_breaker(true));
    case Mutation::crowded_sets:
      return misread<model::Service>(crowd_sets);
    case Mutation::hasty_sets:
      return misread<model::Service>(halve_sets);
    case Mutation::lasting_sets:
      return misread<model::Service>(keep_sets);
    case Mutation::twin_daemons:
      return misread<model::Service>(double_daemon);
    case Mutation::crossed_nodes:
      return misread<model::VirtualNode>(take_any);
    case Mutation::lost_members:
      return misread<model::VirtualNode>(look_elsewhere);
    case Mutation::even_routes:
      return misread<model::Route>(part_evenly);
    case Mutation::no_way_back:
      return misread<model::Service>(stay);
    default:
      return nullptr;
  }
}

std::function<bool(store::Write&)> miswriting_of(Mutation mutation) {
  switch (mutation) {
    case Mutation::lost_records:
      return [](const store::Write& write) { return write.key.kind == model::ServiceDeployment::kKind; };
    case Mutation::forgotten_time:
      return [](const store::Write& write) { return write.key.kind == model::TimeLine::kKind; };
    case Mutation::kept_rows:
      return keep<Task>();
    case Mutation::kept_services:
      return [](const store::Write& write) {
        return (write.key.kind == model::Service::kKind || write.key.kind == model::ServiceState::kKind) && !write.body;
      };
    case Mutation::kept_history:
      return keep<model::ServiceDeployment>();
    case Mutation::backward_stages:
      return miswrite<model::ServiceState>(start_again);
    case Mutation::one_address:
      return miswrite<model::MeshAddress>([](auto& address) { address.number = 7; });
    case Mutation::led_nowhere:
      return miswrite<model::Listener>(lead_nowhere);
    case Mutation::silent_ends:
      return miswrite<Task>([](Task& task) { task.stopped_reason.clear(); });
    case Mutation::early_ends:
      return miswrite<Task>(end_early);
    case Mutation::leftovers:
      return miswrite<Task>(end_with_leftovers);
    case Mutation::late_departures:
      return [](const store::Write& write) { return is_instance(write) && !write.body; };
    case Mutation::early_health:
      return miswrite<model::DiscoveryInstance>([](auto& instance) { instance.health = "HEALTHY"; });
    case Mutation::silent_health:
      return miswrite<model::DiscoveryInstance>([](auto& instance) { instance.health = "UNHEALTHY"; });
    case Mutation::hasty_stops:
      return miswrite<Task>([](Task& task) {
        if (task.last_status == "DEACTIVATING") task.last_status = "STOPPING";
      });
    case Mutation::false_times:
      return miswrite<Task>([](Task& task) {
        if (task.started_at) task.started_at = Timestamp{task.created_at.millis - 1};
      });
    case Mutation::ways_back:
      return miswrite<Task>([](Task& task) {
        if (task.last_status == "ACTIVATING") task.last_status = "PROVISIONING";
      });
    default:
      return nullptr;
  }
}

}  // namespace weir::sim
