// Regex: a regular expression of RE2's syntax, matched in time linear in the text, whatever the pattern. Constant once
// made, cheap to copy; any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace re2 {
class RE2;
}

namespace weir {

class Regex {
 public:
  // Memory that one compiled pattern may take, in bytes.
  static constexpr long kMaxMemory = 1 << 20;

  // Errors: "Regex", with RE2's words; a pattern that needs more than kMaxMemory too.
  static Result<Regex> compile(std::string_view pattern);

  // The whole text fits.
  bool matches(std::string_view text) const;
  // A part of the text fits.
  bool found_in(std::string_view text) const;

 private:
  explicit Regex(std::shared_ptr<const re2::RE2> compiled) : compiled_(std::move(compiled)) {}
  std::shared_ptr<const re2::RE2> compiled_;
};

}  // namespace weir
