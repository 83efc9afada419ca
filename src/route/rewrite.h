// Rewrite: what a request is made before it goes on: another path, another host name. Part of the RouteTable; constant
// once the table is made; any thread.
#pragma once

#include <string>

#include "base/json.h"
#include "route/members.h"

namespace weir::route {

struct Rewrite {
  // What comes in the place of the path, or of `prefix`; begins with a slash; empty: the path stays. The query stays.
  std::string path;
  // Only this beginning of the path is replaced: of two slashes that meet one is left. A path that does not begin so
  // stays. Empty: the whole path is.
  std::string prefix;
  std::string host;  // Host, or ":authority"; empty: as the client has it
  bool operator==(const Rewrite&) const = default;
};

Json to_json(const Rewrite& rewrite);
Rewrite read_rewrite(const Json& json, std::string path, Faults& faults);

}  // namespace weir::route
