// What RegisterTaskDefinition demands of containers that wait for each other and of their health checks. Pure; any
// thread. Errors: "ClientException", worded as AWS words it.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/ecs/shapes.h"

namespace weir::api::ecs {

namespace shapes = model::ecs;

// Every dependency exists, can come true, and none waits for itself, by whatever way round.
Result<> check_dependencies(const std::vector<shapes::ContainerDefinition>& containers);

// Objects in S3 that are called .env. Errors: of `code`.
Result<> check_environment_files(const std::optional<std::vector<shapes::EnvironmentFile>>& files, const char* code);
// Of all containers together. Errors: ClientException.
Result<> check_environment_files(const std::vector<shapes::ContainerDefinition>& containers);
// What must be there for secrets to be looked up, and that their names are no other variables'.
Result<> check_secrets(const shapes::ContainerDefinition& container, bool execution_role);
Result<> check_start_timeout(const shapes::ContainerDefinition& container, bool fargate);

Result<> check_health_check(const shapes::HealthCheck& check, const std::string& container);
// The defaults that AWS returns.
void complete_health_check(shapes::HealthCheck& check);

}  // namespace weir::api::ecs
