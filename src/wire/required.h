// Which required members a document lacks. A struct's required members are plain, so that an absent list or number
// cannot be told from an empty one afterwards; this looks before. Pure; any thread.
#pragma once

#include "base/json.h"
#include "base/result.h"
#include "base/shape.h"

namespace weir::wire {

// Errors: "Validation", in the words of validate(), naming every absent member by its path.
Result<> require_members(const Shape& shape, const Json& json);

}  // namespace weir::wire
