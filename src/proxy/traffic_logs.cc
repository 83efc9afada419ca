#include "proxy/traffic_logs.h"

#include <array>
#include <chrono>
#include <utility>

#include "http/message.h"
#include "proxy/limits.h"

namespace weir::proxy {

namespace {

// Envoy's flags for what this proxy calls otherwise.
constexpr std::pair<std::string_view, std::string_view> kFlags[] = {
    {"none_in_service", "UH"}, {"crowded", "UO"},          {"refused", "UF"},     {"connect_timeout", "UF"},
    {"handshake", "UF"},       {"response_timeout", "UT"}, {"try_timeout", "UT"}, {"request_timeout", "UT"},
    {"closed", "UC"},          {"malformed", "UPE"},       {"drained", "UC"},     {"client_silent", "SI"},
};

std::string_view flags_of(const AccessFacts& facts) {
  if (facts.aborted) return "DC";
  for (const auto& [cause, flag] : kFlags) {
    if (facts.error == cause) return flag;
  }
  return facts.request != nullptr && facts.action.empty() && facts.status == 404 ? "NR" : "-";
}

std::string_view host_part(std::string_view place) { return place.substr(0, place.rfind(':')); }
std::string_view port_part(std::string_view place) { return place.substr(place.rfind(':') + 1); }

std::string number_text(std::uint64_t value) { return std::to_string(value); }
// Whole milliseconds; nothing of what did not come to pass.
std::string millis_text(Duration time) {
  if (time < Duration(0)) return "";
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

std::string request_field(const std::string& name, const AccessFacts& facts) {
  if (facts.request == nullptr) return "";
  if (name == ":method") return std::string(facts.method);
  if (name == ":path") return std::string(facts.request->target());
  // Of one that was rewritten, where it says nothing else itself.
  if (name == "x-envoy-original-path" && facts.path != facts.request->target()) return std::string(facts.path);
  if (name == ":authority" || name == "host") return std::string(facts.request->authority());
  if (name == ":scheme") return std::string(facts.scheme);
  return std::string(facts.request->fields.find(name).value_or(std::string_view{}));
}

std::string response_field(const std::string& name, const AccessFacts& facts) {
  if (name == ":status") return facts.status == 0 ? "" : number_text(facts.status);
  if (facts.response == nullptr) return "";
  return std::string(facts.response->fields.find(name).value_or(std::string_view{}));
}

std::string one_field(const LogPiece& piece, const AccessFacts& facts) {
  const auto field = piece.what == LogOperator::request_field ? request_field : response_field;
  std::string text = field(piece.first, facts);
  if (text.empty() && !piece.second.empty()) text = field(piece.second, facts);
  if (piece.most != 0 && text.size() > piece.most) text.resize(piece.most);
  return text;
}

bool is_number(LogOperator what) {
  using enum LogOperator;
  return what == response_code || what == bytes_received || what == bytes_sent || what == duration ||
         what == request_duration || what == response_duration || what == attempts || what == remote_port ||
         what == local_port;
}

// Empty: not known.
std::string text_of(const LogPiece& piece, const AccessFacts& facts) {
  using enum LogOperator;
  switch (piece.what) {
    case text:
      return piece.text;
    case start_time:
      return to_iso8601(facts.created);
    case LogOperator::request_field:
    case LogOperator::response_field:
      return one_field(piece, facts);
    case protocol:
      return facts.version == "HTTP/2.0" ? "HTTP/2" : std::string(facts.version);
    case response_code:
      return number_text(facts.status);
    case response_flags:
      return std::string(flags_of(facts));
    case bytes_received:
      return number_text(facts.body_received);
    case bytes_sent:
      return number_text(facts.body_sent);
    case duration:
      return millis_text(facts.total);
    case request_duration:
      return millis_text(facts.request_time);
    case response_duration:
      return facts.target_time < Duration(0) ? "" : millis_text(facts.request_time + facts.target_time);
    case attempts:
      return facts.target.empty() ? "0" : number_text(facts.retries + 1);
    case upstream_host:
      return std::string(facts.target);
    case upstream_cluster:
      return std::string(facts.pool);
    case server_name:
      return std::string(facts.server_name);
    case remote_address:
      return std::string(facts.client);
    case remote_address_without_port:
      return std::string(host_part(facts.client));
    case remote_port:
      return std::string(port_part(facts.client));
    case local_address:
      return std::string(facts.place);
    case local_address_without_port:
      return std::string(host_part(facts.place));
    case local_port:
      return std::string(port_part(facts.place));
  }
  return "";
}

// A line stays one line, whatever a client has sent.
void add_value(std::string& out, std::string_view value) {
  if (value.empty()) {
    out += '-';
    return;
  }
  for (const char c : value.substr(0, kMaxLogField)) out += static_cast<unsigned char>(c) < ' ' || c == 0x7f ? '?' : c;
}

}  // namespace

void write_formatted(std::string& out, const LogFormat& format, const AccessFacts& facts) {
  for (const LogPiece& piece : format) {
    if (piece.what == LogOperator::text) {
      out += piece.text;
    } else {
      add_value(out, text_of(piece, facts));
    }
  }
}

std::shared_ptr<const TrafficLogs> TrafficLogs::of(const route::RouteTable& table, const LogRings& rings) {
  if (table.traffic_logs.empty()) return nullptr;
  auto logs = std::make_shared<TrafficLogs>();
  for (const route::TrafficLog& each : table.traffic_logs) {
    const auto ring = rings.find(each.path);
    auto format = parse_log_format(each.format);
    if (ring == rings.end() || !format) continue;
    Outlet outlet{.format = std::move(*format), .fields = {}, .ring = ring->second};
    for (const auto& field : each.fields) {
      if (auto parsed = parse_log_format(field.format)) outlet.fields.push_back({field.key, std::move(*parsed)});
    }
    for (const auto& listener : each.listeners) {
      Entry& entry = logs->listeners_[listener];
      for (const auto& place : each.callers) entry.callers.emplace(place, logs->outlets_.size());
      if (each.callers.empty()) entry.others = logs->outlets_.size();
    }
    for (const auto& place : each.listeners.empty() ? each.callers : std::vector<std::string>{}) {
      logs->callers_.emplace(place, logs->outlets_.size());
    }
    for (const auto& place : each.backends) logs->backends_.emplace(place, logs->outlets_.size());
    logs->outlets_.push_back(std::move(outlet));
  }
  return logs;
}

void TrafficLogs::write(const AccessFacts& facts, Tally& tally) const {
  if (const auto caller = callers_.find(host_part(facts.client)); caller != callers_.end()) {
    write_to(outlets_[caller->second], facts, tally);
  }
  if (const auto backend = backends_.find(facts.target); backend != backends_.end()) {
    write_to(outlets_[backend->second], facts, tally);
  }
  if (const auto entry = entered(facts)) write_to(outlets_[*entry], facts, tally);
}

// The index of the log of what came in by the listener.
std::optional<std::size_t> TrafficLogs::entered(const AccessFacts& facts) const {
  const auto entry = listeners_.find(facts.listener);
  if (entry == listeners_.end()) return std::nullopt;
  const auto caller = entry->second.callers.find(host_part(facts.client));
  return caller == entry->second.callers.end() ? entry->second.others : caller->second;
}

void TrafficLogs::write_to(const Outlet& outlet, const AccessFacts& facts, Tally& tally) const {
  std::string line;
  if (outlet.fields.empty()) {
    write_formatted(line, outlet.format, facts);
  } else {
    for (const Field& field : outlet.fields) {
      line += line.empty() ? '{' : ',';
      append_json_text(line, field.key);
      line += ':';
      std::string value;
      const bool single = field.format.size() == 1 && field.format[0].what != LogOperator::text;
      if (single) value = text_of(field.format[0], facts);
      if (!single) write_formatted(value, field.format, facts);
      if (single && value.empty()) {
        line += "null";
      } else if (single && is_number(field.format[0].what)) {
        line += value;
      } else {
        append_json_text(line, value);
      }
    }
    line += "}\n";
  }
  tally.count(outlet.ring->append(line) ? Count::log_lines : Count::log_dropped);
}

}  // namespace weir::proxy
