#include "control/mirror.h"

#include <algorithm>
#include <utility>

namespace weir::control {

namespace {

std::string service_key(const model::Task& task) { return task.scope.prefix() + task.cluster + "/" + task.service; }

// Whether the table is the same with either.
bool same_target(const model::TaskTarget& a, const model::TaskTarget& b) {
  return a.state == b.state && a.port == b.port && a.address == b.address && a.target_group == b.target_group;
}

bool same_targets(const model::Task* a, const model::Task* b) {
  const bool none_a = !a || a->targets.empty(), none_b = !b || b->targets.empty();
  if (none_a || none_b) return none_a && none_b;
  return std::equal(a->targets.begin(), a->targets.end(), b->targets.begin(), b->targets.end(), same_target);
}

// By which a mesh knows the task.
std::string caller_address(const model::Task* task) {
  return task && task->last_status != "STOPPED" ? task->address : std::string();
}

const std::set<std::string>& keys_at(const std::map<std::string, std::set<std::string>>& index,
                                     const std::string& name) {
  static const std::set<std::string> kNone;
  const auto found = index.find(name);
  return found == index.end() ? kNone : found->second;
}

}  // namespace

Group group_of(const model::Task& task) {
  return task.service.empty() ? Group{Group::Kind::task, task.key()} : Group{Group::Kind::service, service_key(task)};
}

Result<> Mirror::follow() {
  const std::int64_t target = store_.revision();
  if (target == revision_) return {};
  if (revision_ < 0) {
    TRY(load_everything());
  } else {
    for (const auto& change : TRY(store_.changes(revision_))) TRY(apply(change.key));
  }
  revision_ = target;
  return {};
}

Result<> Mirror::load_everything() {
  TRY(load_kind(services_));
  TRY(load_kind(states_));
  TRY(load_kind(tasks_));
  TRY(load_kind(balancers_));
  TRY(load_kind(groups_));
  TRY(load_kind(targets_));
  TRY(load_kind(target_states_));
  TRY(load_kind(listeners_));
  TRY(load_kind(rules_));
  TRY(load_kind(certificates_));
  TRY(load_kind(trust_stores_));
  TRY(load_kind(listener_states_));
  TRY(load_kind(alarms_));
  TRY(load_kind(alarm_states_));
  return mesh_.load();
}

Result<> Mirror::apply(const store::Key& key) {
  if (key.kind == model::Service::kKind) return refresh(services_, key.name);
  if (key.kind == model::ServiceState::kKind) return refresh(states_, key.name);
  if (key.kind == model::Task::kKind) return refresh(tasks_, key.name);
  if (key.kind == model::LoadBalancer::kKind) return refresh(balancers_, key.name);
  if (key.kind == model::TargetGroup::kKind) return refresh(groups_, key.name);
  if (key.kind == model::Target::kKind) return refresh(targets_, key.name);
  if (key.kind == model::TargetState::kKind) return refresh(target_states_, key.name);
  if (key.kind == model::Listener::kKind) return refresh(listeners_, key.name);
  if (key.kind == model::Rule::kKind) return refresh(rules_, key.name);
  if (key.kind == model::Certificate::kKind) return refresh(certificates_, key.name);
  if (key.kind == model::TrustStore::kKind) return refresh(trust_stores_, key.name);
  if (key.kind == model::ListenerState::kKind) return refresh(listener_states_, key.name);
  if (key.kind == model::MetricAlarm::kKind) return refresh(alarms_, key.name);
  if (key.kind == model::AlarmState::kKind) return refresh(alarm_states_, key.name);
  return mesh_.apply(key);
}

template <class D>
Result<> Mirror::load_kind(Documents<D>& into) {
  for (const auto& raw : TRY(store_.list(D::kKind, ""))) TRY(take(into, raw));
  return {};
}

template <class D>
Result<> Mirror::refresh(Documents<D>& into, const std::string& name) {
  const auto raw = TRY(store_.get({D::kKind, name}));
  if (raw) return take(into, *raw);
  const auto found = into.find(name);
  if (found == into.end()) return {};
  const auto before = std::move(found->second);
  into.erase(found);
  changed(&before.document, static_cast<const D*>(nullptr));
  return {};
}

template <class D>
Result<> Mirror::take(Documents<D>& into, const store::Document& raw) {
  auto decoded = store::decode<D>(raw);
  if (!decoded) {
    // Left alone: it is not for control to mend or to drop what it does not understand.
    log_.error("control: " + raw.key.kind + " " + raw.key.name + " cannot be read: " + decoded.error().message);
    return {};
  }
  const auto found = into.find(raw.key.name);
  if (found == into.end()) {
    const auto placed = into.emplace(raw.key.name, std::move(*decoded)).first;
    changed(static_cast<const D*>(nullptr), &placed->second.document);
  } else if (found->second.revision != decoded->revision) {
    const auto before = std::exchange(found->second, std::move(*decoded));
    changed(&before.document, &found->second.document);
  }
  return {};
}

void Mirror::changed(const model::Service* before, const model::Service* after) {
  dirty_.insert({Group::Kind::service, (after ? after : before)->key()});
}

void Mirror::changed(const model::ServiceState* before, const model::ServiceState* after) {
  dirty_.insert({Group::Kind::service, (after ? after : before)->key()});
}

void Mirror::changed(const model::Task* before, const model::Task* after) {
  const model::Task& task = after ? *after : *before;
  const std::string key = task.key();
  const Group group = group_of(task);
  dirty_.insert(group);
  if (!same_targets(before, after)) routes_dirty_ = true;
  if (mesh_.documents().active() && caller_address(before) != caller_address(after)) routes_dirty_ = true;
  if (before && after) return;
  if (after) {
    task_keys_[task.id] = key;
    if (group.kind == Group::Kind::service) tasks_of_[group.key].insert(key);
    return;
  }
  task_keys_.erase(task.id);
  const auto siblings = tasks_of_.find(group.key);
  if (siblings == tasks_of_.end()) return;
  siblings->second.erase(key);
  if (siblings->second.empty()) tasks_of_.erase(siblings);
}

void Mirror::changed(const model::LoadBalancer*, const model::LoadBalancer*) { routes_dirty_ = true; }

void Mirror::changed(const model::TargetGroup* before, const model::TargetGroup* after) {
  routes_dirty_ = true;
  const std::string arn = (after ? after : before)->group.TargetGroupArn.value_or("");
  if (before) group_keys_.erase(before->group.TargetGroupArn.value_or(""));
  if (after) group_keys_[arn] = after->key();
  // Rare, and there is no other way to find them that costs nothing when it does not happen.
  for (const auto& [key, task] : tasks_) {
    const auto& targets = task.document.targets;
    if (std::any_of(targets.begin(), targets.end(), [&](const auto& each) { return each.target_group == arn; })) {
      dirty_.insert(group_of(task.document));
    }
  }
  if (targets_of_.contains(arn)) dirty_.insert({Group::Kind::targets, arn});
}

void Mirror::changed(const model::Target* before, const model::Target* after) {
  const model::Target& target = after ? *after : *before;
  index_target(target.target_group, target.key());
}

void Mirror::changed(const model::TargetState* before, const model::TargetState* after) {
  const model::TargetState& state = after ? *after : *before;
  if (!before || !after || !same_target(before->target, after->target)) routes_dirty_ = true;
  index_target(state.target.target_group, state.key());
}

void Mirror::index_target(const std::string& target_group, const std::string& key) {
  dirty_.insert({Group::Kind::targets, target_group});
  auto& keys = targets_of_[target_group];
  if (targets_.contains(key) || target_states_.contains(key)) {
    keys.insert(key);
  } else {
    keys.erase(key);
  }
  if (keys.empty()) targets_of_.erase(target_group);
}

void Mirror::changed(const model::Listener*, const model::Listener*) {
  routes_dirty_ = true;
  listeners_dirty_ = true;
}

void Mirror::changed(const model::Rule*, const model::Rule*) { routes_dirty_ = true; }

void Mirror::changed(const model::Certificate*, const model::Certificate*) { routes_dirty_ = true; }

void Mirror::changed(const model::TrustStore*, const model::TrustStore*) { routes_dirty_ = true; }

void Mirror::changed(const model::ListenerState*, const model::ListenerState*) { listeners_dirty_ = true; }

void Mirror::changed(const model::MetricAlarm*, const model::MetricAlarm*) {}

// Services that watch the alarm look again. Rare, as is the change of a target group.
void Mirror::changed(const model::AlarmState* before, const model::AlarmState* after) {
  const model::AlarmState& state = after ? *after : *before;
  if (before && after && before->value == after->value) return;
  for (const auto& [key, service] : services_) {
    const auto& given = service.document.deployment_configuration;
    if (!given || !given->alarms || service.document.scope != state.scope) continue;
    const auto& names = given->alarms->alarmNames;
    if (std::find(names.begin(), names.end(), state.name) != names.end()) {
      dirty_.insert({Group::Kind::service, key});
    }
  }
}

const std::set<std::string>& Mirror::tasks_of(const std::string& key) const { return keys_at(tasks_of_, key); }
const std::set<std::string>& Mirror::targets_of(const std::string& target_group) const {
  return keys_at(targets_of_, target_group);
}

const model::TargetGroup* Mirror::target_group(const std::string& arn) const {
  const auto found = group_keys_.find(arn);
  return found == group_keys_.end() ? nullptr : &groups_.at(found->second).document;
}

const store::Versioned<model::Task>* Mirror::task_by_id(std::string_view id) const {
  const auto found = task_keys_.find(id);
  return found == task_keys_.end() ? nullptr : &tasks_.at(found->second);
}

}  // namespace weir::control
