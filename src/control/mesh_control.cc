#include "control/mesh_control.h"

#include <algorithm>

#include "base/ascii.h"
#include "control/limits.h"
#include "control/mesh_member.h"

namespace weir::control {

MeshControl::News MeshControl::take_news() {
  News news;
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
  if (!documents().active()) return;
  MeshCallers callers;
  for (const auto& [key, each] : mirror_.tasks()) {
    const model::Task& task = each.document;
    if (task.address.empty() || task.last_status == "STOPPED") continue;
    const std::string& member = member_of(task);
    if (member.empty()) continue;
    sources.members.insert(task.id);
    // On the host's network everybody has the same address: nobody is known by it.
    if (!task.address.starts_with("127.")) callers[task.scope.prefix() + member].push_back(task.address);
  }
  std::set<std::string> balancers;
  for (const auto* balancer : sources.balancers) {
    balancers.insert(lower_case(balancer->balancer.DNSName.value_or("")));
  }
  sources.mesh = compile_mesh(documents(), claims_, callers, balancers, plan_);
}

Result<> MeshControl::lead_to_gateways(const model::Task& task, runtime::TaskSpec& spec) const {
  return control::lead_to_gateways(documents(), plan_, task.scope, spec);
}

// A task definition never changes: what it says is read once.
const std::string& MeshControl::member_of(const model::Task& task) {
  static const std::string kNone;
  const auto known = members_.find(task.task_definition);
  if (known != members_.end()) return known->second;
  const auto definition = definitions_.find(task.scope, task.task_definition);
  if (!definition || !*definition) return kNone;
  if (members_.size() >= kMostDefinitions) members_.clear();
  return members_[task.task_definition] = mesh_member((*definition)->definition);
}

}  // namespace weir::control
