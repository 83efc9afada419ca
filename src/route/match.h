// Match: which requests a rule takes. All of its conditions have to hold; of the values of one, any. Part of the
// RouteTable; constant once the table is made; any thread.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "route/members.h"

namespace weir::route {

// A field of that name (ASCII case ignored) has one of the values; "*" and "?" are wildcards, ASCII case ignored.
struct HeaderMatch {
  std::string name;
  std::vector<std::string> values;
  bool operator==(const HeaderMatch&) const = default;
};

// A parameter of the query, as sent (nothing is decoded); "*" and "?" are wildcards, ASCII case ignored.
struct QueryPair {
  std::string key;  // empty: of any name
  std::string value;
  bool operator==(const QueryPair&) const = default;
};

// The query has one of the pairs.
struct QueryMatch {
  std::vector<QueryPair> any;
  bool operator==(const QueryMatch&) const = default;
};

// Empty lists take every request.
struct Match {
  std::vector<std::string> hosts = {};    // any of them; ASCII case ignored; "*" and "?" are wildcards
  std::vector<std::string> paths = {};    // any of them; case-sensitive; "*" (slashes too) and "?" are wildcards
  std::vector<std::string> methods = {};  // any of them, exactly
  std::vector<HeaderMatch> headers = {};  // all of them
  std::vector<QueryMatch> queries = {};   // all of them
  std::vector<std::string> sources = {};  // any of them; "10.0.0.0/8": the range of the connection's peer
  bool operator==(const Match&) const = default;
};

Json to_json(const Match& match);
// Null takes every request.
Match read_match(const Json& json, std::string path, Faults& faults);

}  // namespace weir::route
