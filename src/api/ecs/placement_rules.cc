#include "api/ecs/placement_rules.h"

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include <array>

#include "api/ecs/errors.h"

namespace weir::api::ecs {

namespace {

constexpr std::size_t kMostConstraints = 10;  // as AWS has it
constexpr std::size_t kMostStrategies = 5;    // as AWS has it

bool is_same_word(const std::string& one, const char* other) { return strcasecmp(one.c_str(), other) == 0; }

Result<> check_constraint(const model::ecs::PlacementConstraint& constraint) {
  const bool says = !constraint.expression.value_or("").empty();
  if (constraint.type == "distinctInstance" && constraint.expression) {
    return invalid_parameter("distinctInstance expression should not be specified.");
  }
  if (constraint.type == "memberOf" && !says) return invalid_parameter("memberOf expression should be specified.");
  if (constraint.type == "distinctInstance" || constraint.type == "memberOf") return {};
  return invalid_parameter(fmt::format("Invalid placement constraint type: {}.", constraint.type.value_or("")));
}

// "instanceId", "host" and any attribute spread; tasks are packed by what they use.
Result<> check_strategy_field(const model::ecs::PlacementStrategy& strategy) {
  const std::string type = strategy.type.value_or("");
  const std::string field = strategy.field.value_or("");
  if (type != "random" && type != "spread" && type != "binpack") {
    return invalid_parameter(fmt::format("Invalid placement strategy type: {}.", type));
  }
  if (type == "random") {
    return field.empty() ? Result<>() : invalid_parameter("random field should not be specified.");
  }
  if (field.empty()) return invalid_parameter(type + " field should be specified.");
  constexpr std::array kPacked{"cpu", "memory"};
  const bool is_packed = std::ranges::any_of(kPacked, [&](const char* word) { return is_same_word(field, word); });
  if (type == "binpack" && !is_packed) {
    return invalid_parameter(fmt::format("Invalid binpack field: {}. Valid fields are cpu and memory.", field));
  }
  return {};
}

}  // namespace

Result<> check_placement_wish(const PlacementWish& wish) {
  const std::size_t constraints = wish.constraints ? wish.constraints->size() : 0;
  const std::size_t strategies = wish.strategy ? wish.strategy->size() : 0;
  if (wish.on_fargate && constraints > 0) {
    return invalid_parameter("Placement constraints are not supported with FARGATE launch type.");
  }
  if (wish.on_fargate && strategies > 0) {
    return invalid_parameter("Placement strategies are not supported with FARGATE launch type.");
  }
  if (constraints > kMostConstraints) {
    return invalid_parameter(fmt::format("Placement constraints cannot have more than {} elements.", kMostConstraints));
  }
  if (strategies > kMostStrategies) {
    return invalid_parameter(fmt::format("Placement strategies cannot have more than {} elements.", kMostStrategies));
  }
  for (std::size_t i = 0; i < constraints; ++i) TRY(check_constraint((*wish.constraints)[i]));
  for (std::size_t i = 0; i < strategies; ++i) TRY(check_strategy_field((*wish.strategy)[i]));
  return {};
}

}  // namespace weir::api::ecs
