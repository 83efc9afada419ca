#include "route/match.h"

#include "base/cidr.h"

namespace weir::route {
namespace {

Json strings(const std::vector<std::string>& texts) {
  return array_of(texts, [](const std::string& text) { return Json(text); });
}

Json patterns_json(const std::vector<Pattern>& patterns) {
  return array_of(patterns, [](const Pattern& pattern) { return to_json(pattern); });
}

Json header_json(const HeaderMatch& header) {
  Json json = Json::object().set("name", header.name);
  if (!header.values.empty()) json.set("values", patterns_json(header.values));
  if (header.invert) json.set("invert", true);
  return json;
}

Json pair_json(const QueryPair& pair) {
  Json json = Json::object();
  if (!pair.key.empty()) json.set("key", pair.key);
  return json.set("value", to_json(pair.value));
}

HeaderMatch read_header(const Json& json, std::string path, Faults& faults) {
  Members m(json, std::move(path), faults);
  HeaderMatch header{m.text("name"), read_patterns(m, "values", faults), m.flag_or("invert", false)};
  if (header.name.empty()) m.fault("name", "is empty");
  m.finish();
  return header;
}

QueryMatch read_query(const Json& json, std::string path, Faults& faults) {
  Members m(json, std::move(path), faults);
  QueryMatch query;
  for (const auto& [item, where] : m.list("any")) {
    Members pair(*item, where, faults);
    query.any.push_back({pair.text_or("key", ""), read_pattern(pair.any("value"), pair.path("value"), faults)});
    pair.finish();
  }
  if (query.any.empty()) m.fault("any", "is empty");
  m.finish();
  return query;
}

GrpcMatch read_grpc(const Json& json, std::string path, Faults& faults) {
  Members m(json, std::move(path), faults);
  GrpcMatch grpc{m.text_or("service", ""), m.text_or("method", "")};
  if (grpc.service.empty() && !grpc.method.empty()) m.fault("method", "needs its service");
  m.finish();
  return grpc;
}

Json grpc_json(const GrpcMatch& grpc) {
  Json json = Json::object();
  if (!grpc.service.empty()) json.set("service", grpc.service);
  if (!grpc.method.empty()) json.set("method", grpc.method);
  return json;
}

}  // namespace

Json to_json(const Match& match) {
  Json json = Json::object();
  if (!match.hosts.empty()) json.set("hosts", patterns_json(match.hosts));
  if (!match.paths.empty()) json.set("paths", patterns_json(match.paths));
  if (!match.methods.empty()) json.set("methods", strings(match.methods));
  if (!match.headers.empty()) json.set("headers", array_of(match.headers, header_json));
  if (!match.queries.empty()) {
    json.set("queries", array_of(match.queries, [](const QueryMatch& query) {
               return Json::object().set("any", array_of(query.any, pair_json));
             }));
  }
  if (!match.sources.empty()) json.set("sources", strings(match.sources));
  if (match.grpc) json.set("grpc", grpc_json(*match.grpc));
  return json;
}

Match read_match(const Json& json, std::string path, Faults& faults) {
  Match match;
  if (json.is_null()) return match;
  Members m(json, std::move(path), faults);
  match.hosts = read_patterns(m, "hosts", faults);
  match.paths = read_patterns(m, "paths", faults);
  match.methods = m.texts("methods");
  for (const auto& [item, where] : m.list("headers")) match.headers.push_back(read_header(*item, where, faults));
  for (const auto& [item, where] : m.list("queries")) match.queries.push_back(read_query(*item, where, faults));
  match.sources = m.texts("sources");
  for (const std::string& source : match.sources) {
    if (!Cidr::parse(source)) m.fault("sources", "'" + source + "' is no range of IP addresses");
  }
  if (const Json& grpc = m.any("grpc"); !grpc.is_null()) match.grpc = read_grpc(grpc, m.path("grpc"), faults);
  m.finish();
  return match;
}

}  // namespace weir::route
