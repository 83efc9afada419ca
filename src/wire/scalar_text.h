// A value that a request carries as text (a form, a path, a query string, a header field) as the JSON that a document
// would have carried. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "base/shape.h"

namespace weir::wire {

// `shape` is no list, map or structure. Errors: "Serialization", naming `path`.
Result<Json> scalar_of(const Shape& shape, const std::string& text, std::string_view path);

// "X must be of type Integer", as an error.
std::unexpected<Error> wrong_type(std::string_view path, std::string_view type);

}  // namespace weir::wire
