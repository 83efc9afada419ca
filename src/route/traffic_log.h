// TrafficLog: a log of what comes from some places, of what others take, or of what comes in by some listeners, in
// words of whoever wants it: the access logs of a mesh's proxies. Part of the RouteTable; constant once the table is
// made; any thread.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "route/members.h"

namespace weir::route {

struct LogField {
  std::string key;
  std::string format;
  bool operator==(const LogField&) const = default;
};

// Formats are those of base/log_format.h.
struct TrafficLog {
  std::string path;                   // appended to; see is_pipe()
  std::string format;                 // of a line, with its end
  std::vector<LogField> fields;       // of an object a line, in place of `format`
  std::vector<std::string> callers;   // addresses, "169.254.172.8": what comes from there
  std::vector<std::string> backends;  // places, "169.254.172.8:8080": what they are sent
  // Ids: what comes in through them; from the callers only, where there are some, before a log without callers.
  std::vector<std::string> listeners;
  bool operator==(const TrafficLog&) const = default;
};

// Whether who reads the file makes it: without a reader there is nothing to write to, and nothing to say of that.
inline bool is_pipe(const std::string& path) { return path.ends_with(".pipe"); }

Json to_json(const TrafficLog& log);
TrafficLog read_traffic_log(Members& m, Faults& faults);

}  // namespace weir::route
