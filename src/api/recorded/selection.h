// Selection: which records a Describe or List shows: by name, by filters, page by page. Control thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "api/recorded/service.h"

namespace weir::api::recorded {

// All of a kind, derived ones too, presented.
Result<std::vector<Json>> presented(Call& call, const Kind& kind);
// The one of that name, kept or derived, presented. Errors: the kind's not_found and malformed.
Result<Json> presented_one(Call& call, const Kind& kind, const std::string& name);
// As it is kept. Errors: as above.
Result<Json> kept_one(Call& call, const Kind& kind, const std::string& name);
std::unexpected<Error> not_found(const Kind& kind, const std::string& name);

// Those of `all` that the call's Filter lets through. Errors: InvalidParameterValue for a filter that the kind lacks.
Result<std::vector<Json>> filtered(Call& call, const Kind& kind, std::vector<Json> all);

// The reply {member: items}, a page of them where the call asks for pages; with IsTruncated in IAM's style.
Result<Json> paged(Call& call, const char* member, std::vector<Json> items,
                   const std::function<std::string(const Json&)>& position);

}  // namespace weir::api::recorded
