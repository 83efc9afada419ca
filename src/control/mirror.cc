#include "control/mirror.h"

#include <algorithm>
#include <utility>

namespace weir::control {

namespace {

std::string service_key(const model::Task& task) { return task.scope.prefix() + task.cluster + "/" + task.service; }

// Whether the table is the same with either.
bool same_targets(const model::Task* a, const model::Task* b) {
  const auto same = [](const model::TaskTarget& x, const model::TaskTarget& y) {
    return x.state == y.state && x.port == y.port && x.address == y.address && x.target_group == y.target_group;
  };
  const bool none_a = !a || a->targets.empty(), none_b = !b || b->targets.empty();
  if (none_a || none_b) return none_a && none_b;
  return std::equal(a->targets.begin(), a->targets.end(), b->targets.begin(), b->targets.end(), same);
}

}  // namespace

Group group_of(const model::Task& task) {
  return task.service.empty() ? Group{false, task.key()} : Group{true, service_key(task)};
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
  TRY(load_kind(listeners_));
  TRY(load_kind(rules_));
  TRY(load_kind(listener_states_));
  return {};
}

Result<> Mirror::apply(const store::Key& key) {
  if (key.kind == model::Service::kKind) return refresh(services_, key.name);
  if (key.kind == model::ServiceState::kKind) return refresh(states_, key.name);
  if (key.kind == model::Task::kKind) return refresh(tasks_, key.name);
  if (key.kind == model::LoadBalancer::kKind) return refresh(balancers_, key.name);
  if (key.kind == model::TargetGroup::kKind) return refresh(groups_, key.name);
  if (key.kind == model::Listener::kKind) return refresh(listeners_, key.name);
  if (key.kind == model::Rule::kKind) return refresh(rules_, key.name);
  if (key.kind == model::ListenerState::kKind) return refresh(listener_states_, key.name);
  return {};
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
  dirty_.insert({true, (after ? after : before)->key()});
}

void Mirror::changed(const model::ServiceState* before, const model::ServiceState* after) {
  dirty_.insert({true, (after ? after : before)->key()});
}

void Mirror::changed(const model::Task* before, const model::Task* after) {
  const model::Task& task = after ? *after : *before;
  const std::string key = task.key();
  const Group group = group_of(task);
  dirty_.insert(group);
  if (!same_targets(before, after)) routes_dirty_ = true;
  if (before && after) return;
  if (after) {
    task_keys_[task.id] = key;
    if (group.is_service) tasks_of_[group.key].insert(key);
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
}

void Mirror::changed(const model::Listener*, const model::Listener*) {
  routes_dirty_ = true;
  listeners_dirty_ = true;
}

void Mirror::changed(const model::Rule*, const model::Rule*) { routes_dirty_ = true; }

void Mirror::changed(const model::ListenerState*, const model::ListenerState*) { listeners_dirty_ = true; }

const std::set<std::string>& Mirror::tasks_of(const std::string& key) const {
  static const std::set<std::string> kNone;
  const auto found = tasks_of_.find(key);
  return found == tasks_of_.end() ? kNone : found->second;
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
