// The parts of specs that routes, gateway routes and nodes share. `path` is the member's ("spec.httpRoute.match").
// Pure; any thread. Errors: BadRequestException, naming the member.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/appmesh/errors.h"
#include "base/result.h"
#include "model/appmesh/shapes.h"

namespace weir::api::appmesh {

namespace shapes = model::appmesh;

template <class... Members>
std::size_t given(const std::optional<Members>&... members) {
  return (static_cast<std::size_t>(members.has_value()) + ...);
}

// Of members that exclude each other: one. `names` is said to the caller: "exact, regex".
Result<> exactly_one(std::size_t count, std::string_view path, std::string_view names);
Result<> at_most_one(std::size_t count, std::string_view path, std::string_view names);

// Both its value and its unit.
Result<> check_duration(const shapes::Duration& duration, std::string_view path);
Result<> check_duration(const std::optional<shapes::Duration>& duration, std::string_view path);

// Of RE2's syntax.
Result<> check_regex(const std::optional<std::string>& pattern, std::string_view path);
Result<> check_range(const std::optional<shapes::MatchRange>& range, std::string_view path);
// It begins with a slash.
Result<> check_path(const std::optional<std::string>& path_text, std::string_view path);
Result<> check_path_match(const std::optional<shapes::HttpPathMatch>& match, std::string_view path);
Result<> check_queries(const std::optional<std::vector<shapes::HttpQueryParameter>>& queries, std::string_view path);

// Headers of HTTP and metadata of gRPC: several types of the same form.
template <class Fields>
Result<> check_fields(const std::optional<Fields>& fields, std::string_view path) {
  if (!fields) return {};
  for (std::size_t i = 0; i < fields->size(); ++i) {
    const auto& match = (*fields)[i].match;
    const std::string where = std::string(path) + "[" + std::to_string(i) + "].match";
    if (!match) continue;  // the field is there, whatever its value
    TRY(exactly_one(given(match->exact, match->prefix, match->range, match->regex, match->suffix), where,
                    "exact, prefix, range, regex, suffix"));
    TRY(check_range(match->range, where + ".range"));
    TRY(check_regex(match->regex, where + ".regex"));
  }
  return {};
}

// No two listeners have one port.
template <class Listeners>
Result<> check_ports(const Listeners& listeners, std::string_view path) {
  std::set<std::int32_t> ports;
  for (const auto& one : listeners) {
    const auto port = one.portMapping.port;
    if (!ports.insert(port).second) return bad_member(path, "two listeners have port " + std::to_string(port));
  }
  return {};
}

// A listener's health check: its port is the listener's own, its path begins with a slash.
template <class Check>
Result<> check_health(const std::optional<Check>& check, std::int32_t listener_port, const std::string& path) {
  if (!check) return {};
  if (check->port && *check->port != listener_port) {
    return bad_member(path + ".port", "it must be the listener's, " + std::to_string(listener_port));
  }
  return check_path(check->path, path + ".path");
}

// Of operators of Envoy that are known here.
Result<> check_log_format(std::string_view format, std::string_view path);

template <class Logging>
Result<> check_logging(const std::optional<Logging>& logging, const std::string& path) {
  if (!logging || !logging->accessLog) return {};
  TRY(exactly_one(given(logging->accessLog->file), path + ".accessLog", "file"));
  const auto& file = *logging->accessLog->file;
  if (!file.path.starts_with('/')) return bad_member(path + ".accessLog.file.path", "it must be an absolute path");
  if (!file.format) return {};
  const std::string format = path + ".accessLog.file.format";
  TRY(exactly_one(given(file.format->json, file.format->text), format, "json, text"));
  if (file.format->text) return check_log_format(*file.format->text, format + ".text");
  if (file.format->json->empty()) return bad_member(format + ".json", "at least one key must be specified");
  for (const auto& field : *file.format->json) TRY(check_log_format(field.value, format + ".json"));
  return {};
}

}  // namespace weir::api::appmesh
