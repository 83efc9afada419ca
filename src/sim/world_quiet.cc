// World: peace, and what must be so after it.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "control/limits.h"
#include "dns/limits.h"
#include "sim/limits.h"
#include "sim/world.h"

namespace weir::sim {

namespace {

constexpr int kLooks = 20;

}  // namespace

// Nothing is wished or broken any more. What a version cannot do stays so; most bad versions are replaced.
void World::make_peace() {
  busy_ = false;
  runtime_.mischief = false;
  runtime_.recover();
  for (auto& [image, behaviour] : runtime_.images) behaviour.pullable = true;
  for (ServicePlan& service : services_) {
    if ((!service.bad && !service.misled) || service.deleted || service.external || random_.chance(30)) continue;
    if (service.misled) lead_to_one_side(service);
    const unsigned temper = temper_.bad_version;
    temper_.bad_version = 0;
    const std::string definition = new_definition(service);
    temper_.bad_version = temper;
    note_deployment(service);
    wishes_.deploy(service.name, definition);
    service.vacant = false;
  }
  wake();
  if (trace_.on()) trace_.line("peace");
}

// False where facts do not become equal to wishes in time, do not stay so, or another invariant breaks meanwhile.
bool World::come_to_rest() {
  const Instant limit = clock_.now() + kQuietLimit;
  std::optional<std::string> left = "nothing has happened yet";
  while (left && clock_.now() < limit) {
    if (!run_until(clock_.now() + milliseconds(500))) return false;
    left = difference();
  }
  if (left) {
    witness_.breach(kQuietInvariant, fmt::format("after {} s of quiet: {}", kQuietLimit.count(), *left));
    return false;
  }
  if (!take_up_newest_table()) return false;
  witness_.forget_routed();
  if (!run_until(clock_.now() + kStillTime)) return false;
  // What a version that cannot run does again and again, names follow a moment later.
  for (int looks = 0; looks < kLooks && difference(); ++looks)
    if (!run_until(clock_.now() + dns::kZoneReadWithin)) return false;
  if (const auto moved = difference())
    witness_.breach(kQuietInvariant, fmt::format("facts were equal to wishes, then no longer: {}", *moved));
  check_shares();
  return !witness_.breach();
}

// Shares are of one table: until then a worker may part requests as before.
bool World::take_up_newest_table() {
  const Instant limit = clock_.now() + kExitKnownWithin;
  const auto is_taken_up = [this] {
    const SimProcess* process = proxy_->process();
    if (!life_ || process == nullptr || !life_->control->table()) return false;
    const std::int64_t newest = life_->control->table()->version;
    return std::ranges::all_of(process->workers(), [&](const auto& worker) { return worker->version() >= newest; });
  };
  while (!is_taken_up()) {
    if (!run_until(clock_.now() + milliseconds(5))) return false;
    if (clock_.now() < limit) continue;
    witness_.breach(kQuietInvariant, "a worker does not take up the newest table");
    return false;
  }
  return true;
}

// Nobody asks for anything, until all that is kept for a while has gone.
void World::let_time_pass() {
  lonely_ = true;
  if (!run_until(clock_.now() + control::kKeepEnded + seconds(2 * kExitKnownWithin))) return;
  if (auto found = row_witness_.leak()) witness_.breach(kLeakInvariant, std::move(*found));
}

std::optional<std::string> World::difference() {
  if (!life_) return "control is dead";
  if (disk_full_) return "the disk is full";
  if (!proxy_->connected()) return "no proxy is connected";
  if (store_.revision() != stored_at_) {
    stored_at_ = store_.revision();
    stored_tasks_ = wishes_.tasks();
    stored_services_ = wishes_.services();
  }
  for (const auto& service : stored_services_)
    if (auto found = difference_of(service, stored_tasks_)) return found;
  for (const auto& task : stored_tasks_)
    if (auto found = difference_of_lone(task)) return found;
  if (auto found = difference_of_meshes()) return found;
  if (auto found = name_witness_.difference()) return found;
  return leak(stored_tasks_);
}

// A task of no service runs, or has ended for good.
std::optional<std::string> World::difference_of_lone(const model::Task& task) {
  if (!task.service.empty() || task.last_status == "STOPPED") return std::nullopt;
  if (task.last_status != "RUNNING" || task.desired_status != "RUNNING")
    return fmt::format("task {} of no service is {}", task.id.substr(0, 8), task.last_status);
  const SimTask* real = runtime_.find_task(task.id);
  if (real != nullptr && real->behaviour.ends_with)
    return fmt::format("task {} of no service has work to do", task.id.substr(0, 8));
  if (real != nullptr && !real->exited && !real->stops()) return std::nullopt;
  return fmt::format("task {} of no service does not really run", task.id.substr(0, 8));
}

std::optional<std::string> World::difference_of(const model::Service& service, const std::vector<model::Task>& tasks) {
  const auto plan = std::ranges::find(services_, service.name, &ServicePlan::name);
  const auto own = [&](const model::Task& task) {
    return task.service == service.name && task.last_status != "STOPPED";
  };
  const auto count = std::ranges::count_if(tasks, own);
  if (plan->external) return difference_of_external(*plan, service, tasks);
  if (plan->deleted) {
    if (service.status != "INACTIVE") return fmt::format("{} is deleted, but {}", service.name, service.status);
    if (count != 0) return fmt::format("{} is deleted, but has {} tasks", service.name, count);
    return std::nullopt;
  }
  const auto state = wishes_.service_state(service.name);
  if (!state || state->deployments.empty()) return fmt::format("{} has no state", service.name);
  const model::Deployment& primary = state->deployments.front();
  if (auto found = difference_of_record(service, primary)) return found;
  // It starts nothing more: that is a state to stay in, where nobody wished that it goes back or it cannot.
  if (primary.rollout_state == "FAILED") return difference_of_failed(*plan, *state);
  if (bad_.contains(service.task_definition)) {
    if (primary.rollout_state == "COMPLETED" && !plan->vacant && !service.load_balancers.empty())
      return fmt::format("{} is a bad version, but its deployment is COMPLETED", service.name);
    if (primary.rollout_state == "IN_PROGRESS" && plan->breaker && service.desired_count > 0)
      return fmt::format("{} is a bad version, and its breaker has not tripped", service.name);
    return std::nullopt;
  }
  if (count != service.desired_count)
    return fmt::format("{} has {} tasks and wants {}", service.name, count, service.desired_count);
  for (const model::Task& task : tasks) {
    if (!own(task)) continue;
    if (task.task_definition != service.task_definition || task.deployment != service.deployment_id)
      return fmt::format("task {} of {} is of an older deployment", task.id.substr(0, 8), service.name);
    const bool serves = !service.load_balancers.empty() || mesh_witness_.is_member(service.name);
    if (auto found = difference_of_task(task, serves)) return found;
  }
  if (primary.id != service.deployment_id || state->deployments.size() != 1)
    return fmt::format("{} has {} deployments, {} first", service.name, state->deployments.size(), primary.id);
  if (state->staged) return fmt::format("{} is still at {}", service.name, state->staged->stage);
  if (primary.rollout_state != "COMPLETED")
    return fmt::format("the deployment of {} is {}", service.name, primary.rollout_state);
  if (state->running_count != service.desired_count || state->pending_count != 0 || !state->steady)
    return fmt::format("{} says running {}, pending {}, steady {}", service.name, state->running_count,
                       state->pending_count, state->steady);
  return std::nullopt;
}

std::optional<std::string> World::difference_of_failed(const ServicePlan& plan, const model::ServiceState& state) {
  const model::Deployment& failed = state.deployments.front();
  const auto says = [&](const char* begin) { return failed.rollout_state_reason.starts_with(begin); };
  if (says("ECS deployment circuit breaker:") && !plan.breaker)
    return fmt::format("the deployment of {} FAILED without a breaker", plan.name);
  if (says("ECS deployment failed:") && !plan.alarmed)
    return fmt::format("the deployment of {} FAILED without an alarm", plan.name);
  const bool by_stages = says("Service deployment rolled back");
  if (by_stages && !plan.misled && !plan.hooked)
    return fmt::format("the deployment of {} FAILED: {}", plan.name, failed.rollout_state_reason);
  if (says("ECS deployment stopped:")) {
    if (!plan.stopped) return fmt::format("the deployment of {} was stopped by nobody", plan.name);
    return std::nullopt;
  }
  if ((by_stages || plan.rolls_back) && !state.completed_deployment.empty() && state.completed_deployment != failed.id)
    return fmt::format("{} does not go back to {}", plan.name, state.completed_deployment);
  return std::nullopt;
}

// Each deployment comes to the end that its record says.
std::optional<std::string> World::difference_of_record(const model::Service& service,
                                                       const model::Deployment& primary) {
  const auto record = wishes_.record(service);
  if (!record) return fmt::format("the deployment of {} has no record", service.name);
  if (primary.id != service.deployment_id) return fmt::format("the deployment of {} has not begun", service.name);
  if (primary.rollout_state == "IN_PROGRESS") {
    if (has_ended(*record)) return fmt::format("the deployment of {} goes on as {}", service.name, record->status);
    return std::nullopt;
  }
  const bool back = service.revision_id != record->target_revision;
  const bool done = primary.rollout_state == "COMPLETED";
  const char* const wished = back   ? (done ? "ROLLBACK_SUCCESSFUL" : "ROLLBACK_FAILED")
                             : done ? "SUCCESSFUL"
                                    : "STOPPED";
  if (record->status == wished) return std::nullopt;
  return fmt::format("the record of {} is {}, not {}", service.name, record->status, wished);
}

std::optional<std::string> World::leak(const std::vector<model::Task>& tasks) {
  for (const auto& [id, task] : runtime_.tasks()) {
    const auto known = std::ranges::find(tasks, id, &model::Task::id);
    if (!task.exited && (known == tasks.end() || known->last_status == "STOPPED"))
      return fmt::format("task {} runs, but not in the store", id.substr(0, 8));
    if (task.released && !task.forgotten) return fmt::format("the ended task {} is not forgotten", id.substr(0, 8));
  }
  for (const model::Task& task : tasks) {
    if (task.last_status == "STOPPED") continue;
    const SimTask* real = runtime_.find_task(task.id);
    const bool is_being_released = task.last_status == "DEPROVISIONING" && real != nullptr && !real->released;
    if ((real == nullptr || real->exited) && !is_being_released)
      return fmt::format("task {} is {} in the store, but does not run", task.id.substr(0, 8), task.last_status);
  }
  return std::nullopt;
}

// Weights are exact: of any run of requests at one worker each pool has its share, give or take two.
void World::check_shares() {
  for (const auto& [place, pools] : witness_.routed()) {
    const auto plan = std::ranges::find(listeners_, static_cast<std::int32_t>(place.first), &ListenerPlan::port);
    double weights = 0;
    double requests = 0;
    const std::vector<Weight> parted = plan->staged ? wishes_.weights(plan->arn) : plan->weights;
    for (const Weight& weight : parted) weights += weight.weight;
    for (const auto& [pool, count] : pools) requests += static_cast<double>(count);
    for (const Weight& weight : parted) {
      const auto found = pools.find(weight.group);
      const double got = found == pools.end() ? 0 : static_cast<double>(found->second);
      const double wished = requests * weight.weight / weights;
      if (std::abs(got - wished) > 2)
        witness_.breach(kRequestInvariant, fmt::format("port {}: a pool of weight {} got {} of {} requests, not {:.1f}",
                                                       place.first, weight.weight, got, requests, wished));
    }
  }
}

}  // namespace weir::sim
