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

// What a request is about: its group, what it wishes, and what there is.
struct Asked {
  store::Versioned<model::TargetGroup> group;
  std::map<std::string, model::Target> wishes;
  Targets there;
};

// Errors: TargetGroupNotFound, InvalidTarget.
Result<Asked> asked(Context& context, const std::string& arn, const std::vector<shapes::TargetDescription>& given) {
  auto group = TRY(find_target_group(context, arn));
  if (!group) return target_group_not_found();
  auto wishes = TRY(wished(context, group->document, given));
  return Asked{std::move(*group), std::move(wishes), TRY(targets_of(context, arn))};
}

Result<shapes::RegisterTargetsOutput> try_register(Context& context, const shapes::RegisterTargetsInput& input) {
  TRY(refuse(input, refused_of_register_targets(), kUnsupported));
  const auto [group, wishes, there] = TRY(asked(context, input.TargetGroupArn, input.Targets));
  std::vector<store::Write> writes;
  for (const auto& [key, wish] : wishes) {
    if (!there.contains(key)) writes.push_back(store::put(wish, store::Expect::kAbsent));
  }
  if (there.size() + writes.size() > kMaxTargets) {
    return client_error("TooManyTargets", fmt::format("A target group can have at most {} targets", kMaxTargets));
  }
  if (writes.empty()) return shapes::RegisterTargetsOutput{};
  // The group is written too, so that no target is left behind where it is deleted at once.
  writes.push_back(store::put(group));
  TRY(commit(context, writes));
  return shapes::RegisterTargetsOutput{};
}

// Error: InvalidTarget where a task of a service is at one of the places: it would register again what its service
// wishes.
Result<> check_no_tasks(Context& context, const std::string& group, const std::vector<const model::Target*>& wishes) {
  if (wishes.empty()) return {};
  std::map<std::pair<std::string_view, std::int32_t>, std::string_view> task_at;
  const auto tasks = TRY(store::peek_all<model::Task>(context.store, scope_of(context).prefix()));
  for (const auto& task : tasks) {
    for (const auto& target : task->targets) {
      if (target.target_group != group || target.state == "gone") continue;
      task_at.try_emplace({target.address, target.port}, task->id);
    }
  }
  for (const model::Target* wish : wishes) {
    const auto found = task_at.find({wish->address, wish->port});
    if (found == task_at.end()) continue;
    return client_error("InvalidTarget",
                        fmt::format("The target '{}:{}' belongs to the task '{}', whose service registers and "
                                    "deregisters it",
                                    wish->address, wish->port, found->second));
  }
  return {};
}

Result<shapes::DeregisterTargetsOutput> try_deregister(Context& context, const shapes::DeregisterTargetsInput& input) {
  TRY(refuse(input, refused_of_deregister_targets(), kUnsupported));
  const auto [group, wishes, there] = TRY(asked(context, input.TargetGroupArn, input.Targets));
  std::vector<store::Write> writes;
  std::vector<const model::Target*> missing;
  for (const auto& [key, wish] : wishes) {
    // AWS takes it calmly where there is no such target.
    if (const auto found = there.find(key); found != there.end()) {
      writes.push_back(store::erase(found->second));
    } else {
      missing.push_back(&wish);
    }
  }
  TRY(check_no_tasks(context, input.TargetGroupArn, missing));
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
