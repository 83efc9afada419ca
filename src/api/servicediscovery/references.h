// Namespaces, services and instances as requests name them: by id or ARN. Control thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/action.h"
#include "model/discovery_documents.h"
#include "store/store.h"

namespace weir::api::servicediscovery {

// "ns-" or "srv-" before 16 letters and digits, as AWS draws them.
std::string new_id(Context& context, const char* prefix);

// Errors: NamespaceNotFound.
Result<store::Versioned<model::DiscoveryNamespace>> find_namespace(Context& context, const std::string& reference);
// Errors: ServiceNotFound.
Result<store::Versioned<model::DiscoveryService>> find_service(Context& context, const std::string& reference);
// Of a service's id. Errors: InstanceNotFound.
Result<store::Versioned<model::DiscoveryInstance>> find_instance(Context& context, const std::string& service,
                                                                 const std::string& id);

// Whether two names are the same name to DNS.
bool same_name(std::string_view a, std::string_view b);

// How many services each namespace has, by the namespace's id.
Result<std::map<std::string, std::int32_t>> count_services(Context& context);
Result<std::int32_t> count_instances(Context& context, const std::string& service);

using Tags = std::map<std::string, std::string>;
// Errors: TooManyTagsException.
Result<Tags> tags_of(const std::optional<std::vector<model::servicediscovery::Tag>>& given);

}  // namespace weir::api::servicediscovery
