// Match: which requests a rule takes. All of its conditions have to hold; of the values of one, any. Part of the
// RouteTable; constant once the table is made; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "route/members.h"
#include "route/pattern.h"

namespace weir::route {

// A field of that name (ASCII case ignored) has one of the values (ASCII case ignored by wildcards only).
struct HeaderMatch {
  std::string name;
  std::vector<Pattern> values = {};  // empty: any value
  bool invert = false;               // no field of that name has one of the values
  bool operator==(const HeaderMatch&) const = default;
};

// A parameter of the query, as sent (nothing is decoded); wildcards ignore ASCII case.
struct QueryPair {
  std::string key;  // with "*" and "?"; empty: of any name
  Pattern value;
  bool operator==(const QueryPair&) const = default;
};

// The query has one of the pairs.
struct QueryMatch {
  std::vector<QueryPair> any;
  bool operator==(const QueryMatch&) const = default;
};

// A gRPC call: its content type is application/grpc or begins with "application/grpc+".
struct GrpcMatch {
  std::string service;  // "package.Service"; empty: any
  std::string method;   // "Method"; empty: any; a method needs its service
  bool operator==(const GrpcMatch&) const = default;
};

// Empty lists take every request.
struct Match {
  std::vector<Pattern> hosts = {};        // any of them; ASCII case ignored
  std::vector<Pattern> paths = {};        // any of them; case-sensitive; a wildcard's "*" takes slashes too
  std::vector<std::string> methods = {};  // any of them, exactly
  std::vector<HeaderMatch> headers = {};  // all of them
  std::vector<QueryMatch> queries = {};   // all of them
  std::vector<std::string> sources = {};  // any of them; "10.0.0.0/8": the range of the connection's peer
  std::optional<GrpcMatch> grpc = {};
  bool operator==(const Match&) const = default;
};

Json to_json(const Match& match);
// Null takes every request.
Match read_match(const Json& json, std::string path, Faults& faults);

}  // namespace weir::route
