#include "api/appmesh/match_rules.h"

#include <fmt/format.h>

#include "base/log_format.h"
#include "base/regex.h"

namespace weir::api::appmesh {

Result<> exactly_one(std::size_t count, std::string_view path, std::string_view names) {
  if (count == 1) return {};
  return bad_member(path, fmt::format("exactly one of {} must be specified", names));
}

Result<> at_most_one(std::size_t count, std::string_view path, std::string_view names) {
  if (count <= 1) return {};
  return bad_member(path, fmt::format("only one of {} may be specified", names));
}

Result<> check_duration(const shapes::Duration& duration, std::string_view path) {
  if (duration.unit && duration.value) return {};
  return bad_member(path, "unit and value must be specified");
}

Result<> check_duration(const std::optional<shapes::Duration>& duration, std::string_view path) {
  return duration ? check_duration(*duration, path) : Result<>{};
}

Result<> check_regex(const std::optional<std::string>& pattern, std::string_view path) {
  if (!pattern) return {};
  if (const auto compiled = Regex::compile(*pattern); !compiled) return bad_member(path, compiled.error().message);
  return {};
}

Result<> check_range(const std::optional<shapes::MatchRange>& range, std::string_view path) {
  if (!range || range->start < range->end) return {};
  return bad_member(path, "start must be less than end");
}

Result<> check_path(const std::optional<std::string>& path_text, std::string_view path) {
  if (!path_text || path_text->starts_with('/')) return {};
  return bad_member(path, "it must start with /");
}

Result<> check_path_match(const std::optional<shapes::HttpPathMatch>& match, std::string_view path) {
  if (!match) return {};
  TRY(exactly_one(given(match->exact, match->regex), path, "exact, regex"));
  TRY(check_path(match->exact, fmt::format("{}.exact", path)));
  return check_regex(match->regex, fmt::format("{}.regex", path));
}

Result<> check_queries(const std::optional<std::vector<shapes::HttpQueryParameter>>& queries, std::string_view path) {
  if (!queries) return {};
  for (std::size_t i = 0; i < queries->size(); ++i) {
    if ((*queries)[i].name.empty()) return bad_member(fmt::format("{}[{}].name", path, i), "it must not be empty");
  }
  return {};
}

Result<> check_log_format(std::string_view format, std::string_view path) {
  if (format.empty()) return bad_member(path, "it must not be empty");
  if (const auto parsed = parse_log_format(format); !parsed) return bad_member(path, parsed.error().message);
  return {};
}

}  // namespace weir::api::appmesh
