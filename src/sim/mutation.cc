#include "sim/mutation.h"

#include <memory>

#include "model/documents.h"

namespace weir::sim {

namespace {

// Reads documents of one kind otherwise.
template <class D, class Change>
std::function<void(store::Document&)> misread(Change change) {
  return [change](store::Document& document) {
    if (document.key.kind != D::kKind) return;
    auto read = MUST(store::decode<D>(document));
    change(read.document);
    document.body = std::make_shared<const store::Body>(to_json_shape(read.document).dump());
  };
}

void lose_minimum(model::Service& service) {
  service.minimum_healthy_percent = 0;
  service.maximum_percent = 100;
}

void wish_more_in_stages(model::Service& service) {
  const auto& given = service.deployment_configuration;
  if (given && given->strategy.value_or("ROLLING") != "ROLLING" && service.desired_count > 0) ++service.desired_count;
}

void shift_at_once(model::ServiceState& state) {
  if (!state.staged || state.staged->stage != "SCALE_UP") return;
  state.staged->stage = "PRODUCTION_TRAFFIC_SHIFT";
  state.staged->production_percent = 100;
}

std::function<void(model::Service&)> with_breaker(bool enabled) {
  return [enabled](model::Service& service) {
    if (service.deployment_configuration) service.deployment_configuration->deploymentCircuitBreaker->enable = enabled;
  };
}

void stay(model::Service& service) {
  if (service.deployment_configuration) service.deployment_configuration->deploymentCircuitBreaker->rollback = false;
}

}  // namespace

std::function<void(store::Document&)> misreading_of(Mutation mutation) {
  switch (mutation) {
    case Mutation::no_minimum:
      return misread<model::Service>(lose_minimum);
    case Mutation::greedy_stages:
      return misread<model::Service>(wish_more_in_stages);
    case Mutation::hasty_shift:
      return misread<model::ServiceState>(shift_at_once);
    case Mutation::patient_breaker:
      return misread<model::Service>(with_breaker(false));
    case Mutation::nervous_breaker:
      return misread<model::Service>(with_breaker(true));
    case Mutation::no_way_back:
      return misread<model::Service>(stay);
    default:
      return nullptr;
  }
}

std::function<bool(const store::Write&)> forgetting_of(Mutation mutation) {
  if (mutation != Mutation::lost_records) return nullptr;
  return [](const store::Write& write) { return write.key.kind == model::ServiceDeployment::kKind; };
}

}  // namespace weir::sim
