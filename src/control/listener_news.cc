#include "control/listener_news.h"

#include <algorithm>
#include <optional>
#include <set>

#include "control/service_events.h"

namespace weir::control {

namespace {

namespace elbv2 = model::elbv2;

using Groups = std::set<std::string>;

void add_forwards(const std::optional<std::vector<elbv2::Action>>& actions, Groups& groups) {
  for (const auto& action : actions.value_or(std::vector<elbv2::Action>())) {
    if (action.TargetGroupArn) groups.insert(*action.TargetGroupArn);
    if (!action.ForwardConfig || !action.ForwardConfig->TargetGroups) continue;
    for (const auto& tuple : *action.ForwardConfig->TargetGroups) groups.insert(tuple.TargetGroupArn.value_or(""));
  }
}

// The target groups that requests reach through the listener.
Groups groups_behind(const model::Listener& listener, const Mirror& mirror) {
  Groups groups;
  add_forwards(listener.listener.DefaultActions, groups);
  for (const auto& [key, rule] : mirror.rules()) {
    if (rule.document.listener == listener.listener.ListenerArn) add_forwards(rule.document.rule.Actions, groups);
  }
  return groups;
}

}  // namespace

void ListenerNews::note(const model::Listener& listener, const model::ListenerState* before,
                        const model::ListenerState& after) {
  const bool failed = before && !before->error.empty();
  if (after.error == (before ? before->error : "")) return;
  if (after.error.empty() && (!failed || !after.listening)) return;
  const Groups groups = groups_behind(listener, mirror_);
  const int port = listener.listener.Port.value_or(0);
  for (const auto& [key, service] : mirror_.services()) {
    const auto& balancers = service.document.load_balancers;
    const auto state = mirror_.states().find(key);
    const bool behind = std::ranges::any_of(
        balancers, [&](const auto& one) { return groups.contains(one.targetGroupArn.value_or("")); });
    if (!behind || state == mirror_.states().end()) continue;
    const ServiceEvents events(service.document.name);
    add_event(told_.try_emplace(key, state->second).first->second.document,
              after.error.empty() ? events.listener_works(port) : events.listener_fails(port, after.error), now_,
              random_);
  }
}

void ListenerNews::write(std::vector<store::Write>& writes) const {
  for (const auto& [key, state] : told_) writes.push_back(store::put(state));
}

}  // namespace weir::control
