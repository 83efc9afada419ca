#include "control/mesh_control.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <tuple>

#include "base/ascii.h"
#include "control/limits.h"
#include "control/mesh_member.h"

namespace weir::control {

MeshControl::News MeshControl::take_news() {
  News news;
  look_at_files();
  for (const auto& key : mirror_.mesh().take_tasks()) {
    const auto task = mirror_.tasks().find(key);
    if (task != mirror_.tasks().end()) news.groups.insert(group_of(task->second.document));
  }
  if (mirror_.mesh().take_changed() && (documents().active() || was_active_)) look_again(news);
  was_active_ = documents().active();
  return news;
}

// Rare: a node, a route, a service or a namespace has changed.
void MeshControl::look_again(News& news) {
  claims_ = MeshClaims(documents());
  services_ = numbers_by_name(documents());
  mirror_.note_routes();
  for (const auto& [key, task] : mirror_.tasks()) {
    const auto& targets = task.document.targets;
    const auto is_ours = [](const model::TaskTarget& target) { return is_mesh_pool(target.target_group); };
    if (!task.document.registries.empty() || std::ranges::any_of(targets, is_ours)) {
      news.groups.insert(group_of(task.document));
    }
  }
  const MeshNumbers numbers = number_services(documents());
  for (const auto& each : numbers.given) news.writes.push_back(store::put(each, store::Expect::kAny));
  for (const auto& each : numbers.free) {
    news.writes.push_back({{model::MeshAddress::kKind, each.key()}, std::nullopt, store::Expect::kAny});
  }
  if (!numbers.without.empty() && !told_full_) {
    log_.error("control: no address is left for " + numbers.without.front() + " and others");
  }
  told_full_ = !numbers.without.empty();
}

std::vector<MeshWish> MeshControl::wishes_of(const model::Task& task) const {
  if (!was_active_ || task.registries.empty()) return {};
  return mesh_wishes(documents(), claims_, task);
}

void MeshControl::add_to(TableSources& sources) {
  if (!documents().active()) return handshakes_.forget_unused();
  MeshCallers callers;
  MeshTls tls;
  tls.judge = &handshakes_;
  for (const auto* each : sources.certificates) tls.certificates[each->arn] = certificates_ + "/" + each->file;
  std::map<std::string, Timestamp> newest;
  std::vector<route::TrafficLog> logs;
  GatewayTasks gateway_tasks;
  for (const auto& [key, each] : mirror_.tasks()) {
    const model::Task& task = each.document;
    if (task.address.empty() || task.last_status == "STOPPED") continue;
    const Member& member = member_of(task);
    if (member.node.empty()) continue;
    const std::string name = task.scope.prefix() + member.node;
    if (Timestamp& last = newest[name]; last <= task.created_at) {
      last = task.created_at;
      tls.places[name] = member.folders;
    }
    if (name_in_mesh(member.node, "virtualGateway")) {  // its traffic comes to the gateway's own address
      gateway_tasks[name].push_back({&task, member.folders});
      continue;
    }
    sources.members.insert(task.id);
    if (const auto* node = node_of(task, member.node)) {
      auto log = mesh_log(*node, task, member.folders, sidecar_pipe(access_logs_, task.id));
      if (log) logs.push_back(std::move(*log));
    }
    // On the host's network everybody has the same address: nobody is known by it.
    if (!task.address.starts_with("127.")) callers[name].push_back(task.address);
  }
  for (const auto& [key, gateway] : documents().gateways) {
    if (auto source = gateway_source(documents(), *gateway, plan_)) callers[caller_name(*gateway)] = {*source};
  }
  std::set<std::string> balancers;
  for (const auto* balancer : sources.balancers) {
    balancers.insert(lower_case(balancer->balancer.DNSName.value_or("")));
  }
  sources.mesh = compile_mesh(documents(), claims_, callers, balancers, plan_, tls);
  sources.mesh.traffic_logs = std::move(logs);
  add_gateway_logs(std::move(gateway_tasks), sources.mesh);
  handshakes_.forget_unused();
  tell_refusals(sources.mesh);
}

void MeshControl::add_gateway_logs(GatewayTasks tasks, CompiledMesh& mesh) const {
  for (const auto& [key, gateway] : documents().gateways) {
    if (!gateway->spec.logging) continue;
    auto& own = tasks[caller_name(*gateway)];
    std::ranges::sort(own, {}, [](const GatewayTask& each) { return std::tie(each.task->created_at, each.task->id); });
    std::vector<std::string> listeners;
    for (const auto* each : {&mesh.listeners, &mesh.at_host}) {
      for (const auto& listener : *each) {
        if (listener.id.starts_with(gateway->about.metadata.arn + ":")) listeners.push_back(listener.id);
      }
    }
    auto logs = gateway_logs(*gateway, own, listeners, access_logs_);
    if (logs.empty() || listeners.empty()) continue;
    std::error_code ignored;  // the proxy says that it cannot write there
    std::filesystem::create_directories(gateway_log_folder(access_logs_), ignored);
    std::ranges::move(logs, std::back_inserter(mesh.traffic_logs));
  }
}

// Of "mesh/M/virtualNode/N"; null: there is none.
const model::VirtualNode* MeshControl::node_of(const model::Task& task, const std::string& member) const {
  const auto named = name_in_mesh(member, "virtualNode");
  if (!named) return nullptr;
  const auto found = documents().nodes.find(model::within_mesh(task.scope, named->mesh) + named->name);
  return found == documents().nodes.end() ? nullptr : found->second.get();
}

std::optional<Instant> MeshControl::next_look() const {
  return handshakes_.empty() ? std::nullopt : std::optional(next_look_);
}

void MeshControl::look_at_files() {
  const Instant now = clock_.now();
  if (handshakes_.empty() || now < next_look_) return;
  next_look_ = now + kMeshFileLook;
  if (handshakes_.look_again()) mirror_.note_routes();
}

// Each is told once, and once more where it has another reason.
void MeshControl::tell_refusals(const CompiledMesh& mesh) {
  std::map<std::string, std::string> refusals;
  for (const auto& pool : mesh.pools) {
    if (!pool.refusal.empty()) refusals[pool.id] = pool.refusal;
  }
  if (refusals == refusals_) return;
  for (const auto& [pool, reason] : refusals) {
    const auto before = refusals_.find(pool);
    if (before == refusals_.end() || before->second != reason) log_.warning("mesh: " + pool + ": " + reason);
  }
  for (const auto& [pool, reason] : refusals_) {
    if (!refusals.contains(pool)) log_.info("mesh: " + pool + " is refused no more");
  }
  refusals_ = std::move(refusals);
}

Result<> MeshControl::lead_to_gateways(const model::Task& task, runtime::TaskSpec& spec) const {
  return control::lead_to_gateways(documents(), plan_, task.scope, spec);
}

// A task definition never changes: what it says is read once.
const MeshControl::Member& MeshControl::member_of(const model::Task& task) {
  static const Member kNone;
  const auto known = members_.find(task.task_definition);
  if (known != members_.end()) return known->second;
  const auto definition = definitions_.find(task.scope, task.task_definition);
  if (!definition || !*definition) return kNone;
  if (members_.size() >= kMostDefinitions) members_.clear();
  const auto& found = (*definition)->definition;
  return members_[task.task_definition] = {mesh_member(found), proxy_folders(found)};
}

}  // namespace weir::control
