// Templates: documents in JSON whose texts name what comes in their place.
//
//   "${CidrBlock}"              a parameter, whatever its form; a member whose text yields nothing is left out
//   "${InstanceTenancy|default}"  with a text for where it is not given
//   "arn:${partition}:…/${id}"  within a text
//
// Also text()-like access to documents by dotted paths through objects and lists. Pure functions; any thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace weir::api::recorded {

// What a name stands for; null for nothing.
using Names = std::function<Json(std::string_view name)>;

Json fill(const Json& pattern, const Names& names);

// Calls `see` with every text at `path` in `document`: "routeSet.gatewayId" has one for each route that has one. True
// as soon as `see` is.
bool any_text(const Json& document, std::string_view path, const std::function<bool(const std::string&)>& see);
// The member at `path` through objects, or null.
const Json& at_path(const Json& document, std::string_view path);

}  // namespace weir::api::recorded
