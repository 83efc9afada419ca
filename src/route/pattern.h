// Pattern: what a text has to look like. Part of a Match; constant once made; any thread. In JSON a plain text is a
// wildcard pattern; the others are objects with one member: {"exact": "/a"}, {"range": [1, 10]}.
#pragma once

#include <cstdint>
#include <string>

#include "base/json.h"
#include "route/members.h"

namespace weir::route {

struct Pattern {
  enum class Kind {
    wildcard,  // "*" any characters, "?" any one; the whole text has to fit
    exact,
    prefix,
    suffix,
    regex,  // RE2's syntax; the whole text has to fit
    range,  // a whole decimal number, low <= number < high
  };
  Pattern() = default;
  Pattern(std::string wildcard) : text(std::move(wildcard)) {}
  Pattern(const char* wildcard) : text(wildcard) {}
  Pattern(Kind what, std::string of) : kind(what), text(std::move(of)) {}
  static Pattern range(std::int64_t low, std::int64_t high);

  Kind kind = Kind::wildcard;
  std::string text;
  std::int64_t low = 0, high = 0;
  bool operator==(const Pattern&) const = default;
};

Json to_json(const Pattern& pattern);
// Faults: of no kind or of several, a regular expression that base/regex.h refuses, an empty range.
Pattern read_pattern(const Json& json, std::string path, Faults& faults);
std::vector<Pattern> read_patterns(Members& members, std::string_view name, Faults& faults);

}  // namespace weir::route
