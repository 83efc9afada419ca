// What a service's DNS configuration may say, and which attributes an instance of it needs. Pure; any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/discovery_documents.h"

namespace weir::api::servicediscovery {

inline constexpr std::size_t kMostAttributeName = 255;  // bytes, as AWS has it: InvalidInput

// Labels of letters, digits, hyphens and underscores with dots between them, 127 characters at most. Errors:
// InvalidInput.
Result<> check_service_name(std::string_view name);

// Errors: InvalidInput.
Result<> check_records(const std::vector<model::servicediscovery::DnsRecord>& records,
                       const std::string& routing_policy);

// The names of attributes: 1 to 255 printable characters of ASCII, without spaces. `member`: the request's, for the
// error. Errors: InvalidInput.
Result<> check_keys(const std::map<std::string, std::string>& attributes, std::string_view member);

// Errors: InvalidInput, naming the attribute.
Result<> check_attributes(const model::DiscoveryService& service, const std::map<std::string, std::string>& attributes);

bool has_record(const model::DiscoveryService& service, std::string_view type);

}  // namespace weir::api::servicediscovery
