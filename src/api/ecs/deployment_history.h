// A service's history: each deployment leaves a ServiceRevision (what was wished) and a ServiceDeployment (what became
// of it). The functions add to the writes that the caller commits together with the service. Control thread.
#pragma once

#include <vector>

#include "api/action.h"
#include "api/ecs/references.h"

namespace weir::api::ecs {

// Begins a deployment of what `service` now says: new ids, its revision and its record. One that goes on ends as
// STOPPED, and the oldest beyond kMaxServiceDeployments are dropped.
Result<> begin_deployment(Context& context, model::Service& service, std::vector<store::Write>& writes);

// Ends the deployment that goes on, where one does.
Result<> stop_deployment(Context& context, const model::Service& service, const std::string& reason,
                         std::vector<store::Write>& writes);

// Drops all of it.
Result<> erase_history(Context& context, const model::Service& service, std::vector<store::Write>& writes);

std::string service_deployment_arn(const Context& context, const std::string& cluster, const std::string& service,
                                   const std::string& id);
std::string service_revision_arn(const Context& context, const model::Service& service, const std::string& id);

}  // namespace weir::api::ecs
