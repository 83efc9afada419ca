// What makes a service's wish valid: its counts, its network, its balancers against its task definition. Control
// thread.
#pragma once

#include "api/action.h"
#include "api/ecs/references.h"

namespace weir::api::ecs {

// An ACTIVE task definition. Errors: ClientException.
Result<store::Versioned<model::TaskDefinition>> active_definition(Context& context, std::string_view reference);

// Whether `service` may run `definition`: launch type, network, balancers and registries. Errors:
// InvalidParameterException.
Result<> check_fits(Context& context, const model::Service& service, const shapes::TaskDefinition& definition);

// Whether tasks of this launch type and network may run `definition`. Errors: InvalidParameterException.
Result<> check_placement(const std::optional<shapes::NetworkConfiguration>& network, const std::string& launch_type,
                         const shapes::TaskDefinition& definition);

// Takes the percentages and the strategy into `service`. Errors: InvalidParameterException,
// UnsupportedFeatureException.
Result<> take_deployment_configuration(model::Service& service, const shapes::DeploymentConfiguration& given);

Result<> check_desired_count(std::int32_t count);
// Errors: InvalidParameterException for a negative one, or one without a balancer.
Result<> check_grace_period(std::int32_t seconds, bool balanced);
// Errors: InvalidParameterException.
Result<> check_strategy(const std::vector<shapes::CapacityProviderStrategyItem>& strategy);

}  // namespace weir::api::ecs
