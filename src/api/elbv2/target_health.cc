#include "api/elbv2/target_health.h"

#include <algorithm>
#include <map>

#include "api/arn.h"
#include "api/elbv2/actions.h"
#include "api/elbv2/associations.h"
#include "api/elbv2/errors.h"
#include "api/elbv2/refusals.h"
#include "base/cidr.h"

namespace weir::api::elbv2 {

namespace {

struct Words {
  const char* reason;
  const char* description;
};
// What AWS says where the check itself said no more.
constexpr Words kUnhealthy[] = {
    {"Target.ResponseCodeMismatch", "Health checks failed with an unexpected response code"},
    {"Target.Timeout", "Request timed out"},
    {"Target.FailedHealthChecks", "Health checks failed"},
};

shapes::TargetHealth unhealthy(const model::TaskTarget& target) {
  const std::string reason = "Target." + (target.reason.empty() ? "FailedHealthChecks" : target.reason);
  auto words = std::find_if(std::begin(kUnhealthy), std::end(kUnhealthy),
                            [&](const Words& one) { return one.reason == reason; });
  if (words == std::end(kUnhealthy)) words = std::end(kUnhealthy) - 1;
  return {.State = "unhealthy",
          .Reason = words->reason,
          .Description = target.description.empty() ? words->description : target.description};
}

// An address in its shortest form; any other text as it is.
std::string address_of(const std::string& id) { return shortest_literal(id).value_or(id); }

bool is_at(const shapes::TargetDescription& asked, const std::string& address, std::optional<std::int32_t> port) {
  return address_of(asked.Id) == address && (!asked.Port || asked.Port == port);
}

bool is_asked(const shapes::DescribeTargetHealthInput& input, const model::TaskTarget& target) {
  if (!input.Targets || input.Targets->empty()) return true;
  return std::any_of(input.Targets->begin(), input.Targets->end(),
                     [&](const auto& one) { return is_at(one, target.address, target.port); });
}

shapes::TargetHealthDescription not_registered(const shapes::TargetDescription& target) {
  return {.Target = target,
          .TargetHealth = shapes::TargetHealth{.State = "unused",
                                               .Reason = "Target.NotRegistered",
                                               .Description = "Target is not registered to the target group"}};
}

}  // namespace

std::optional<shapes::TargetHealth> health_of(const model::TaskTarget& target, bool in_use) {
  if (target.state == "gone" || target.address.empty()) return std::nullopt;
  if (target.state == "draining") {
    return shapes::TargetHealth{.State = "draining",
                                .Reason = "Target.DeregistrationInProgress",
                                .Description = "Target deregistration is in progress"};
  }
  if (!in_use) {
    return shapes::TargetHealth{
        .State = "unused",
        .Reason = "Target.NotInUse",
        .Description = "Target group is not configured to receive traffic from the load balancer"};
  }
  if (target.state == "waiting") {
    return shapes::TargetHealth{.State = "initial",
                                .Reason = "Elb.RegistrationInProgress",
                                .Description = "Target registration is in progress"};
  }
  if (target.health == "unhealthy") return unhealthy(target);
  // Whoever waits for it sends requests next: every worker has to know.
  if (target.health == "healthy" && target.acknowledged) return shapes::TargetHealth{.State = "healthy"};
  return shapes::TargetHealth{
      .State = "initial", .Reason = "Elb.InitialHealthChecking", .Description = "Initial health checks in progress"};
}

namespace {

struct Listed {
  model::TaskTarget target;
  std::string zone;
};

// Those of tasks.
Result<> list_tasks(Context& context, const std::string& group, std::vector<Listed>& all) {
  for (const auto& task : TRY(store::peek_all<model::Task>(context.store, scope_of(context).prefix()))) {
    for (const auto& target : task->targets) {
      if (target.target_group == group) all.push_back({target, ""});
    }
  }
  return {};
}

// Those registered by hand. One that control has not seen yet waits; one that is wished no more drains, whether control
// has seen that or not.
Result<> list_registered(Context& context, const std::string& group, std::vector<Listed>& all) {
  const std::string prefix = model::targets_of_group(scope_of(context), group);
  std::map<std::string, model::TaskTarget> states;
  for (const auto& one : TRY(store::peek_all<model::TargetState>(context.store, prefix))) {
    states.emplace(one->key(), one->target);
  }
  for (const auto& one : TRY(store::peek_all<model::Target>(context.store, prefix))) {
    const model::Target& wish = *one;
    Listed& entry = all.emplace_back();
    entry.zone = wish.zone;
    entry.target = {.target_group = group, .address = wish.address, .port = wish.port};
    const auto state = states.find(wish.key());
    if (state == states.end()) continue;
    if (state->second.state != "draining") entry.target = state->second;
    states.erase(state);
  }
  for (auto& [key, target] : states) {
    target.state = "draining";
    all.push_back({std::move(target), ""});
  }
  return {};
}

}  // namespace

Result<shapes::DescribeTargetHealthOutput> describe_target_health(Context& context,
                                                                  const shapes::DescribeTargetHealthInput& input) {
  TRY(refuse(input, refused_of_describe_target_health(), kUnsupported));
  const auto group = TRY(find_target_group(context, input.TargetGroupArn));
  if (!group) return target_group_not_found();
  const auto users = TRY(balancers_using(context, input.TargetGroupArn));
  const std::string check_port = group->document.group.HealthCheckPort.value_or("traffic-port");
  std::vector<Listed> listed;
  TRY(list_tasks(context, input.TargetGroupArn, listed));
  TRY(list_registered(context, input.TargetGroupArn, listed));
  shapes::DescribeTargetHealthOutput output;
  auto& all = output.TargetHealthDescriptions.emplace();
  for (const auto& [target, zone] : listed) {
    if (!is_asked(input, target)) continue;
    const auto health = health_of(target, !users.empty());
    if (!health) continue;
    all.push_back({
        .Target = shapes::TargetDescription{.Id = target.address,
                                            .Port = target.port,
                                            .AvailabilityZone = zone.empty() ? context.region + "a" : zone},
        .HealthCheckPort = check_port == "traffic-port" ? std::to_string(target.port) : check_port,
        .TargetHealth = *health,
    });
  }
  for (const auto& asked : input.Targets.value_or(std::vector<shapes::TargetDescription>{})) {
    const bool found = std::any_of(all.begin(), all.end(),
                                   [&](const auto& one) { return is_at(asked, one.Target->Id, one.Target->Port); });
    if (!found) all.push_back(not_registered(asked));
  }
  return output;
}

}  // namespace weir::api::elbv2
