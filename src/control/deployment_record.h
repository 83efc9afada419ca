// The ServiceDeployment of a service as a pure function of what its deployments came to: its status, its circuit
// breaker and its rollback. Any thread.
#pragma once

#include "model/documents.h"

namespace weir::control {

// Whether the service wishes that a deployment which fails too often ends.
bool has_breaker(const model::Service& service);
// Whether it then goes back to the last one that was completed.
bool rolls_back(const model::Service& service);

// Brings `record` up to date with the service and its state after their step. Whether it changed. Asked again it
// changes nothing.
bool follow(model::ServiceDeployment& record, const model::Service& service, const model::ServiceState& state,
            Timestamp now);

// Brings what `record` says of its stages up to date, where `staged` is its deployment. Whether it changed.
bool follow_stages(model::ServiceDeployment& record, const model::StagedDeployment& staged, Timestamp now);

}  // namespace weir::control
