// The operations that register targets by hand.
#include <fmt/format.h>

#include <map>
#include <set>

#include "api/arn.h"
#include "api/elbv2/actions.h"
#include "api/elbv2/associations.h"
#include "api/elbv2/errors.h"
#include "api/elbv2/refusals.h"
#include "api/elbv2/target_places.h"
#include "api/limits.h"
#include "api/writing.h"

namespace weir::api::elbv2 {

namespace {

using Targets = std::map<std::string, store::Versioned<model::Target>>;  // by key

Result<Targets> targets_of(Context& context, const std::string& group) {
  Targets all;
  const std::string prefix = model::targets_of_group(scope_of(context), group);
  for (auto& one : TRY(store::load_all<model::Target>(context.store, prefix))) {
    std::string key = one.document.key();
    all.emplace(std::move(key), std::move(one));
  }
  return all;
}

// The wishes that `given` stands for, each place once. Errors: InvalidTarget.
Result<std::map<std::string, model::Target>> wished(Context& context, const model::TargetGroup& group,
                                                    const std::vector<shapes::TargetDescription>& given) {
  if (given.empty()) return validation_error("At least one target must be specified");
  std::map<std::string, model::Target> wishes;
  for (const auto& one : given) {
    const Place place = TRY(place_of(one, group.group));
    model::Target target{.scope = scope_of(context),
                         .target_group = *group.group.TargetGroupArn,
                         .address = place.address,
                         .port = place.port,
                         .zone = one.AvailabilityZone.value_or("")};
    wishes.emplace(target.key(), target);
  }
  return wishes;
}

Result<shapes::RegisterTargetsOutput> try_register(Context& context, const shapes::RegisterTargetsInput& input) {
  TRY(refuse(input, refused_of_register_targets(), kUnsupported));
  const auto group = TRY(find_target_group(context, input.TargetGroupArn));
  if (!group) return target_group_not_found();
  const auto wishes = TRY(wished(context, group->document, input.Targets));
  const Targets there = TRY(targets_of(context, input.TargetGroupArn));
  std::vector<store::Write> writes;
  for (const auto& [key, wish] : wishes) {
    if (!there.contains(key)) writes.push_back(store::put(wish, store::Expect::kAbsent));
  }
  if (there.size() + writes.size() > kMaxTargets) {
    return client_error("TooManyTargets", fmt::format("A target group can have at most {} targets", kMaxTargets));
  }
  if (writes.empty()) return shapes::RegisterTargetsOutput{};
  // The group is written too, so that no target is left behind where it is deleted at once.
  writes.push_back(store::put(*group));
  TRY(commit(context, writes));
  return shapes::RegisterTargetsOutput{};
}

// Error: InvalidTarget where a task of a service is at the place: it would register again what its service wishes.
Result<> check_no_task(Context& context, const std::string& group, const model::Target& wish) {
  for (const auto& task : TRY(store::peek_all<model::Task>(context.store, scope_of(context).prefix()))) {
    for (const auto& target : task->targets) {
      if (target.target_group != group || target.address != wish.address || target.port != wish.port) continue;
      if (target.state == "gone") continue;
      return client_error("InvalidTarget",
                          fmt::format("The target '{}:{}' belongs to the task '{}', whose service registers and "
                                      "deregisters it",
                                      wish.address, wish.port, task->id));
    }
  }
  return {};
}

Result<shapes::DeregisterTargetsOutput> try_deregister(Context& context, const shapes::DeregisterTargetsInput& input) {
  TRY(refuse(input, refused_of_deregister_targets(), kUnsupported));
  const auto group = TRY(find_target_group(context, input.TargetGroupArn));
  if (!group) return target_group_not_found();
  const auto wishes = TRY(wished(context, group->document, input.Targets));
  const Targets there = TRY(targets_of(context, input.TargetGroupArn));
  std::vector<store::Write> writes;
  for (const auto& [key, wish] : wishes) {
    // AWS takes it calmly where there is no such target.
    if (const auto found = there.find(key); found != there.end()) {
      writes.push_back(store::erase(found->second));
    } else {
      TRY(check_no_task(context, input.TargetGroupArn, wish));
    }
  }
  TRY(commit(context, writes));
  return shapes::DeregisterTargetsOutput{};
}

}  // namespace

Result<shapes::RegisterTargetsOutput> register_targets(Context& context, const shapes::RegisterTargetsInput& input) {
  return writing(kServerError, [&] { return try_register(context, input); });
}

Result<shapes::DeregisterTargetsOutput> deregister_targets(Context& context,
                                                           const shapes::DeregisterTargetsInput& input) {
  return writing(kServerError, [&] { return try_deregister(context, input); });
}

}  // namespace weir::api::elbv2
