#include "route/pattern.h"

#include "base/regex.h"

namespace weir::route {
namespace {

constexpr std::string_view kKinds[] = {"wildcard", "exact", "prefix", "suffix", "regex", "range"};

Pattern read_range(const Json& json, const std::string& path, Faults& faults) {
  if (json.items().size() != 2 || !json.items()[0].is_int() || !json.items()[1].is_int()) {
    faults.add(path, "is not two whole numbers");
    return {};
  }
  const Pattern range = Pattern::range(json.items()[0].as_int(), json.items()[1].as_int());
  if (range.low >= range.high) faults.add(path, "is an empty range");
  return range;
}

}  // namespace

Pattern Pattern::range(std::int64_t low, std::int64_t high) {
  Pattern pattern(Kind::range, "");
  pattern.low = low;
  pattern.high = high;
  return pattern;
}

Json to_json(const Pattern& pattern) {
  if (pattern.kind == Pattern::Kind::wildcard) return Json(pattern.text);
  const std::string kind(kKinds[static_cast<std::size_t>(pattern.kind)]);
  if (pattern.kind != Pattern::Kind::range) return Json::object().set(kind, pattern.text);
  return Json::object().set(kind, Json::array().push(pattern.low).push(pattern.high));
}

Pattern read_pattern(const Json& json, std::string path, Faults& faults) {
  if (json.is_string()) return {json.as_string()};
  Pattern pattern;
  std::size_t kinds = 0;
  Members m(json, path, faults);
  for (std::size_t i = 0; i < std::size(kKinds); ++i) {
    const Json& value = m.any(kKinds[i]);
    if (value.is_null()) continue;
    ++kinds;
    const auto kind = static_cast<Pattern::Kind>(i);
    if (kind == Pattern::Kind::range) {
      pattern = read_range(value, m.path(kKinds[i]), faults);
      continue;
    }
    pattern = {kind, m.text(kKinds[i])};
    if (kind != Pattern::Kind::regex) continue;
    if (const auto regex = Regex::compile(pattern.text); !regex) {
      m.fault(kKinds[i], "is no regular expression: " + regex.error().message);
    }
  }
  if (kinds != 1) faults.add(path, "is not exactly one of: wildcard, exact, prefix, suffix, regex, range");
  m.finish();
  return pattern;
}

std::vector<Pattern> read_patterns(Members& members, std::string_view name, Faults& faults) {
  std::vector<Pattern> patterns;
  for (const auto& [item, where] : members.list(name)) patterns.push_back(read_pattern(*item, where, faults));
  return patterns;
}

}  // namespace weir::route
