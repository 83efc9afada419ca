#include "route/traffic_log.h"

#include "base/log_format.h"

namespace weir::route {
namespace {

Json field_json(const LogField& field) { return Json::object().set("key", field.key).set("format", field.format); }
Json text_json(const std::string& text) { return Json(text); }

void check_format(Members& m, std::string_view name, const std::string& format) {
  if (const auto parsed = parse_log_format(format); !parsed) m.fault(name, parsed.error().message);
}

}  // namespace

Json to_json(const TrafficLog& log) {
  Json json = Json::object().set("path", log.path);
  if (log.fields.empty()) {
    json.set("format", log.format);
  } else {
    json.set("fields", array_of(log.fields, field_json));
  }
  json.set("callers", array_of(log.callers, text_json));
  json.set("backends", array_of(log.backends, text_json));
  if (!log.listeners.empty()) json.set("listeners", array_of(log.listeners, text_json));
  return json;
}

TrafficLog read_traffic_log(Members& m, Faults& faults) {
  TrafficLog log;
  log.path = m.text("path");
  if (log.path.empty()) m.fault("path", "is empty");
  log.format = m.text_or("format", "");
  check_format(m, "format", log.format);
  for (const auto& [item, path] : m.list("fields")) {
    Members field(*item, path, faults);
    log.fields.push_back({.key = field.text("key"), .format = field.text("format")});
    check_format(field, "format", log.fields.back().format);
    field.finish();
  }
  if (log.format.empty() == log.fields.empty()) m.fault("format", "or fields, one of them");
  log.callers = m.texts("callers");
  log.backends = m.texts("backends");
  log.listeners = m.texts("listeners");
  m.finish();
  return log;
}

}  // namespace weir::route
