// RouteTable: the contract between control and proxy. An immutable value with a version that says which listeners
// there are, where each request goes and which backends may take it. It knows nothing of AWS. Control compiles it;
// the proxy runs it; `weir route` prints it; its text form is JSON. Made once, then shared as const between threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "route/match.h"
#include "route/tls.h"

namespace weir::route {

using std::chrono::milliseconds;

// What is spoken on a listener's client side, and to a pool's backends.
// http: HTTP/1.1 and HTTP/2 with prior knowledge on one port; https: the same two over TLS, chosen by ALPN.
enum class ListenerProtocol { http, https };
enum class PoolProtocol { http1, http2, grpc };

enum class BackendState {
  checking,  // health checks run, no request is sent
  serving,   // takes requests while its health checks pass
  draining,  // finishes what it has; takes nothing new
};

struct Backend {
  std::string id;       // unique within its pool; control's name for it (a task id and port)
  std::string address;  // IPv4 or IPv6 literal
  std::uint16_t port = 0;
  BackendState state = BackendState::checking;
  bool operator==(const Backend&) const = default;
};

// https: as the pool's `tls` says, unverified where it has none; http is cleartext and grpc as the pool is.
enum class HealthProtocol { http, grpc, none, https };  // none: every backend counts as healthy

struct HealthCheck {
  HealthProtocol protocol = HealthProtocol::http;
  std::string path = "/";       // HTTP: the target; gRPC: "/package.service/method"
  std::string matcher = "200";  // "200", "200-299", "200,302"; for gRPC codes: "12", "0-99"
  std::uint16_t port = 0;       // 0: the backend's own
  milliseconds interval{30'000};
  milliseconds timeout{5'000};
  unsigned healthy_threshold = 5;    // passes in a row that make a backend healthy (the first check of a new
                                     // backend counts as enough, as ALB has it)
  unsigned unhealthy_threshold = 2;  // failures in a row that make it unhealthy
  bool operator==(const HealthCheck&) const = default;
};

enum class Algorithm { round_robin, least_outstanding };

struct Pool {
  std::string id;
  PoolProtocol protocol = PoolProtocol::http1;
  std::optional<PoolTls> tls;  // none: cleartext
  Algorithm algorithm = Algorithm::round_robin;
  HealthCheck health;
  milliseconds drain_delay{300'000};  // how long a draining backend's exchanges may go on
  std::vector<Backend> backends;
  bool operator==(const Pool&) const = default;
};

struct WeightedPool {
  std::string pool;     // a Pool's id
  unsigned weight = 1;  // 0 to 999; relative to its siblings
  bool operator==(const WeightedPool&) const = default;
};

struct Forward {
  std::vector<WeightedPool> pools;  // all weights 0: answered 503
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
using Action = std::variant<Forward, FixedResponse, Redirect>;

struct Rule {
  std::string id;
  Match match;
  Action action;
  bool operator==(const Rule&) const = default;
};

struct Listener {
  std::string id;
  std::string address = "127.0.0.1";  // IPv4 or IPv6 literal
  std::uint16_t port = 0;
  ListenerProtocol protocol = ListenerProtocol::http;
  std::optional<ListenerTls> tls;  // there exactly where the protocol is https
  std::vector<Rule> rules;         // the first that matches decides; none: 404
  milliseconds idle_timeout{60'000};
  bool operator==(const Listener&) const = default;
};

struct RouteTable {
  std::int64_t version = 0;  // grows with every change; a proxy never goes back
  std::vector<Listener> listeners;
  std::vector<Pool> pools;
  bool operator==(const RouteTable&) const = default;

  const Pool* find_pool(std::string_view id) const;
};

using RouteTablePointer = std::shared_ptr<const RouteTable>;

Json to_json(const RouteTable& table);
// Errors: "RouteTable", naming the member: unknown member or word, number out of range, a rule's pool that does not
// exist, an id that repeats, an address that is no IP literal.
Result<RouteTable> table_from_json(const Json& json);

}  // namespace weir::route
