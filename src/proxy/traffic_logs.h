// TrafficLogs: the table's TrafficLogs as one worker writes them: who wants a line of an exchange, by where it came
// from, which backend had it and which listener it came in by, and the line in that one's words. Constant once made;
// one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/log_format.h"
#include "proxy/access_line.h"
#include "proxy/log_ring.h"
#include "proxy/tally.h"
#include "route/route_table.h"

namespace weir::proxy {

class TrafficLogs {
 public:
  // Null where there are none.
  static std::shared_ptr<const TrafficLogs> of(const route::RouteTable& table, const LogRings& rings);

  // Never waits: a line for which there is no room is dropped, and counted as that.
  void write(const AccessFacts& facts, Tally& tally) const;

 private:
  struct Field {
    std::string key;
    LogFormat format;
  };
  struct Outlet {
    LogFormat format;           // where there are no
    std::vector<Field> fields;  // ... these
    std::shared_ptr<LogRing> ring;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using Places = std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>>;  // to places in outlets_

  // Of one listener.
  struct Entry {
    Places callers;  // goes before ...
    std::optional<std::size_t> others;
  };

  std::optional<std::size_t> entered(const AccessFacts& facts) const;
  void write_to(const Outlet& outlet, const AccessFacts& facts, Tally& tally) const;

  std::vector<Outlet> outlets_;
  Places callers_, backends_;
  std::unordered_map<std::string, Entry, Hash, std::equal_to<>> listeners_;
};

// The line of one format, without an end of its own; what is not known is "-".
void write_formatted(std::string& out, const LogFormat& format, const AccessFacts& facts);

}  // namespace weir::proxy
