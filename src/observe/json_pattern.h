// JSON filter patterns: { $.a.b[0] = "x*" && ($.n > 3 || $.gone NOT EXISTS) }. Immutable once parsed; any thread.
#pragma once

#include <memory>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace weir::observe {

class JsonCondition {
 public:
  virtual ~JsonCondition() = default;
  virtual bool holds(const Json& message) const = 0;
};

// What is said of a pattern, of this kind or another, that cannot be read.
std::unexpected<Error> bad_pattern(const std::string& why);

// `pattern` with its braces. Errors: "InvalidParameterException".
Result<std::shared_ptr<const JsonCondition>> parse_json_pattern(std::string_view pattern);

}  // namespace weir::observe
