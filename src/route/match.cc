#include "route/match.h"

#include "base/cidr.h"

namespace weir::route {
namespace {

template <class Items, class Function>
Json array_of(const Items& items, Function one) {
  Json array = Json::array();
  for (const auto& item : items) array.push(one(item));
  return array;
}

Json strings(const std::vector<std::string>& texts) {
  return array_of(texts, [](const std::string& text) { return Json(text); });
}

Json header_json(const HeaderMatch& header) {
  return Json::object().set("name", header.name).set("values", strings(header.values));
}

Json pair_json(const QueryPair& pair) {
  Json json = Json::object();
  if (!pair.key.empty()) json.set("key", pair.key);
  return json.set("value", pair.value);
}

HeaderMatch read_header(const Json& json, std::string path, Faults& faults) {
  Members m(json, std::move(path), faults);
  HeaderMatch header{m.text("name"), m.texts("values")};
  if (header.name.empty()) m.fault("name", "is empty");
  if (header.values.empty()) m.fault("values", "is empty");
  m.finish();
  return header;
}

QueryMatch read_query(const Json& json, std::string path, Faults& faults) {
  Members m(json, std::move(path), faults);
  QueryMatch query;
  for (const auto& [item, where] : m.list("any")) {
    Members pair(*item, where, faults);
    query.any.push_back({pair.text_or("key", ""), pair.text("value")});
    pair.finish();
  }
  if (query.any.empty()) m.fault("any", "is empty");
  m.finish();
  return query;
}

}  // namespace

Json to_json(const Match& match) {
  Json json = Json::object();
  if (!match.hosts.empty()) json.set("hosts", strings(match.hosts));
  if (!match.paths.empty()) json.set("paths", strings(match.paths));
  if (!match.methods.empty()) json.set("methods", strings(match.methods));
  if (!match.headers.empty()) json.set("headers", array_of(match.headers, header_json));
  if (!match.queries.empty()) {
    json.set("queries", array_of(match.queries, [](const QueryMatch& query) {
               return Json::object().set("any", array_of(query.any, pair_json));
             }));
  }
  if (!match.sources.empty()) json.set("sources", strings(match.sources));
  return json;
}

Match read_match(const Json& json, std::string path, Faults& faults) {
  Match match;
  if (json.is_null()) return match;
  Members m(json, std::move(path), faults);
  match.hosts = m.texts("hosts");
  match.paths = m.texts("paths");
  match.methods = m.texts("methods");
  for (const auto& [item, where] : m.list("headers")) match.headers.push_back(read_header(*item, where, faults));
  for (const auto& [item, where] : m.list("queries")) match.queries.push_back(read_query(*item, where, faults));
  match.sources = m.texts("sources");
  for (const std::string& source : match.sources) {
    if (!Cidr::parse(source)) m.fault("sources", "'" + source + "' is no range of IP addresses");
  }
  m.finish();
  return match;
}

}  // namespace weir::route
