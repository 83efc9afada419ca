// Action: what becomes of the requests that a rule takes. Part of the RouteTable; constant once the table is made; any
// thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/json.h"
#include "route/members.h"
#include "route/pool.h"

namespace weir::route {

struct WeightedPool {
  std::string pool;     // a Pool's id
  unsigned weight = 1;  // 0 to 999; relative to its siblings
  bool operator==(const WeightedPool&) const = default;
};

// What may be tried again although a backend may have begun to process it. Whoever sets this knows that the requests
// bear it. What was certainly not processed is tried again without any policy.
enum class RetryOn : std::uint32_t {
  connection_failure = 1 << 0,  // refused, timed out, no TLS
  reset = 1 << 1,               // the connection ended before the response began
  per_try_timeout = 1 << 2,
  server_error = 1 << 3,   // any 5xx, the proxy's own 502 and 504 too
  gateway_error = 1 << 4,  // 502, 503, 504
  client_error = 1 << 5,   // 409
  // gRPC statuses, of responses without a message
  cancelled = 1 << 6,
  deadline_exceeded = 1 << 7,
  resource_exhausted = 1 << 8,
  internal = 1 << 9,
  unavailable = 1 << 10,
};

struct RetryPolicy {
  std::uint32_t on = 0;             // RetryOn values together
  unsigned retries = 0;             // 0 to kMaxRetries, besides the first try
  milliseconds per_try_timeout{0};  // until the response begins; 0: none
  bool has(RetryOn event) const { return (on & static_cast<std::uint32_t>(event)) != 0; }
  bool operator==(const RetryPolicy&) const = default;
};

struct Timeouts {
  milliseconds request{0};  // from the request's head to the response's end: 504, or the stream is reset; 0: none
  milliseconds idle{0};     // neither side says anything; 0: the listener's idle_timeout
  bool operator==(const Timeouts&) const = default;
};

struct Forward {
  std::vector<WeightedPool> pools;       // all weights 0: answered 503
  std::optional<Stickiness> stickiness;  // between the pools
  RetryPolicy retry;
  Timeouts timeouts;
  bool operator==(const Forward&) const = default;
};
struct FixedResponse {
  unsigned status = 503;
  std::string content_type = "text/plain";
  std::string body;
  bool operator==(const FixedResponse&) const = default;
};
// Sends the client elsewhere: "PROTOCOL://HOST:PORT/PATH?QUERY". In each text #{protocol}, #{host}, #{port}, #{path}
// (without its first slash) and #{query} (without its question mark) stand for the request's own.
struct Redirect {
  unsigned status = 302;                 // 301 or 302
  std::string protocol = "#{protocol}";  // or "http", "https"
  std::string host = "#{host}";
  std::string port = "#{port}";
  std::string path = "/#{path}";  // begins with a slash
  std::string query = "#{query}";
  bool operator==(const Redirect&) const = default;
};
// Goes on at the rules of another listener of the table that speaks HTTP, as the request is then. A listener that is
// entered so enters no other.
struct Enter {
  std::string listener;  // a Listener's id
  std::string source;    // an address: the rules that look at sources take the request for one from there; empty: they
                         // do not take it
  bool operator==(const Enter&) const = default;
};
using Action = std::variant<Forward, FixedResponse, Redirect, Enter>;

// A forward of nothing but pools is written as their array.
Json to_json(const Action& action);
// `pools`: the ids there are.
Action read_action(const Json& json, std::string path, const Ids& pools, Faults& faults);

}  // namespace weir::route
