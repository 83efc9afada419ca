// What a call began, kept as an operation for those who ask how it went. Control thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "api/action.h"
#include "model/discovery_documents.h"
#include "store/store.h"

namespace weir::api::servicediscovery {

// One that has succeeded, its id drawn. `type` is AWS's word: "CREATE_NAMESPACE".
model::DiscoveryOperation succeeded(Context& context, const char* type, std::map<std::string, std::string> targets);

// Adds to `writes` what keeps the operation, and lets the oldest go where there are too many.
Result<> keep(Context& context, const model::DiscoveryOperation& operation, std::vector<store::Write>& writes);

}  // namespace weir::api::servicediscovery
