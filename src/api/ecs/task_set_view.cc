#include "api/ecs/task_set_view.h"

#include <algorithm>

#include "api/ecs/references.h"

namespace weir::api::ecs {

namespace {

const model::TaskSetState* state_of(const model::ServiceState* state, const std::string& id) {
  if (!state) return nullptr;
  const auto found = std::ranges::find(state->task_sets, id, &model::TaskSetState::id);
  return found == state->task_sets.end() ? nullptr : &*found;
}

// A wish that control has not seen yet is not steady, whatever was before it.
void show_stability(shapes::TaskSet& view, const model::TaskSet& set, const model::TaskSetState* state) {
  const bool is_new = !state || state->computed_desired_count != view.computedDesiredCount;
  view.stabilityStatus = is_new ? "STABILIZING" : state->stability;
  view.stabilityStatusAt = is_new ? set.updated_at : state->stability_at;
}

}  // namespace

model::ecs::TaskSet shown(const Context& context, const model::Service& service, const model::TaskSet& set,
                          const model::ServiceState* all, bool tags) {
  const model::TaskSetState* const state = state_of(all, set.id);
  shapes::TaskSet view{
      .id = set.id,
      .taskSetArn = set.arn,
      .serviceArn = service.arn,
      .clusterArn = cluster_arn(context, service.cluster),
      .status = set.status,
      .taskDefinition = set.task_definition,
      .computedDesiredCount = computed_desired_count(service, set),
      .pendingCount = state ? state->pending_count : 0,
      .runningCount = state ? state->running_count : 0,
      .createdAt = set.created_at,
      .updatedAt = state ? std::max(set.updated_at, state->updated_at) : set.updated_at,
      .networkConfiguration = set.network_configuration,
      .loadBalancers = set.load_balancers,
      .serviceRegistries = set.service_registries,
      .scale = shapes::Scale{.value = set.percent, .unit = "PERCENT"},
      .tags = std::vector<shapes::Tag>{},
  };
  if (!set.started_by.empty()) view.startedBy = set.started_by;
  if (!set.external_id.empty()) view.externalId = set.external_id;
  if (set.capacity_provider_strategy) {
    view.capacityProviderStrategy = set.capacity_provider_strategy;
  } else {
    view.launchType = set.launch_type;
  }
  if (set.launch_type == "FARGATE") {
    view.platformVersion =
        set.platform_version.value_or("LATEST") == "LATEST" ? kPlatformVersion : *set.platform_version;
    view.platformFamily = "Linux";
  }
  show_stability(view, set, state);
  if (tags && set.tags) view.tags = set.tags;
  return view;
}

}  // namespace weir::api::ecs
