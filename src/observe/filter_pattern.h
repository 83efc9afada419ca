// FilterPattern: CloudWatch Logs' filter patterns over one message: terms (all of them, wherever they stand), "quoted
// phrases", -exclusions, ?alternatives, and JSON patterns as { ($.status >= 500 || $.error IS TRUE) && $.path != "/x*"
// }. Immutable once parsed; any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::observe {

class FilterPattern {
 public:
  // Errors: "InvalidParameterException", the client's: a pattern that cannot be read, or of a kind that Weir does not
  // know (space-delimited fields in brackets, %regular expressions%).
  static Result<FilterPattern> parse(std::string_view pattern);

  bool matches(std::string_view message) const;

  // One test of a pattern, or several joined.
  struct Test;

 private:
  explicit FilterPattern(std::shared_ptr<const Test> test) : test_(std::move(test)) {}
  std::shared_ptr<const Test> test_;
};

}  // namespace weir::observe
